"""A line that is slow, lost, or cut with the web process, as the meeting's page shows it."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest
from playwright.async_api import Browser, Route

from tests.journeys.browser import signed_in
from tests.journeys.staff import until
from tests.pages.seen.meeting import CONNECTED, LOST, join, start
from tests.whole import Whole

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.xdist_group("seen")]

LINE_SECONDS = 3.0
HEAL_SECONDS = 15.0
# Whether it was ever said that the line is lost.
WATCH_LOSS = """
  window.__lost = false;
  new MutationObserver(() => { window.__lost ||= document.body.innerText.includes('Liaison perdue'); })
    .observe(document, { childList: true, subtree: true, characterData: true });
"""


async def test_a_slow_line_connects_and_is_not_said_to_be_lost(browser: Browser, house: Whole) -> None:
    room = await start(browser, house)
    page, joined = room.host.page, asyncio.Event()

    async def late(route: Route) -> None:
        await joined.wait()
        await route.continue_()

    await page.context.add_init_script(WATCH_LOSS)
    await page.route("**/assets/Inside-*.js", late)
    await page.reload(wait_until="commit")
    await page.get_by_role("button", name="Rejoindre", exact=True).click()
    await page.get_by_text("Connexion…").wait_for()
    joined.set()
    await page.locator(CONNECTED).wait_for()
    assert not await page.evaluate("window.__lost")


async def test_a_lost_line_shows_within_three_seconds_and_heals(browser: Browser, house: Whole) -> None:
    room = await start(browser, house)
    await join(room.host)
    bruno = await signed_in(browser, house.url, "Bruno Martin")
    await bruno.page.goto(room.link)
    await join(bruno)
    await bruno.frames_rise(pictures=1, samples=1)
    worker = house.pid("media-0")
    stop(worker, signal.SIGSTOP)
    began = time.monotonic()
    try:
        await bruno.page.locator(LOST).wait_for()
        await bruno.page.get_by_text("Liaison perdue", exact=True).first.wait_for()
        shown = time.monotonic() - began
    finally:
        stop(worker, signal.SIGCONT)
    assert shown < LINE_SECONDS
    await bruno.page.locator(CONNECTED).wait_for()
    before = sum((await bruno.statistics())["frames"].values())

    async def moves() -> bool:
        return sum((await bruno.statistics())["frames"].values()) > before + 30

    await until(moves, seconds=HEAL_SECONDS, what="the picture moves again")
    await bruno.page.get_by_text("Liaison perdue", exact=True).first.wait_for(state="detached")


def stop(pid: int, number: int) -> None:
    """Signal one process of the house that the test runs."""
    os.kill(pid, number)


async def test_a_page_that_stays_open_outlives_the_web_process(browser: Browser, house: Whole) -> None:
    room = await start(browser, house)
    await join(room.host)
    stop(house.pid("web"), signal.SIGKILL)
    await room.host.page.locator(LOST).wait_for()
    await room.host.page.locator(CONNECTED).wait_for(timeout=60_000)
    await room.host.page.get_by_role("button", name="Ouvrir la discussion").click()
    await room.host.page.get_by_role("textbox", name="Écrire un message").fill("Toujours là")
    deadline = asyncio.get_running_loop().time() + 20
    while not await room.host.page.locator(".chat__body", has_text="Toujours là").count():
        assert asyncio.get_running_loop().time() < deadline
        await room.host.page.get_by_role("textbox", name="Écrire un message").press("Enter")
        await room.host.page.wait_for_timeout(500)
