"""Engines that hang, which is worse than one that is gone: each wait has a deadline and a sentence, nothing is lost."""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.journeys.conftest import Come
from tests.journeys.house import House
from tests.journeys.staff import Staff, until

pytestmark = [
    pytest.mark.journey,
    pytest.mark.xdist_group("whole"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(180),
]
LATE_SECONDS = 3
HOUSE = {"speech": False, "environment": {"ANSWER_SECONDS": str(LATE_SECONDS)}}
PAGES = ("/", "/meetings/", "/messages/", "/documents/", "/no-such-page/")
FRENCH = {"Accept": "text/html", "Accept-Language": "fr"}


async def test_a_database_that_hangs_is_a_sentence_in_time(house: House, staff: Come) -> None:
    awa = await staff("Awa Diallo")
    with stopped(house, "postgres"):
        for path in PAGES:
            began = time.monotonic()
            answer = await awa.get(path, FRENCH)
            assert answer.status == 503
            assert time.monotonic() - began < LATE_SECONDS + 2
            assert answer.headers["Retry-After"] == "5"
            assert answer.headers["Content-Security-Policy"]
            page = await answer.text()
            assert "Suite met trop de temps à répondre" in page
            assert "Réessayer" in page
            assert "Se connecter" not in page
        refused = await awa.post("/api/rooms/", {"title": "Point"})
        assert refused.status == 503
        assert (await refused.json())["code"] == "unavailable"
    await until(lambda: answers(awa, "/"), seconds=20, what="pages are back")
    assert (await awa.post("/api/rooms/", {"title": "Point"})).status == 201


async def test_a_database_that_is_gone_is_a_sentence(house: House, staff: Come) -> None:
    awa = await staff("Awa Diallo")
    before = house.restarts("postgres")
    assert house.process is not None
    house.process.send_signal(signal.SIGSTOP)  # whoever starts it anew, so soon that nobody would notice
    try:
        house.kill("postgres")
        for path in PAGES:
            answer = await awa.get(path, FRENCH)
            assert answer.status == 503, path
            assert "Réessayer" in await answer.text()
    finally:
        house.process.send_signal(signal.SIGCONT)
    await house.again("postgres", after=before, seconds=30)
    await until(lambda: answers(awa, "/"), seconds=20, what="pages are back")


async def test_a_valkey_that_hangs_holds_up_no_page_and_loses_nothing(house: House, staff: Come) -> None:
    awa, bruno = await staff("Awa Diallo"), await staff("Bruno Martin")
    slug = await awa.start_room()
    for one in (awa, bruno):
        await one.join(slug)
        await one.told(lambda message: message["type"] == "state")
    with stopped(house, "valkey"):
        for path in PAGES[:-1]:
            answer = await awa.get(path, FRENCH)
            assert answer.status == 200, await answer.text()
        await awa.say(type="message", body="Malgré tout", ref=uuid.uuid4().hex)
        await until(lambda: kept(house, "Malgré tout"), seconds=10, what="what was written is kept")
    joined = await staff("Farid Benali")
    await joined.join(slug)
    state = await joined.told(lambda message: message["type"] == "state")
    assert "Malgré tout" in {message["body"] for message in state["messages"]}
    await joined.say(type="message", body="Nous revoilà", ref=uuid.uuid4().hex)
    await joined.told(lambda message: message["type"] == "message" and message["message"]["body"] == "Nous revoilà")


@contextmanager
def stopped(house: House, name: str) -> Iterator[None]:
    """The process and its children stand still, as on a disk that no longer answers."""
    first = house.process_of(name).pid
    family = [first, *children(first)]
    for pid in family:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in family:
            os.kill(pid, signal.SIGCONT)


def children(parent: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


async def answers(one: Staff, path: str) -> bool:
    try:
        return (await one.get(path, FRENCH)).status == 200
    except aiohttp.ClientError:
        return False


async def kept(house: House, body: str) -> bool:
    return await house.count("chat_message", f"body = '{body}'") == 1
