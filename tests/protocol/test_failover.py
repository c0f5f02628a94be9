"""Rooms outlive their workers: real processes are killed, drained and told to stop; stock clients go on."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest
from livekit.protocol import models, rtc

from tests.protocol.conftest import Server, running_server, until
from tests.protocol.test_hostile import Raw, joined

pytestmark = pytest.mark.slow


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Server]:
    """A server with two workers."""
    with running_server(tmp_path, "--workers", "2") as server:
        yield server


async def holder(server: Server) -> psutil.Process:
    """The worker that holds the only room."""
    workers = server.workers()
    assert len(workers) == 2
    return workers[0] if await _rooms(workers[0]) else workers[1]


async def counts(server: Server) -> list[dict[str, Any]]:
    listed = await server.call("ListRooms")
    return list(listed.get("rooms", []))


async def back(server: Server, a: Any, b: Any, room: str = "r") -> None:
    """Both have joined a second time, and hear each other."""
    await until(lambda: all(told(server, room)["participant_joined", who] == 2 for who in ("a", "b")), 30)
    b.loudest.clear()
    await until(lambda: b.loudest.get("a", 0) > 2000, 20)


def told(server: Server, room: str) -> Counter[tuple[str, str]]:
    """The webhooks of a room: how often each event was told of each person."""
    found = [w for w in server.webhooks if w.get("room", {}).get("name") == room]
    return Counter((w["event"], w.get("participant", {}).get("identity", "")) for w in found)


async def test_a_killed_workers_room_goes_on_on_the_other(pair: Server, people: Any) -> None:
    a, b = await people("a", "r", at=pair), await people("b", "r", at=pair)
    await a.publish(video=False)
    await until(lambda: b.loudest.get("a", 0) > 2000)
    rights = {"can_subscribe": True, "can_publish": True, "can_publish_data": False}
    await pair.call("UpdateParticipant", room="r", identity="b", name="Bé", metadata="m", permission=rights)
    await pair.call("UpdateRoomMetadata", room="r", metadata="said")
    sid = (await counts(pair))[0]["sid"]
    (await holder(pair)).kill()
    killed = time.monotonic()
    await back(pair, a, b)
    print(f"heard again after {time.monotonic() - killed:.1f} s")
    room = (await counts(pair))[0]
    assert (room["sid"], room["metadata"]) == (sid, "said")
    listed = await pair.call("ListParticipants", room="r")
    found = {p["identity"]: p for p in listed["participants"]}
    assert set(found) == {"a", "b"}
    assert (found["b"]["name"], found["b"]["metadata"]) == ("Bé", "m")
    assert not found["b"]["permission"]["can_publish_data"]
    await until(lambda: told(pair, "r")["participant_joined", "b"] == 2)
    expected = Counter({("room_started", ""): 1})
    for identity in ("a", "b"):
        expected.update({("participant_joined", identity): 2, ("participant_left", identity): 1})
    seen = Counter({key: count for key, count in told(pair, "r").items() if not key[0].startswith("track")})
    assert seen == expected


async def test_a_removed_person_stays_out_after_the_worker_was_lost(pair: Server, people: Any) -> None:
    await people("a", "r", at=pair)
    await people("b", "r", at=pair)
    await pair.call("RemoveParticipant", room="r", identity="b", revoke_token_ts=int(time.time()) + 1)
    (await holder(pair)).kill()
    raw = Raw()
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await joined(raw, pair, "b", "r")
    assert refused.value.status == 401
    await raw.close()


async def test_rooms_are_spread_over_the_workers(pair: Server) -> None:
    for number in range(8):
        await pair.call("CreateRoom", name=f"room {number}")
    linked = [await _rooms(worker) for worker in pair.workers()]
    assert sum(linked) == 8
    assert min(linked) >= 3, linked  # what each worker is doing besides counts too


async def _rooms(worker: psutil.Process) -> int:
    from livekit.protocol import room as room_pb

    from suite.rtc.link.web import WorkerLink

    command = worker.cmdline()
    link = WorkerLink(command[command.index("--socket") + 1], lambda _news: None)
    answer = room_pb.ListRoomsResponse.FromString(await link.call("RoomService/ListRooms", b""))
    await link.close()
    return len(answer.rooms)


async def test_a_drained_worker_takes_no_new_rooms_and_ends_with_its_last(pair: Server, people: Any) -> None:
    a = await people("a", "r", at=pair)
    draining = await holder(pair)
    other = next(w for w in pair.workers() if w.pid != draining.pid)
    draining.send_signal(signal.SIGUSR1)
    await asyncio.sleep(0.2)  # for the news to reach signalling, which nothing shows
    for number in range(4):
        await pair.call("CreateRoom", name=f"new {number}")
    assert await _rooms(other) == 4
    raw = Raw()
    await joined(raw, pair, "late", "r")  # a room that is there is still joined
    await raw.close()
    await a.leave()
    await until(lambda: not draining.is_running() or draining.status() == psutil.STATUS_ZOMBIE, 30)
    await until(lambda: len(pair.workers()) == 2)  # with the program that is on the disk by now


async def test_a_stopped_workers_people_go_to_the_other(pair: Server, people: Any) -> None:
    a, b = await people("a", "r", at=pair), await people("b", "r", at=pair)
    await a.publish(video=False)
    await until(lambda: b.loudest.get("a", 0) > 2000)
    stopped = await holder(pair)
    stopped.terminate()
    await back(pair, a, b)
    seen = told(pair, "r")
    assert seen["room_finished", ""] == 0
    assert seen["room_started", ""] == 1


async def test_two_servers_that_share_a_directory_are_one(tmp_path: Path, engines: None, people: Any, valkey_url: str) -> None:
    with (
        running_server(tmp_path, "--redis-host", valkey_url) as first,
        running_server(tmp_path, "--redis-host", valkey_url) as second,
    ):
        a = await people("a", "shared", at=first)
        b = await people("b", "shared", at=second)
        await a.publish(video=False)
        await until(lambda: b.loudest.get("a", 0) > 2000)
        listed = await second.call("ListParticipants", room="shared")
        assert {p["identity"] for p in listed["participants"]} == {"a", "b"}
        first.worker().kill()
        second.worker().kill()
        await until(lambda: a.has("reconnecting") and b.has("reconnecting"))
        b.loudest.clear()
        await until(lambda: b.loudest.get("a", 0) > 2000, 30)


async def test_a_lost_directory_refuses_new_rooms_and_disturbs_nobody(tmp_path: Path, people: Any) -> None:
    with running_server(tmp_path, "--redis-host", "unix:///nowhere/valkey.sock") as server:
        raw = Raw()
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await joined(raw, server, "a", "r")
        assert refused.value.status == 503
        created = await server.call("CreateRoom", name="r")
        assert created["code"] == "unavailable"
        assert "directory of rooms" in created["msg"]
        await raw.close()
        assert server.process.poll() is None


async def test_an_aborted_join_is_told_by_webhook(server: Server, room: str) -> None:
    raw = Raw()
    witness = await joined(raw, server, "witness", room)
    socket = await joined(raw, server, "never there", room)
    await socket.close()
    aborted = await server.webhook("participant_connection_aborted", room)
    assert aborted["participant"]["identity"] == "never there"
    seen: list[models.ParticipantInfo] = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(3):
            while not any(p.identity == "never there" and p.state == models.ParticipantInfo.DISCONNECTED for p in seen):
                message = rtc.SignalResponse.FromString((await witness.receive()).data)
                seen += message.update.participants
    assert any(p.identity == "witness" for p in seen), "news of everyone comes after two seconds"
    # By then it has gone, unless the machine is slow: whoever was told of it is told that too.
    states = [p.state for p in seen if p.identity == "never there"]
    assert states in ([], [models.ParticipantInfo.JOINED, models.ParticipantInfo.DISCONNECTED])
    await raw.close()


async def test_workers_end_with_a_server_that_is_killed(tmp_path: Path) -> None:
    with running_server(tmp_path, "--workers", "2") as server:
        workers = server.workers()
        server.process.kill()
        await until(lambda: not any(w.is_running() and w.status() != psutil.STATUS_ZOMBIE for w in workers), 10)


async def test_a_server_is_renewed_worker_by_worker_while_rooms_come(pair: Server, people: Any) -> None:
    a = await people("a", "r", at=pair)
    before = {worker.pid for worker in pair.workers()}
    pair.process.send_signal(signal.SIGUSR1)
    created = 0

    async def renewed() -> bool:
        return len(pids := {worker.pid for worker in pair.workers()}) == 2 and not pids & before

    async with asyncio.timeout(60):
        while not await renewed():
            if created == 10:
                await a.leave()
            answer = await pair.call("CreateRoom", name=f"short {created}", empty_timeout=1)
            assert answer.get("sid"), answer
            created += 1
            await asyncio.sleep(0.2)
    assert created > 10
