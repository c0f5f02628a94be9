"""Every page and island in Chromium: WCAG 2.2 AA by axe, its colours in dark too; in French and in English nothing wider than
the screen, nothing that moves once it is there, no word of the other language, no request to another host.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from suite.accounts.models import Membership, Organization
from suite.accounts.viewer import Viewer
from suite.audit.models import Record
from suite.kernel import clock
from tests.chromium import COLOURS, DESK, WCAG, Complaints, chromium, in_database, signed_in, violations
from tests.pages.catalogue import of_one_language
from tests.people import organization, person, session_of
from tests.security.test_every_address import addresses
from tests.security.world import World, a_world
from tests.web import Web

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]

WIDTHS = (320, 390, 1280)
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A page: who sees it, where it is in a world, and what stands there once it is whole."""

    of: str
    at: Callable[[World], str]
    ready: str = "main h1"


def here(path: str) -> Callable[[World], str]:
    return lambda _world: path


# address -> the page that it shows
PAGES: dict[str, Shown] = {
    "": Shown(of="awa", at=here("/")),
    "sign-in/": Shown(of="nobody", at=here("/sign-in/")),
    "meetings/": Shown(of="awa", at=here("/meetings/")),
    "meetings/<uuid:id>/": Shown(of="awa", at=lambda world: f"/meetings/{world.meeting}/"),
    "rooms/<uuid:id>/": Shown(of="awa", at=lambda world: f"/rooms/{world.room}/"),
    "rooms/<slug:slug>/": Shown(of="awa", at=lambda world: f"/rooms/{world.slug}/"),
    "messages/": Shown(of="awa", at=here("/messages/"), ready=".chat h2"),
    "messages/<uuid:id>/": Shown(of="awa", at=lambda world: f"/messages/{world.channel}/", ready="[role=log]"),
    "documents/": Shown(of="awa", at=here("/documents/")),
    "documents/<uuid:id>/": Shown(
        of="awa", at=lambda world: f"/documents/{world.document}/", ready=".document__text[aria-busy=false] [contenteditable]"
    ),
    "transcripts/<uuid:id>/": Shown(of="awa", at=lambda world: f"/transcripts/{world.transcript}/"),
    "resources/asked/": Shown(of="awa", at=here("/resources/asked/")),
    "trash/": Shown(of="awa", at=here("/trash/")),
    "trash/<uuid:id>/delete/": Shown(of="awa", at=lambda world: f"/trash/{world.discarded}/delete/"),
    "people/": Shown(of="hr", at=here("/people/")),
    "people/add/": Shown(of="hr", at=here("/people/add/")),
    "people/<uuid:user_id>/": Shown(of="hr", at=lambda world: f"/people/{world.awa.user_id}/", ready="#person-title"),
    "people/<uuid:user_id>/deactivate/": Shown(of="hr", at=lambda world: f"/people/{world.awa.user_id}/deactivate/"),
    "people/<uuid:user_id>/leave/": Shown(of="hr", at=lambda world: f"/people/{world.awa.user_id}/leave/"),
    "audit/": Shown(of="auditor", at=here("/audit/")),
    "audit/contexts/<uuid:context_id>/": Shown(of="auditor", at=lambda world: f"/audit/contexts/{world.meeting}/"),
}
# Beside their addresses: states that look otherwise.
STATES: dict[str, Shown] = {
    "a page that is not there": Shown(of="awa", at=here("/nowhere/")),
    "a room for a guest": Shown(of="nobody", at=lambda world: f"/rooms/{world.slug}/"),
    "a search without an answer": Shown(of="hr", at=here("/people/?q=zzzz")),
    "one record": Shown(of="auditor", at=lambda _world: f"/audit/?record={in_database(newest_record)}", ready="#record-title"),
    "no conversation": Shown(of="hr", at=here("/messages/"), ready=".chat h2"),
    "a meeting's records": Shown(of="auditor", at=lambda world: f"/audit/?context={world.meeting}"),
}
# They answer data, a redirection, a fragment of a page, or POST alone.
NOT_PAGES = ("api/", "oidc/", "rtc/", "twirp/", "webhooks/", "whip/", "whep/", "healthz")
ACTS = re.compile(
    r"(start|move|reactivate|discard|restore|favourite|ask|read|progress|document|export|language|sign-out)/$"
    r"|^resources/<uuid:id>/requests/|^invitations/|/sounds/"
)


