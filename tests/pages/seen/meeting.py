"""Somebody at a meeting's page: signed in, before it, in it."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.async_api import Browser

from tests.journeys.browser import Person, person
from tests.whole import Whole

CONNECTED = ".meeting[data-connection=connected]"
LOST = ".meeting[data-connection=lost]"


@dataclass
class Room:
    host: Person
    link: str


async def come(browser: Browser, house: Whole, name: str, **size: int) -> Person:
    """`name`, signed in."""
    one = await person(browser, name, **size)
    await one.sign_in(house.url)
    return one


async def start(browser: Browser, house: Whole) -> Room:
    """Awa before a new meeting."""
    awa = await come(browser, house, "Awa Diallo")
    await awa.page.get_by_role("button", name="Démarrer une réunion").click()
    await awa.page.wait_for_url("**/rooms/**")
    return Room(host=awa, link=awa.page.url)


async def join(one: Person) -> None:
    await one.page.get_by_role("button", name="Rejoindre", exact=True).click()
    await one.page.locator(CONNECTED).wait_for()
