"""The pages as people meet them, in Chromium: readable by a screen reader, at any width, light over the wire."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route

from suite.runtime.folders import ROOT
from tests.journeys.browser import Person, chromium, person
from tests.journeys.staff import until
from tests.whole import Whole, whole_suite

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.xdist_group("seen")]

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
HOME_BYTES = 250_000
BEFORE_BYTES = 450_000
LINE_SECONDS = 3.0
HEAL_SECONDS = 15.0
CONNECTED = ".meeting[data-connection=connected]"
LOST = ".meeting[data-connection=lost]"
HOURS = """
  () => [...document.querySelectorAll('main time')].map((one) => ({
    said: one.textContent,
    here: new Date(one.dateTime).toLocaleTimeString('fr-FR', { hour: '2-digit', minute: '2-digit' }),
    exact: one.title,
  }))
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with whole_suite(tmp_path_factory.mktemp("seen") / "var", options=()) as run:
        run.url = run.url.rstrip("/")
        yield run


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as one:
        yield one


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


async def faults(page: Page) -> list[str]:
    """What axe finds on the page."""
    await page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = await page.evaluate(
        "axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations)"
    )
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_state_can_be_read_and_operated_without_seeing_it(browser: Browser, house: Whole, scheme: str) -> None:
    stranger = await person(browser, "Odile", width=390, height=780)
    await stranger.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of playwright's own words
    await stranger.page.goto(f"{house.url}/sign-in/")
    assert not await faults(stranger.page)
    room = await start(browser, house)
    page = room.host.page
    await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # as above
    await page.get_by_role("button", name="Rejoindre", exact=True).wait_for()
    assert not await faults(page)
    await join(room.host)
    assert not await faults(page)
    await stranger.page.goto(room.link)
    await stranger.page.get_by_label("Votre nom").fill("Odile")
    assert not await faults(stranger.page)
    await stranger.page.get_by_role("button", name="Demander à entrer").click()
    await stranger.page.get_by_text("Votre demande est envoyée").wait_for()
    assert not await faults(stranger.page)
    await page.get_by_role("button", name="Accepter Odile").wait_for()
    await page.get_by_role("button", name="Afficher les participants").click()
    assert not await faults(page)
    await page.get_by_role("button", name="Accepter Odile").first.click()
    await stranger.page.locator(CONNECTED).wait_for()
    assert not await faults(stranger.page)
    for panel in ("Ouvrir la discussion", "Ouvrir la transcription"):
        await page.get_by_role("button", name=panel).click()
        assert not await faults(page)
    await page.get_by_role("button", name="Démarrer la transcription").click()
    await page.get_by_role("dialog").wait_for()
    assert not await faults(page)
    await page.get_by_role("dialog").get_by_role("button", name="Refuser").click()
    await page.get_by_role("button", name="Quitter").click()
    await page.get_by_role("heading", name="Vous avez quitté la réunion").wait_for()
    assert not await faults(page)
    for path in ("/", "/meetings/"):
        await page.goto(house.url + path)
        assert not await faults(page)
        await page.get_by_role("button", name=re.compile("Awa Diallo")).click()
        assert not await faults(page)
    assert not room.host.complaints
    assert not stranger.complaints


async def test_pages_tell_the_browsers_hour_as_what_lives_on_them_does(browser: Browser, house: Whole) -> None:
    """Nepal's clocks show other minutes than this machine's and the server's."""
    awa = await person(browser, "Awa Diallo", zone="Asia/Kathmandu")
    await awa.sign_in(house.url)
    await awa.page.get_by_role("button", name="Démarrer une réunion").click()
    await join(awa)
    await awa.page.get_by_role("button", name="Ouvrir la discussion").click()
    field = awa.page.get_by_role("textbox", name="Écrire un message")
    await field.fill("Bonjour")
    await field.press("Enter")
    written = await awa.page.locator(".panel time").first.inner_text()
    for path in ("/", "/meetings/"):
        await awa.page.goto(house.url + path)
        hours: list[dict[str, str]] = await awa.page.evaluate(HOURS)
        assert hours
        for one in hours:
            assert one["said"].endswith(one["here"]), one
            assert one["exact"].endswith("(UTC+05:45)"), one
        assert path != "/" or any(one["said"].endswith(written) for one in hours), (written, hours)
    assert not awa.complaints


