"""The keyboard alone: from the sign-in page through a meeting to the audit."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page

from tests.journeys.browser import Person, person, signed_in
from tests.pages.seen.meeting import CONNECTED, join, start
from tests.whole import Whole

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.xdist_group("seen")]

WITHIN = """() => {
  const { activeElement: one } = document;
  return one === document.body ? 'page' : one.closest('.meeting') === null ? one.textContent.trim() : 'meeting';
}"""
FOCUSED = "() => document.activeElement.textContent.trim()"


async def test_the_keyboard_stays_in_the_meeting_and_goes_back_to_where_it_was(browser: Browser, house: Whole) -> None:
    room = await start(browser, house)
    await join(room.host)
    page = room.host.page
    for _step in range(15):  # more than there are
        await page.keyboard.press("Tab")
        assert await page.evaluate(WITHIN) in {"meeting", "page"}  # at the end of the page the browser's own bar has it
    await page.get_by_role("button", name="Terminer pour tous").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("dialog").wait_for()
    await page.keyboard.press("Escape")
    await page.get_by_role("dialog").wait_for(state="detached")
    assert await page.evaluate(FOCUSED) == "Terminer pour tous"
    await page.get_by_role("button", name="Quitter").click()
    await page.get_by_role("heading", name="Vous avez quitté la réunion").wait_for()
    assert await page.locator("[inert]").count() == 0


async def test_the_meeting_by_keyboard_alone(browser: Browser, house: Whole) -> None:
    room = await start(browser, house)
    page = room.host.page
    bruno = await signed_in(browser, house.url, "Bruno Martin")  # stays, so that the meeting outlives the reload
    await bruno.page.goto(room.link)
    await join(bruno)
    await page.get_by_role("button", name="Rejoindre", exact=True).focus()
    await page.keyboard.press("Enter")
    await page.locator(CONNECTED).wait_for()
    assert await page.evaluate("document.activeElement.getAttribute('role')") == "region"
    await page.keyboard.press("Alt+Shift+C")
    field = page.get_by_role("textbox", name="Écrire un message")
    await field.wait_for()
    await page.keyboard.type("Bonjour")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("à tous")
    await page.keyboard.press("Enter")
    await page.locator(".chat .chat__body", has_text="Bonjour\nà tous").wait_for()  # the server has it
    await page.keyboard.press("Alt+Shift+M")
    await page.get_by_role("button", name="Activer le micro").wait_for()
    await page.keyboard.press("Escape")
    await field.wait_for(state="detached")
    await page.reload()
    await join(room.host)
    await page.keyboard.press("Alt+Shift+C")
    await page.get_by_text("Bonjour\nà tous").wait_for()


async def tab_to(page: Page, name: str, key: str = "Tab") -> None:
    """Press Tab until what has the focus is called `name`."""
    read = """() => {
      const one = document.activeElement;
      return (one.getAttribute('aria-label') ?? one.labels?.[0]?.textContent ?? one.textContent).trim().replace(/\\s+/g, ' ');
    }"""
    met: list[str] = []
    while not any(one.startswith(name) for one in met):
        assert len(met) < 60, f"Tab never came to {name}: {met}"
        await page.keyboard.press(key)
        met.append(await page.evaluate(read))


async def test_from_home_into_a_meeting_and_out_by_keyboard_alone(browser: Browser, house: Whole) -> None:
    awa = await signed_in(browser, house.url, "Awa Diallo")
    await awa.page.goto(house.url)
    await tab_to(awa.page, "Démarrer une réunion")
    await awa.page.keyboard.press("Enter")
    await awa.page.wait_for_url("**/rooms/**")
    await awa.page.get_by_role("button", name="Rejoindre", exact=True).wait_for()
    await tab_to(awa.page, "Rejoindre")
    await awa.page.keyboard.press("Enter")
    await awa.page.locator(CONNECTED).wait_for()
    await tab_to(awa.page, "Quitter")
    await awa.page.keyboard.press("Enter")
    await awa.page.get_by_role("heading", name="Vous avez quitté la réunion").wait_for()


async def press(page: Page, name: str, key: str = "Tab") -> None:
    await tab_to(page, name, key)
    await page.keyboard.press("Enter")


async def sign_in_by_keyboard(browser: Browser, house: Whole, name: str) -> Person:
    """Through the provider's page too."""
    one = await person(browser, name)
    await one.page.goto(f"{house.url}/sign-in/")
    await press(one.page, "S’identifier avec ProConnect (démonstration)")
    await one.page.get_by_role("button", name=name).first.wait_for()
    await press(one.page, name)
    await one.page.wait_for_url(f"{house.url}/")
    return one


async def test_the_walk_by_keyboard_alone(browser: Browser, house: Whole) -> None:
    awa = await sign_in_by_keyboard(browser, house, "Awa Diallo")
    page = awa.page
    await press(page, "Démarrer une réunion")
    await page.wait_for_url("**/rooms/**")
    await page.get_by_role("button", name="Rejoindre", exact=True).wait_for()
    await press(page, "Rejoindre")
    await page.locator(CONNECTED).wait_for()
    await press(page, "Copier le lien")
    link = await page.evaluate("navigator.clipboard.readText()")
    assert link.endswith(page.url.rsplit("/rooms/", 1)[1])

    guest = await person(browser, "Odile")
    await guest.page.goto(link)
    await guest.page.get_by_role("button", name="Demander à entrer").wait_for()
    await tab_to(guest.page, "Votre nom")
    await guest.page.keyboard.type("Odile")
    await press(guest.page, "Demander à entrer")
    await page.get_by_role("button", name="Accepter Odile").first.wait_for()
    await press(page, "Accepter Odile")
    await guest.page.locator(CONNECTED).wait_for()

    await page.keyboard.press("Alt+Shift+C")
    await page.get_by_role("textbox", name="Écrire un message").wait_for()
    await page.keyboard.type("Bonjour")
    await page.keyboard.press("Enter")
    await guest.page.get_by_text("Bonjour").first.wait_for()
    await press(page, "Ouvrir la transcription")
    await press(page, "Démarrer la transcription")
    await page.get_by_role("dialog").wait_for()
    await press(page, "Accepter")
    await page.get_by_text("Transcription en cours").first.wait_for()
    await press(page, "Plus d’options")
    await press(page, "Terminer pour tous")
    await page.get_by_role("dialog").wait_for()
    await press(page, "Terminer pour tous")
    await page.get_by_role("heading", name="La réunion est terminée").wait_for()
    await press(page, "Voir ce qui est gardé")
    await page.wait_for_url("**/meetings/**")

    david = await sign_in_by_keyboard(browser, house, "David Roche")
    await press(david.page, "Audit")
    await david.page.wait_for_url("**/audit/")
    await tab_to(david.page, "Personne")
    await david.page.keyboard.type("Awa Diallo")
    await press(david.page, "Rechercher")
    await david.page.wait_for_url("**/audit/?*Awa*")
    await tab_to(david.page, "Effacer les filtres")
    await david.page.keyboard.press("Tab")
    await david.page.keyboard.press("Enter")
    await david.page.locator("#record-title").wait_for()
