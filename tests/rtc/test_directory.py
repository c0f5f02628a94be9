"""The room directory: in one process's memory, and in a real Valkey, under the same tests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from django.conf import settings

from suite.rtc.directory import DirectoryLost, OwnDirectory, RoomDirectory
from suite.rtc.valkey import ValkeyDirectory


@pytest.fixture(params=["memory", "valkey"])
async def directory(request: pytest.FixtureRequest) -> AsyncIterator[RoomDirectory]:
    if request.param == "memory":
        yield OwnDirectory()
        return
    request.getfixturevalue("engines")
    made = ValkeyDirectory(settings.VALKEY_URL, f"{settings.VALKEY_PREFIX}.{time.monotonic_ns()}")
    yield made
    await made.close()


async def test_one_worker_holds_a_room_until_it_lets_go_of_it(directory: RoomDirectory) -> None:
    assert await directory.holder("r") == ""
    claims = await asyncio.gather(*(directory.claim("r", f"worker {n}") for n in range(5)))
    assert len(set(claims)) == 1
    holder = claims[0]
    assert await directory.holder("r") == holder
    await directory.release("r", "somebody else")
    assert await directory.holder("r") == holder
    await directory.renew({"r": holder})
    assert await directory.holder("r") == holder
    await directory.release("r", holder)
    assert await directory.claim("r", "next") == "next"


async def test_a_room_is_taken_over_from_the_worker_that_is_gone_alone(directory: RoomDirectory) -> None:
    await directory.claim("r", "gone")
    assert await directory.claim("r", "second", instead_of="somebody else") == "gone"
    assert await directory.claim("r", "second", instead_of="gone") == "second"
    assert await directory.claim("r", "third", instead_of="gone") == "second"


async def test_a_revocation_is_kept_for_a_room_and_an_identity(directory: RoomDirectory) -> None:
    assert await directory.revoked("r", "a") == 0
    await directory.revoke("r", "a", 100.0)
    await directory.revoke("r", "a", 90.0)
    assert await directory.revoked("r", "a") == 100
    assert await directory.revoked("r", "b") == 0
    assert await directory.revoked("other", "a") == 0


@pytest.fixture
async def valkey(engines: None) -> AsyncIterator[ValkeyDirectory]:
    made = ValkeyDirectory(settings.VALKEY_URL, f"{settings.VALKEY_PREFIX}.{time.monotonic_ns()}")
    yield made
    await made.close()


async def test_what_is_kept_of_a_room_outlives_every_process(valkey: ValkeyDirectory) -> None:
    await valkey.remember("r", "", b'{"sid":"RM_x"}')
    await valkey.remember("r", "a", b"1")
    await valkey.remember("r", "a", b"2")
    await valkey.remember("r", "b", b"3")
    await valkey.remember("r", "b", None)
    assert await valkey.recall("r") == {"": b'{"sid":"RM_x"}', "a": b"2"}
    await valkey.forget("r")
    assert await valkey.recall("r") == {}


async def test_a_lease_that_is_not_renewed_ends(valkey: ValkeyDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suite.rtc.valkey.LEASE", 300)
    for room in ("renewed", "another's", "left"):
        await valkey.claim(room, "w")
    monkeypatch.setattr("suite.rtc.valkey.LEASE", 60_000)
    await valkey.renew({"renewed": "w", "another's": "not w"})
    async with asyncio.timeout(10):
        while await valkey.holder("left") or await valkey.holder("another's"):  # noqa: ASYNC110 -- Valkey says nothing of it
            await asyncio.sleep(0.02)
    assert await valkey.holder("renewed") == "w"


async def test_workers_of_other_processes_are_found(valkey: ValkeyDirectory) -> None:
    await valkey.announce({"/run/worker0.sock": {"socket": "/run/worker0.sock"}})
    found = await valkey.announced()
    assert found["/run/worker0.sock"]["socket"] == "/run/worker0.sock"
    await valkey.announce({})


async def test_a_directory_that_does_not_answer_says_so() -> None:
    lost = ValkeyDirectory("unix:///nowhere/valkey.sock")
    for asked in (lost.claim("r", "w"), lost.revoked("r", "a"), lost.recall("r"), lost.announced(), lost.renew({"r": "w"})):
        with pytest.raises(DirectoryLost):
            await asked
    await lost.close()
