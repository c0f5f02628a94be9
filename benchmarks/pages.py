"""What each page costs its reader, in Chromium on a warm server: seconds until it can be used, bytes, requests, layout shift.

A page can be used when its load event has ended and what it is for is on it and can be pressed or typed in. Each visit has a
context of its own: an empty cache, then the same address once more with what the first visit left in it.
Bytes are those on the wire, headers included, sockets left out, from the navigation to `REST_SECONDS` after the page can be
used. Chromium asks `localhost`, as it asks any server behind TLS, for Brotli.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, BrowserContext, CDPSession, Page

from benchmarks.report import begin, quantile, say
from benchmarks.running import running
from suite.runtime.folders import ROOT
from tests.journeys.acts import end_for_all
from tests.journeys.browser import Person, chromium, person
from tests.journeys.house import House

REST_SECONDS = 2.0
LINES = 40
READY = """
  window.__shift = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.__shift += entry.value;
  }).observe({ type: 'layout-shift', buffered: true });
  const look = () => {
    const found = document.querySelector(window.__needs ?? 'main');
    const isUsable = found !== null && found.getClientRects().length > 0 && !found.disabled;
    const loaded = performance.getEntriesByType('navigation')[0]?.loadEventEnd ?? 0;
    if (isUsable && loaded > 0) window.__usable = Math.max(loaded, performance.now());
    else requestAnimationFrame(look);
  };
"""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A page, who reads it, and the CSS selector of what it is for."""

    name: str
    who: str
    address: str
    needs: str


@dataclass
class Wire:
    """What a page fetched, as Chromium's network counts it."""

    bytes: float = 0.0
    requests: int = 0
    kinds: dict[str, str] = field(default_factory=dict)
    by_kind: dict[str, float] = field(default_factory=dict)

    def listen(self, session: CDPSession) -> None:
        on: dict[str, Callable[[dict[str, Any]], None]] = {
            "Network.requestWillBeSent": self._sent,
            "Network.loadingFinished": self._came,
        }
        for event, listener in on.items():
            session.on(event, listener)

    def _sent(self, event: dict[str, Any]) -> None:
        if event["request"]["url"].startswith("http"):
            self.kinds[event["requestId"]] = event.get("type", "Other")

    def _came(self, event: dict[str, Any]) -> None:
        kind = self.kinds.get(event["requestId"])
        if kind is not None and event["encodedDataLength"] > 0:
            self.requests += 1
            self.bytes += event["encodedDataLength"]
            self.by_kind[kind] = self.by_kind.get(kind, 0.0) + event["encodedDataLength"]


async def pages(*, times: int, only: str | None) -> dict[str, Any]:
    async with running() as house, chromium() as browser:
        states = {name: await _state(browser, house, name) for name in ("Awa Diallo", "Claire Petit", "David Roche")}
        room, meeting, document = await _make(browser, house, states["Awa Diallo"])
        transcript = await _transcribe(house)
        found: dict[str, Any] = {}
        for seen in _pages(house.url, room, meeting, document, transcript):
            if only not in {None, seen.name}:
                continue
            await _visit(browser, states[seen.who], seen)  # warms the server, not the browser
            visits = [await _visit(browser, states[seen.who], seen) for _number in range(times)]
            found[seen.name] = _summary(visits)
    return {"times": times, "pages": found}


def _pages(url: str, room: str, meeting: str, document: str, transcript: str) -> list[Seen]:
    staff = "Awa Diallo"
    return [
        Seen(name="home", who=staff, address=f"{url}/", needs="form[action='/meetings/start/'] button"),
        Seen(name="before a meeting", who=staff, address=room, needs=".before__join"),
        Seen(name="after a meeting", who=staff, address=meeting, needs="main h1"),
        Seen(name="documents", who=staff, address=f"{url}/documents/", needs="form[action='/documents/start/'] button"),
        Seen(name="document", who=staff, address=document, needs="#document [contenteditable=true]"),
        Seen(name="transcript", who=staff, address=transcript, needs=".transcript__play"),
        Seen(name="messages", who=staff, address=f"{url}/messages/", needs=".chat__list li :is(a, button)"),
        Seen(name="people (HR)", who="Claire Petit", address=f"{url}/people/", needs="table td a"),
        Seen(name="audit (auditor)", who="David Roche", address=f"{url}/audit/", needs="table td a"),
    ]


async def _state(browser: Browser, house: House, name: str) -> Any:
    one: Person = await person(browser, name)
    await one.sign_in(house.url)
    state = await one.context.storage_state()
    await one.context.close()
    return state


