"""Processes that are killed: what was said stays, the supervisor brings them back, and people meet again."""

from __future__ import annotations

import asyncio
import signal
import uuid

import aiohttp
import pytest
from livekit.protocol import rtc

from tests.journeys.browser import Person, chromium, two_meet
from tests.journeys.conftest import Come
from tests.journeys.house import House
from tests.journeys.staff import Staff, until
from tests.sounds import clip

pytestmark = [
    pytest.mark.journey,
    pytest.mark.xdist_group("whole"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(240),
]
HOUSE = {"speech": False}
KILLED = ("postgres", "valkey", "web", "media-0", "dispatcher")
BACK_SECONDS = 60.0
MOMENT_SECONDS = 4.0  # the page says that somebody has left after 6, and learns of who is back a moment after the picture


async def test_what_was_committed_outlives_everything_killed_at_once(house: House, staff: Come) -> None:
    awa, farid = await staff("Awa Diallo"), await staff("Farid Benali")
    slug = await awa.start_room()
    for one in (awa, farid):
        await one.join(slug)
    written: list[str] = []
    writing = asyncio.create_task(write_on(farid, written))
    await until(lambda: some(written, 20), seconds=20, what="twenty messages are written")
    before = house.restarts(*KILLED)
    house.kill(*KILLED)
    print(f"everything is back after {await house.again(*KILLED, after=before, seconds=BACK_SECONDS):.1f} s")
    for one in (awa, farid):
        await one.told(lambda message: message["type"] == "closed")
    await writing
    kept = {body for (body,) in await house.ask("select body from chat_message")}
    assert set(written) <= kept
    print(f"{len(written)} messages were confirmed, {len(kept)} are kept")
    for one in (awa, farid):
        one.said.clear()
        await one.join(slug)
        await one.connect()
    state = await awa.told(lambda message: message["type"] == "state")
    assert set(written) <= {message["body"] for message in state["messages"]}
    assert awa.entry["meeting_id"] == farid.entry["meeting_id"]
    await hear_each_other(awa, farid)
    await farid.say(type="message", body="Nous revoilà", ref=uuid.uuid4().hex)
    await awa.told(lambda message: message["type"] == "message" and message["message"]["body"] == "Nous revoilà")


@pytest.mark.parametrize("number", [pytest.param(signal.SIGKILL, id="killed"), pytest.param(signal.SIGTERM, id="told to end")])
async def test_people_meet_again_after_the_media_worker_has_gone(house: House, staff: Come, number: signal.Signals) -> None:
    slug = await (await staff("Awa Diallo")).start_room()
    async with chromium() as browser:
        awa, bruno = await two_meet(browser, house.url, slug)
        for one in (awa, bruno):
            await one.sees_again(seconds=20)
        opened = [await one.openings() for one in (awa, bruno)]
        for one in (awa, bruno):
            await until(lambda one=one: tells_nothing(one), seconds=10, what="the notice that somebody came is gone")
        before = house.restarts("media-0")
        house.kill("media-0", number=number)
        away = await house.again("media-0", after=before, seconds=BACK_SECONDS)
        print(f"the media worker is back after {away:.1f} s")
        for one in (awa, bruno):
            away += (seen := await one.sees_again(seconds=BACK_SECONDS))
            print(f"{one.name} sees the other again after {seen:.1f} s more")
            await one.shows(pictures=2, seconds=1.5)
            await one.hears()
            if away < MOMENT_SECONDS:  # for the others it was a line's moment, and nobody came or went
                notice = await one.page.locator(".notice").all_inner_texts()
                assert await tells_nothing(one), notice
        assert [await one.openings() for one in (awa, bruno)] == opened  # cameras and microphones just ran on
    sittings = "select ended_at from meetings_meeting m join meetings_room r on r.resource_id = m.room_id"
    assert await house.ask(f"{sittings} where r.slug = '{slug}'") == [(None,)]  # one sitting, and it goes on


async def test_devices_that_ran_run_again_after_the_line_was_lost_for_good(house: House, staff: Come) -> None:
    slug = await (await staff("Awa Diallo")).start_room()
    async with chromium() as browser:
        awa, bruno = await two_meet(browser, house.url, slug)
        for one in (awa, bruno):
            await one.shows(pictures=2, seconds=20)
        opened = await bruno.openings()
        # The server sends him away as it does when it ends: livekit-client gives up and stops his devices, the page does not.
        await bruno.ask_media_server(rtc.SignalRequest(simulate=rtc.SimulateScenario(server_leave=True)))
        await until(lambda: reopened(bruno, opened), seconds=20, what="camera and microphone are opened again")
        for one in (awa, bruno):
            await one.shows(pictures=2, seconds=20)
            await one.hears()


async def tells_nothing(one: Person) -> bool:
    return await one.page.locator(".notice--none").count() == 1


async def reopened(one: Person, before: int) -> bool:
    return await one.openings() > before


async def write_on(one: Staff, confirmed: list[str]) -> None:
    """Write until the socket breaks; what the server sent back to its writer is confirmed."""
    number = 0
    while not any(message["type"] == "closed" for message in one.said):
        number += 1
        body = f"message {number} {uuid.uuid4().hex}"
        try:
            await one.say(type="message", body=body, ref=uuid.uuid4().hex)
            await one.told(
                lambda message, body=body: message["type"] == "message" and message["message"]["body"] == body, seconds=5
            )
        except (aiohttp.ClientError, ConnectionError, AssertionError):
            return
        confirmed.append(body)


async def hear_each_other(*people: Staff) -> None:
    for one in people:
        one.keep_talking(await one.open_microphone(), clip("cold_corpus"))
    for one in people:
        await until(lambda one=one: some(list(one.heard_frames.values()), 1), seconds=30, what=f"{one.name} hears the other")


async def some(found: list[str] | list[int], count: int) -> bool:
    return len(found) >= count
