"""What people do on pages, as the journeys ask it of them."""

from __future__ import annotations

import re
from typing import Any

from tests.journeys.browser import Person


async def write(page: Any, text: str) -> None:
    field = page.get_by_role("textbox", name="Écrire un message")
    if not await field.is_visible():
        await page.get_by_role("button", name=re.compile("Ouvrir la discussion")).first.click()
    await field.fill(text)
    await field.press("Enter")


async def end_for_all(page: Any) -> None:
    direct = page.get_by_role("button", name="Terminer pour tous")
    if not await direct.first.is_visible():
        await page.get_by_role("button", name="Plus d’options").click()
    await direct.first.click()
    await page.get_by_role("dialog").get_by_role("button", name="Terminer pour tous").click()


async def type_at_the_end(page: Any, words: str) -> None:
    editor = page.locator("[contenteditable=true]").last
    await editor.wait_for()
    await editor.click()
    await page.keyboard.press("Control+End")
    await page.keyboard.press("Enter")
    await page.keyboard.type(words)


async def open_person(page: Any, url: str, name: str) -> None:
    await page.goto(f"{url}/people/?q={name}")
    await page.get_by_role("link", name=re.compile(name)).first.click()


async def sound_follows(speaker: Person, *, heard_by: Person) -> None:
    """Whoever mutes is heard no more, and again after that."""
    await speaker.page.get_by_role("button", name="Couper le micro", exact=True).click()
    await heard_by.hears_nothing()
    await speaker.page.get_by_role("button", name="Activer le micro", exact=True).click()
    await heard_by.hears()
