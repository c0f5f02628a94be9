"""People with a browser: one Chromium context each, their peer connections counted by `getStats`."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from livekit.protocol import rtc
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

from tests.journeys.staff import Staff, until

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream=fps=10",  # a moving picture all the same, at half the work
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]
# Keeps each connection that the page makes, so that a test can ask it for its statistics.
KEEP_CONNECTIONS = """
  window.__connections = [];
  const Original = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Original {
    constructor(...given) { super(...given); window.__connections.push(this); }
  };
"""
# Keeps the page's sockets, so that a test can say something to the media server in the page's name.
KEEP_SOCKETS = """
  window.__sockets = [];
  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    constructor(...given) { super(...given); window.__sockets.push(this); }
  };
"""
SAY_TO_MEDIA_SERVER = """
  (message) => window.__sockets.findLast((one) => one.url.includes('/rtc')).send(new Uint8Array(message))
"""
# Counts how often the page opens a camera or a microphone.
COUNT_OPENINGS = """
  window.__openings = 0;
  const devices = navigator.mediaDevices;
  const open = devices?.getUserMedia.bind(devices);
  if (open) devices.getUserMedia = (wanted) => { window.__openings += 1; return open(wanted); };
"""
STATISTICS = """
  async () => {
    const found = { frames: {}, energy: {}, ports: [], freezes: 0 };
    for (const connection of window.__connections) {
      if (connection.connectionState === 'closed') continue;
      const report = await connection.getStats();
      const byId = new Map([...report.values()].map((one) => [one.id, one]));
      for (const one of report.values()) {
        if (one.type === 'inbound-rtp' && one.kind === 'video') {
          found.frames[one.trackIdentifier] = one.framesDecoded ?? 0;
          found.freezes += one.freezeCount ?? 0;
        }
        if (one.type === 'inbound-rtp' && one.kind === 'audio') found.energy[one.trackIdentifier] = one.totalAudioEnergy ?? 0;
        if (one.type === 'candidate-pair' && one.nominated && byId.get(one.remoteCandidateId)) {
          found.ports.push(byId.get(one.remoteCandidateId).port);
        }
      }
    }
    return found;
  }
"""
SHOWN = """
  () => [...document.querySelectorAll('video')].filter((one) => one.videoWidth > 0 && !one.paused).length
"""
# Looks each 50 ms whether more packets have come, and keeps when that was.
WATCH_PACKETS = """
  () => {
    window.__packets = { received: 0, at: 0 };
    window.setInterval(async () => {
      let received = 0;
      for (const connection of window.__connections) {
        if (connection.connectionState === 'closed') continue;
        for (const one of (await connection.getStats()).values()) {
          if (one.type === 'inbound-rtp') received += one.packetsReceived ?? 0;
        }
      }
      if (received > window.__packets.received) window.__packets = { received, at: Date.now() / 1000 };
    }, 50);
  }