@pytest.fixture
def world(engines: None, settings: Any) -> World:
    settings.SPEECH = True
    made = a_world()
    Membership.objects.create(user_id=made.awa.user_id, organization=organization("Ailleurs"), started_at=clock.now())
    return made


def newest_record() -> str:
    return str(Record.objects.order_by("-id").values_list("id", flat=True)[0])


def test_every_address_is_a_page_here_or_none() -> None:
    shown = {one for one in addresses() if not one.startswith(NOT_PAGES) and not ACTS.search(one)}
    assert shown == set(PAGES), "say here which page a new address shows, or that it shows none"


@pytest.mark.parametrize("locale", ["fr-FR", "en-GB"])
@pytest.mark.parametrize("of", ["nobody", "awa", "hr", "auditor"])
def test_every_page_can_be_read_by_everybody_at_any_width(web: Web, world: World, of: str, locale: str) -> None:
    viewers: dict[str, Viewer | None] = {**world.visitors, "awa": world.awa, "nobody": None}
    viewer = viewers[of]
    session = session_of(viewer) if viewer else ""
    found: list[str] = []
    complaints = Complaints()
    with chromium() as browser:
        page = page_of(browser, web, session, complaints, locale)
        page.add_init_script(WATCH_SHIFTS)
        hosts: set[str] = set()
        page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
        for name, shown in {**PAGES, **STATES}.items():
            if shown.of == of:
                found += [f"{name or '/'}: {fault}" for fault in faults(page, shown, shown.at(world))]
    assert not found, "\n".join(found)
    assert [one for one in complaints if "404" not in one] == []
    assert hosts - {""} == {urlsplit(web.address).netloc}


def test_a_font_that_comes_late_moves_nothing(web: Web, world: World) -> None:
    viewer = world.visitors["hr"]
    assert viewer is not None
    session = session_of(viewer)
    held: list[Route] = []

    def hold(font: Route) -> None:
        held.append(font)

    with chromium() as browser:
        page = signed_in(browser, web, session, Complaints())
        page.add_init_script(WATCH_SHIFTS)
        page.route("**/*.woff2", hold)
        page.goto("/people/", wait_until="commit")
        page.evaluate("new Promise((painted) => new PerformanceObserver(painted).observe({ type: 'paint', buffered: true }))")
        assert held, "the page asked for no font"
        for font in held:
            font.continue_()
        page.unroute("**/*.woff2")
        page.wait_for_load_state()
        page.evaluate("document.fonts.ready.then(() => new Promise(requestAnimationFrame))")
        assert page.evaluate("window.__shift") == 0, page.evaluate("window.__moved")


@pytest.mark.parametrize("of", ["hr", "auditor"])
def test_columns_are_as_wide_before_their_rows_come(web: Web, world: World, of: str) -> None:
    viewer = world.visitors[of]
    assert viewer is not None
    session = session_of(viewer)
    lists = [one for one in [*PAGES.values(), *STATES.values()] if one.of == of]
    compared = 0
    with chromium() as browser:
        page = signed_in(browser, web, session, Complaints())
        for address in (one.at(world) for one in lists):
            page.goto(address)
            if page.locator("tbody tr").count():
                widths = page.evaluate(COLUMNS)
                page.evaluate("document.querySelector('tbody').replaceChildren()")
                assert page.evaluate(COLUMNS) == widths, address
                compared += 1
    assert compared >= 2