async def _make(browser: Browser, house: House, state: Any) -> tuple[str, str, str]:
    """A room whose meeting has a channel and has ended, and a document of `LINES` lines: the addresses of the three."""
    context = await _context(browser, state)
    page = await context.new_page()
    await page.goto(f"{house.url}/documents/")
    await page.get_by_role("button", name="Nouveau document").click()
    await page.wait_for_url("**/documents/*-*/")
    await page.locator("[contenteditable=true]").last.click()
    for number in range(LINES):
        await page.keyboard.insert_text(f"{number + 1}. Le conseil a examiné le point {number + 1} de l’ordre du jour.")
        await page.keyboard.press("Enter")
    await page.wait_for_timeout(1000)
    document = page.url
    await page.goto(house.url)
    await page.get_by_role("button", name="Démarrer une réunion").click()
    await page.wait_for_url("**/rooms/**")
    room = page.url
    await page.get_by_role("button", name="Rejoindre", exact=True).click()
    await page.locator("li.tile").first.wait_for()
    await end_for_all(page)
    [(meeting,)] = await house.ask("select id from meetings_meeting")
    await context.close()
    return room, f"{house.url}/meetings/{meeting}/", document


async def _transcribe(house: House) -> str:
    """The address of the transcript of that meeting: an hour of it, and its sound."""
    write = "from benchmarks.transcribed import transcribe; transcribe()"
    words = ["--var", str(house.var), "manage", "shell", "--no-imports", "-c", write]
    made = await asyncio.create_subprocess_exec(sys.executable, "-m", "suite.runtime", *words, cwd=ROOT)
    assert await made.wait() == 0, "the transcript was not written"
    [(transcript,)] = await house.ask("select resource_id from transcripts_transcript")
    return f"{house.url}/transcripts/{transcript}/"


async def _context(browser: Browser, state: Any) -> BrowserContext:
    context = await browser.new_context(locale="fr-FR", viewport={"width": 1280, "height": 800}, storage_state=state)
    await context.grant_permissions(["camera", "microphone"])
    return context


async def _visit(browser: Browser, state: Any, seen: Seen) -> dict[str, Any]:
    context = await _context(browser, state)
    try:
        await context.add_init_script(f"window.__needs = {seen.needs!r};{READY}look();")
        page = await context.new_page()
        first = await _load(context, page, seen)
        again = await _load(context, page, seen)
    finally:
        await context.close()
    return {"first": first, "again": again}


async def _load(context: BrowserContext, page: Page, seen: Seen) -> dict[str, Any]:
    wire = Wire()
    session = await context.new_cdp_session(page)
    await session.send("Network.enable")
    wire.listen(session)
    await page.goto(seen.address)
    await page.wait_for_function("() => window.__usable !== undefined")
    await page.wait_for_timeout(REST_SECONDS * 1000)
    usable: float = await page.evaluate("() => window.__usable")
    shift: float = await page.evaluate("() => window.__shift")
    paint: float = await page.evaluate("() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0")
    server: float = await page.evaluate("() => performance.getEntriesByType('navigation')[0].responseStart")
    await session.detach()
    times = {"usable_s": usable / 1000, "paint_s": paint / 1000, "server_s": server / 1000}
    return {**times, "shift": shift, "bytes": wire.bytes, "requests": wire.requests, "by_kind": wire.by_kind}


def _summary(visits: list[dict[str, Any]]) -> dict[str, Any]:
    firsts, agains = [visit["first"] for visit in visits], [visit["again"] for visit in visits]
    return {
        "usable_p50_s": _middle(firsts, "usable_s"),
        "usable_most_s": round(max(one["usable_s"] for one in firsts), 3),
        "paint_p50_s": _middle(firsts, "paint_s"),
        "server_p50_s": _middle(firsts, "server_s"),
        "kb": round(max(one["bytes"] for one in firsts) / 1000, 1),
        "requests": max(one["requests"] for one in firsts),
        "kb_by_kind": {kind: round(size / 1000, 1) for kind, size in sorted(firsts[-1]["by_kind"].items())},
        "shift": round(max(one["shift"] for one in firsts + agains), 4),
        "again_usable_p50_s": _middle(agains, "usable_s"),
        "again_kb": round(max(one["bytes"] for one in agains) / 1000, 1),
        "again_requests": max(one["requests"] for one in agains),
    }


def _middle(loads: list[dict[str, Any]], name: str) -> float:
    return round(quantile([one[name] for one in loads], 0.5), 3)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5, help="visits of each page, each in a fresh context")
    parser.add_argument("--only", help="one page, by the name that it has in the report")
    given = parser.parse_args()
    head = begin("pages")
    say(head | asyncio.run(pages(times=given.times, only=given.only)))
