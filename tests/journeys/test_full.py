"""A media server at its limit: who comes too late is told so, and comes in once there is a place again."""

from __future__ import annotations

import pytest

from tests.journeys.browser import chromium, signed_in
from tests.journeys.conftest import Come
from tests.journeys.house import House

pytestmark = [
    pytest.mark.journey,
    pytest.mark.xdist_group("whole"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(180),
]
# One person's microphone and camera, and no more.
HOUSE = {"speech": False, "environment": {"RTC_ROOMS": '{"track_limit": 2}'}}
FULL = "La réunion ne peut accueillir personne de plus pour le moment"


async def test_who_finds_the_server_full_is_told_so_and_comes_in_later(house: House, staff: Come) -> None:
    slug = await (await staff("Awa Diallo")).start_room()
    async with chromium() as browser:
        awa, bruno = [await signed_in(browser, house.url, name) for name in ("Awa Diallo", "Bruno Martin")]
        await awa.enter(house.url, slug)
        await awa.page.locator("[data-connection=connected]").wait_for()
        await awa.shows(pictures=1, seconds=20)

        await bruno.enter(house.url, slug)
        await bruno.page.get_by_role("heading", name=FULL).wait_for(timeout=40_000)
        await bruno.page.get_by_text("Réessayez dans quelques minutes").wait_for()
        await awa.shows(pictures=1, seconds=5)  # who is in stays in

        await awa.page.get_by_role("button", name="Quitter", exact=True).click()
        await bruno.page.get_by_role("button", name="Rejoindre à nouveau").click()
        await bruno.page.get_by_role("button", name="Rejoindre", exact=True).click()
        await bruno.page.locator("[data-connection=connected]").wait_for(timeout=40_000)