def faults(page: Page, shown: Shown, address: str) -> list[str]:
    found: list[str] = []
    language, other = ("fr", "en") if page.evaluate("navigator.language").startswith("fr") else ("en", "fr")
    for scheme in SCHEMES if language == "fr" else SCHEMES[:1]:  # what axe looks at is the same in both
        page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
        page.emulate_media(color_scheme=scheme)
        page.goto(address)
        expect(page.locator(shown.ready).first).to_be_visible()
        assert page.locator("html").get_attribute("data-fr-theme") == scheme
        if language == "fr":
            found += [f"{scheme}: {fault}" for fault in violations(page, WCAG if scheme == "light" else COLOURS)]
        if (moved := page.evaluate("window.__shift")) > SHIFT_MOST:
            found.append(f"{scheme}: what is shown moves by {moved:.4f}: {page.evaluate('window.__moved')}")
    if (lang := page.locator("html").get_attribute("lang")) != language:
        found.append(f"the page's language is {lang}")
    found += [f"says «{words}», which is not {language}" for words in OF_ONE_LANGUAGE[other].intersection(page.evaluate(WORDS))]
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
            found.append(f"{wide} pixels wide on a screen of {width}")
        found += [f"{width} pixels: {words} is cut" for words in page.evaluate(CUT)]
    return found


# Everything that is read out or shown in the page's language.
WORDS = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode;
    const isOwn = text.parentElement.closest('[lang]') === document.documentElement;
    if (isOwn) found.push(text.data.trim().replace(/\\s+/g, ' '));
  }
  for (const name of ['aria-label', 'title', 'placeholder', 'alt', 'value'])
    for (const one of document.querySelectorAll(`[${name}]`)) found.push(one.getAttribute(name).trim());
  return found;
}"""
WATCH_SHIFTS = """
  window.__shift = 0;
  window.__moved = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.hadRecentInput) continue;
      window.__shift += entry.value;
      window.__moved.push(...entry.sources.map(({ node }) => (node?.outerHTML ?? node?.data ?? '').slice(0, 100)));
    }
  }).observe({ type: 'layout-shift', buffered: true });
"""
SHIFT_MOST = 0.001  # of the screen: less than a word by its width, where a slow machine draws half a page
COLUMNS = "[...document.querySelectorAll('thead th')].map((one) => one.getBoundingClientRect().width)"
OF_ONE_LANGUAGE = of_one_language()
# Tables may scroll where they must; those of people and of the log need not.
CUT = """() => [...document.querySelectorAll('.people .fr-table__content, .audit .fr-table__content')]
  .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => `${one.scrollWidth} in ${one.clientWidth}`)"""


def page_of(browser: Browser, web: Web, session: str, complaints: Complaints, locale: str) -> Page:
    if session:
        return signed_in(browser, web, session, complaints, locale=locale)
    page = browser.new_context(base_url=web.address, locale=locale).new_page()
    complaints.watch(page)
    return page


def test_a_long_name_leaves_every_column_in_sight(web: Web, world: World) -> None:
    viewer = world.visitors["hr"]
    assert viewer is not None
    person(Organization.objects.get(id=viewer.organization_id), usual_name="X" * 100)
    session = session_of(viewer)
    with chromium() as browser:
        page = signed_in(browser, web, session, Complaints())
        page.goto("/people/")
        expect(page.get_by_text("X" * 100)).to_be_visible()
        table = page.locator(".fr-table__content")
        assert table.evaluate("(one) => one.scrollWidth <= one.clientWidth")


def test_a_form_with_faults_can_be_read(web: Web, world: World) -> None:
    session = session_of(world.visitors["hr"]) if world.visitors["hr"] else ""
    with chromium() as browser:
        page = signed_in(browser, web, session, Complaints())
        page.goto("/people/add/")
        page.get_by_role("button", name="Ajouter cette personne").click()
        expect(page.get_by_text("Donnez le nom de la personne.")).to_be_visible()
        assert violations(page) == []


@pytest.mark.parametrize("island", ["messages", "documents"])
def test_an_island_that_breaks_says_so_and_can_be_loaded_again(web: Web, world: World, island: str) -> None:
    address = f"/messages/{world.channel}/" if island == "messages" else f"/documents/{world.document}/"
    session = session_of(world.awa)
    with chromium() as browser:
        page = signed_in(browser, web, session, Complaints())
        page.add_init_script("if (!sessionStorage.broken) window.WebSocket = function () { throw new Error('broken'); };")
        page.goto(address)
        expect(page.get_by_role("alert")).to_contain_text("Cette partie de la page s’est arrêtée")
        assert violations(page) == []
        page.evaluate("sessionStorage.broken = 'mended'")
        page.get_by_role("button", name="Recharger la page").click()
        expect(page.locator(PAGES[f"{island}/<uuid:id>/"].ready).first).to_be_visible()
