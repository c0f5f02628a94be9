"""Somebody at a meeting's page: signed in, before it, in it."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.async_api import Browser

from tests.journeys.browser import Person, person
from tests.journeys.staff import Staff
from tests.whole import Whole

CONNECTED = ".meeting[data-connection=connected]"
LOST = ".meeting[data-connection=lost]"


@dataclass
class Room:
    host: Person
    link: str


async def start(browser: Browser, house: Whole) -> Room:
    """Awa before a new meeting."""
    one, awa = Staff(house.url, "Awa Diallo"), await person(browser, "Awa Diallo")
    try:
        await one.sign_in()
        await awa.take_session(one)
        link = f"{house.url}/rooms/{await one.start_room()}/"
    finally:
        await one.close()
    await awa.page.goto(link)
    return Room(host=awa, link=link)


async def join(one: Person) -> None:
    await one.page.get_by_role("button", name="Rejoindre", exact=True).click()
    await one.page.locator(CONNECTED).wait_for()