async def test_leave_microphone_and_camera_are_on_the_screen_at_any_width(browser: Browser, house: Whole) -> None:
    room = await start(browser, house)
    await join(room.host)
    for width in (320, 390, 538, 767, 768, 1024, 1280, 1920):
        await room.host.page.set_viewport_size({"width": width, "height": 640})
        for name in ("Couper le micro", "Couper la caméra", "Quitter", "Plus d’options"):
            box = await room.host.page.get_by_role("button", name=name).bounding_box()
            assert box is not None, (width, name)
            assert box["x"] >= 0, (width, name)
            assert box["x"] + box["width"] <= width, (width, name)
            assert box["y"] + box["height"] <= 640, (width, name)
            assert min(box["width"], box["height"]) >= 44, (width, name)


async def test_pages_are_light(browser: Browser, house: Whole) -> None:
    room = await start(browser, house)
    state = await room.host.context.storage_state()
    for address, most in ((house.url + "/", HOME_BYTES), (room.link, BEFORE_BYTES)):
        context = await browser.new_context(storage_state=state, locale="fr-FR", permissions=["camera", "microphone"])
        page = await context.new_page()
        network = await context.new_cdp_session(page)
        await network.send("Network.enable")
        sizes: list[int] = []
        network.on("Network.loadingFinished", lambda event, sizes=sizes: sizes.append(event["encodedDataLength"]))
        hosts: set[str] = set()
        page.on("request", lambda request, hosts=hosts: hosts.add("/".join(request.url.split("/")[:3])))
        await page.goto(address, wait_until="networkidle")
        print(f"{address}: {sum(sizes)} bytes in {len(sizes)} answers")
        assert sum(sizes) <= most
        assert {one for one in hosts if one.startswith("http")} == {house.url}
        await context.close()


async def test_a_lost_line_shows_within_three_seconds_and_heals(browser: Browser, house: Whole) -> None:
    room = await start(browser, house)
    await join(room.host)
    bruno = await come(browser, house, "Bruno Martin")
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


async def test_a_refused_camera_keeps_nobody_out(house: Whole) -> None:
    async with chromium() as browser:
        host = await start(browser, house)
        await join(host.host)
        alone = await browser.new_context(locale="fr-FR", permissions=[])
        page = await alone.new_page()
        await page.add_init_script(
            "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'));"
        )
        await page.goto(host.link)
        await page.get_by_text("Votre navigateur ne donne pas accès à la caméra").wait_for()
        await page.get_by_text("Micro non autorisé").wait_for()
        await page.get_by_label("Votre nom").fill("Odile")
        await page.get_by_role("button", name="Demander à entrer").click()
        await host.host.page.get_by_role("button", name="Accepter Odile").click()
        await page.locator(CONNECTED).wait_for()
        await page.get_by_role("button", name="Activer le micro").click()
        await page.get_by_text("Cet appareil n’a pas démarré").wait_for()


async def test_an_unknown_room_is_said_before_any_camera(browser: Browser, house: Whole) -> None:
    stranger = await person(browser, "Odile")
    await stranger.page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => { window.asked = true; return new Promise(() => 0); };"
    )
    answer = await stranger.page.goto(f"{house.url}/rooms/abc-defg-hij/")
    assert answer is not None
    assert answer.status == 404
    await stranger.page.get_by_role("heading", name="Nous ne trouvons pas cette page").wait_for()
    assert not await stranger.page.evaluate("window.asked")


async def test_the_meeting_by_keyboard_alone(browser: Browser, house: Whole) -> None:
    room = await start(browser, house)
    page = room.host.page
    bruno = await come(browser, house, "Bruno Martin")  # stays, so that the meeting outlives the reload
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
    await page.get_by_text("Bonjour\nà tous").wait_for()
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
    awa = await come(browser, house, "Awa Diallo")
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


async def test_the_language_and_the_theme_are_kept(browser: Browser, house: Whole) -> None:
    awa = await come(browser, house, "Awa Diallo")
    await awa.page.get_by_role("button", name=re.compile("Awa Diallo")).click()
    await awa.page.get_by_label("Sombre").check()
    await awa.page.get_by_role("button", name="English").click()
    await awa.page.get_by_role("button", name="Start a meeting").wait_for()
    assert await awa.page.locator("html").get_attribute("lang") == "en"
    assert await awa.page.locator("html").get_attribute("data-fr-theme") == "dark"
    await awa.page.get_by_role("button", name="Start a meeting").click()
    await awa.page.get_by_role("button", name="Join", exact=True).wait_for()


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
