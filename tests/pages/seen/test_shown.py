"""The pages as people meet them: readable by a screen reader, at any width, light over the wire, in the reader's hour."""

from __future__ import annotations

import re
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, Page

from suite.runtime.folders import ROOT
from tests.journeys.browser import chromium, person, signed_in
from tests.pages.seen.meeting import CONNECTED, join, start
from tests.whole import Whole

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.xdist_group("seen")]

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
HOME_BYTES = 250_000
BEFORE_BYTES = 450_000
Scheme = Literal["light", "dark"]
HOURS = """
  () => [...document.querySelectorAll('main time')].map((one) => ({
    said: one.textContent,
    here: new Date(one.dateTime).toLocaleTimeString('fr-FR', { hour: '2-digit', minute: '2-digit' }),
    exact: one.title,
  }))
"""


async def faults(page: Page) -> list[str]:
    """What axe finds on the page."""
    await page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = await page.evaluate(
        "axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations)"
    )
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_state_can_be_read_and_operated_without_seeing_it(browser: Browser, house: Whole, scheme: Scheme) -> None:
    stranger = await person(browser, "Odile", width=390, height=780)
    await stranger.page.emulate_media(color_scheme=scheme)
    await stranger.page.goto(f"{house.url}/sign-in/")
    assert not await faults(stranger.page)
    room = await start(browser, house)
    page = room.host.page
    await page.emulate_media(color_scheme=scheme)
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


async def test_the_language_and_the_theme_are_kept(browser: Browser, house: Whole) -> None:
    awa = await signed_in(browser, house.url, "Awa Diallo")
    await awa.page.goto(house.url)
    await awa.page.get_by_role("button", name=re.compile("Awa Diallo")).click()
    await awa.page.get_by_label("Sombre").check()
    await awa.page.get_by_role("button", name="English").click()
    await awa.page.get_by_role("button", name="Start a meeting").wait_for()
    assert await awa.page.locator("html").get_attribute("lang") == "en"
    assert await awa.page.locator("html").get_attribute("data-fr-theme") == "dark"
    await awa.page.get_by_role("button", name="Start a meeting").click()
    await awa.page.get_by_role("button", name="Join", exact=True).wait_for()