"""


@dataclass
class Person:
    """A browser context: `page` is where they are."""

    name: str
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    async def sign_in(self, url: str) -> None:
        """From the sign-in page through the provider to the home page."""
        await self.page.goto(f"{url}/sign-in/")
        await (
            self.page.get_by_role("link", name="ProConnect")
            .or_(self.page.get_by_role("button", name="ProConnect"))
            .first.click()
        )
        await self.page.get_by_role("button", name=self.name).first.click()
        await self.page.wait_for_url(f"{url}/**")

    async def take_session(self, one: Staff) -> None:
        """Be signed in as `one` is: by the same round trip, without the half of a test's work that drawing its pages is."""
        await self.context.add_cookies(
            [{"name": cookie.key, "value": cookie.value, "url": one.url} for cookie in one.http.cookie_jar]
        )

    async def statistics(self) -> dict[str, Any]:
        found: dict[str, Any] = await self.page.evaluate(STATISTICS)
        return found

    async def enter(self, url: str, slug: str) -> None:
        """Through the room's page into the meeting."""
        await self.page.goto(f"{url}/rooms/{slug}/")
        await self.page.get_by_role("button", name="Rejoindre", exact=True).click()

    async def ask_media_server(self, request: rtc.SignalRequest) -> None:
        """Send it as livekit-client would."""
        await self.page.evaluate(SAY_TO_MEDIA_SERVER, list(request.SerializeToString()))

    async def openings(self) -> int:
        """How often the page has opened a camera or a microphone."""
        count: int = await self.page.evaluate("window.__openings")
        return count

    async def watch_packets(self) -> None:
        """From now on, `last_packet_at` knows."""
        await self.page.evaluate(WATCH_PACKETS)

    async def last_packet_at(self) -> float:
        """When the last RTP packet was counted, by the wall's clock."""
        at: float = await self.page.evaluate("window.__packets.at")
        return at

    async def frames_rise(self, *, pictures: int, samples: int = 3) -> None:
        """At least `pictures` remote pictures decode more frames in each of `samples` seconds."""

        async def enough() -> bool:
            return len((await self.statistics())["frames"]) >= pictures

        await until(enough, seconds=60, what=f"{self.name} receives {pictures} pictures")
        before = (await self.statistics())["frames"]
        for _second in range(samples):
            await self.page.wait_for_timeout(1000)
            now = (await self.statistics())["frames"]
            rising = [track for track, frames in now.items() if frames > before.get(track, 0)]
            assert len(rising) >= pictures, f"{self.name} sees {len(rising)} of {pictures} pictures move: {before} {now}"
            before = now

    async def sees_again(self, *, seconds: float) -> float:
        """Wait until a picture moves; the seconds it took."""
        before = (await self.statistics())["frames"]

        async def moved() -> bool:
            now = (await self.statistics())["frames"]
            return any(frames > before.get(track, 0) for track, frames in now.items())

        return await until(moved, seconds=seconds, what=f"{self.name} sees a picture move")

    async def shows(self, *, pictures: int, seconds: float) -> None:
        """That many pictures, one's own among them, are on the page and moving."""

        async def shown() -> bool:
            count: int = await self.page.evaluate(SHOWN)
            return count == pictures

        await until(shown, seconds=seconds, what=f"{self.name}'s page shows {pictures} pictures")

    async def hears(self, *, voices: int = 1) -> None:
        """At least `voices` remote sounds have energy that rises, within 15 seconds of their being there."""

        async def enough() -> bool:
            return len((await self.statistics())["energy"]) >= voices

        await until(enough, seconds=60, what=f"{self.name} receives {voices} sounds")
        before = now = (await self.statistics())["energy"]

        async def louder() -> bool:
            nonlocal now
            now = (await self.statistics())["energy"]
            return sum(energy > before.get(track, 0.0) + 1e-6 for track, energy in now.items()) >= voices

        try:
            await until(louder, seconds=15, what=f"{self.name} hears {voices}")
        except AssertionError as silent:
            silent.add_note(f"{before} {now} {self.complaints}")
            raise

    async def hears_nothing(self) -> None:
        """No remote sound has energy that rises, for two seconds."""

        async def quiet() -> bool:
            before = (await self.statistics())["energy"]
            await self.page.wait_for_timeout(2000)
            now = (await self.statistics())["energy"]
            return all(energy <= before.get(track, 0.0) + 1e-6 for track, energy in now.items())

        await until(quiet, seconds=15, what=f"{self.name} hears nobody")


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium, driven by PyPI's playwright."""
    path = shutil.which("chromium")
    assert path is not None, "Chromium is not installed: run `make test`, or install your system's chromium."
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


async def person(
    browser: Browser, name: str, *, width: int = 1280, height: int = 800, zone: str | None = None
) -> Person:  # fmt: skip
    """A browser of `name`'s own, French, in this machine's time zone or in `zone`, whose console complaints are kept."""
    context = await browser.new_context(
        locale="fr-FR",
        timezone_id=zone,
        viewport={"width": width, "height": height},
        permissions=["camera", "microphone", "clipboard-read", "clipboard-write"],
    )
    for script in (KEEP_CONNECTIONS, KEEP_SOCKETS, COUNT_OPENINGS):
        await context.add_init_script(script)
    page = await context.new_page()
    one = Person(name=name, context=context, page=page)

    def keep(message: ConsoleMessage) -> None:
        if message.type == "error":
            one.complaints.append(message.text)

    page.on("console", keep)
    page.on("pageerror", lambda error: one.complaints.append(str(error)))
    return one


async def two_meet(browser: Browser, url: str, slug: str) -> tuple[Person, Person]:
    """Awa and Bruno, signed in and in the meeting."""
    two = await signed_in(browser, url, "Awa Diallo"), await signed_in(browser, url, "Bruno Martin")
    for one in two:
        await one.enter(url, slug)
    return two


async def signed_in(browser: Browser, url: str, name: str, **size: int) -> Person:
    """`name`, on no page yet."""
    one, staff = await person(browser, name, **size), Staff(url, name)
    try:
        await staff.sign_in()
        await one.take_session(staff)
    finally:
        await staff.close()
    return one
