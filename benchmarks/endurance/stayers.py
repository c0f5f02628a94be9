"""Chromium tabs that stay all the time with camera and microphone, and what each decodes of each other, second by second."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from playwright.async_api import Page, async_playwright

from benchmarks.endurance.plan import LOST, STAY
from tests.protocol.conftest import Server
from tests.protocol.pages import serving
from tests.protocol.streams import shown
from tests.protocol.test_browser import ARGUMENTS, CHROMIUM, FILES, PAGE

TABS: Final = {"stayer-a": ("vp8", True), "stayer-b": ("vp9", False), "stayer-c": ("h264", True)}  # codec, one connection
BEGUN: Final = 40.0  # seconds until everyone sees everyone
LATE: Final = 1.5  # seconds between two samples: more is the tab's own delay, which the next sample catches up with
EARLY: Final = 0.5
DAY: Final = 86_400
PUBLISH: Final = """async (codec) => {
  const options = { videoCodec: codec, backupCodec: false };
  await room.localParticipant.setCameraEnabled(true, { resolution: { width: 320, height: 180, frameRate: 15 } }, options);
  await room.localParticipant.setMicrophoneEnabled(true);
}"""
SAMPLE: Final = """() => {
  window.samples = [];
  const encoded = async () => {
    const [publication] = room.localParticipant.videoTrackPublications.values();
    const report = await publication.track.sender.getStats();
    return [...report.values()].reduce((sum, s) => sum + (s.type === "outbound-rtp" ? (s.framesEncoded ?? 0) : 0), 0);
  };
  const now = () => (performance.timeOrigin + performance.now()) / 1000;
  setInterval(async () => window.samples.push([now(), await streams(), await encoded()]), 1000);
}"""
FREEZES: Final = """async () => {
  const found = {};
  for (const participant of room.remoteParticipants.values())
    for (const publication of participant.videoTrackPublications.values()) {
      const report = await publication.track?.receiver?.getStats();
      const stream = report && [...report.values()].find((s) => s.type === "inbound-rtp");
      if (stream) found[participant.identity] = [stream.freezeCount, stream.totalFreezesDuration];
    }
  return found;
}"""


@dataclass
class Pair:
    """What one reads of one track of another."""

    seconds: int = 0
    rose: int = 0
    last: tuple[float, float] | None = None  # when, and how much was decoded
    still_since: float | None = None
    stills: list[tuple[float, float]] = field(default_factory=list)  # seconds in which nothing was decoded
    pause: float = 0.0  # seconds between the first and the last sample of the same count
    codec: str = ""

    def take(self, at: float, decoded: float) -> None:
        if self.last is not None:
            if at - self.last[0] < EARLY:
                return
            self.seconds += 1
            if decoded > self.last[1]:
                self.rose += 1
                self.still_since = None
            else:
                self.stills.append((self.last[0], at))
                self.still_since = self.still_since or self.last[0]
                self.pause = max(self.pause, at - self.still_since)
        self.last = (at, decoded)

    def told(self, held: list[tuple[float, float]]) -> dict[str, Any]:
        """`held` are the times in which one of the two tabs was held up itself."""
        still = sum(1 for one in self.stills if any(one[0] < end + 1 and begin - 1 < one[1] for begin, end in held))
        return {
            "seconds": self.seconds, "rose": self.rose, "still": len(self.stills), "still_with_a_tab": still,
            "share": round(100 * self.rose / max(1, self.seconds), 2), "pause_s": round(self.pause, 1), "codec": self.codec,
        }  # fmt: skip


@dataclass
class Stayers:
    """The tabs."""

    pages: dict[str, Page]
    pairs: dict[str, Pair] = field(default_factory=dict)
    visitors: dict[str, Pair] = field(default_factory=dict)
    held: dict[str, list[tuple[float, float]]] = field(default_factory=dict)  # when a tab came late, or encoded nothing
    _before: dict[str, tuple[float, float]] = field(default_factory=dict)

    async def begin(self) -> None:
        """Everyone sees and hears everyone; then sample each second."""
        for page in self.pages.values():
            await shown(page, "(n) => streams().then((all) => Object.values(all).filter((s) => s.decoded > 0).length >= n)",
                        arg=2 * (len(self.pages) - 1), within=BEGUN)  # fmt: skip
            await page.evaluate(SAMPLE)

    async def collect(self) -> None:
        """What the tabs have sampled since."""
        for reader, page in self.pages.items():
            for at, streams, encoded in await page.evaluate("samples.splice(0)"):
                before = self._before.get(reader)
                if before is not None and (at - before[0] > LATE or encoded <= before[1]):
                    self.held.setdefault(reader, []).append((before[0], at))
                self._before[reader] = (at, encoded)
                for what, stream in streams.items():
                    self._take(f"{reader}<-{what}", at, stream)

    def _take(self, name: str, at: float, stream: dict[str, Any]) -> None:
        stays = name.partition("<-")[2].startswith("stayer")
        if not stays and not (stream["decoded"] and (stream["codec"] or "").startswith("video")):
            return
        pair = (self.pairs if stays else self.visitors).setdefault(name, Pair())
        pair.codec = stream["codec"]
        pair.take(at, stream["decoded"])

    def told(self) -> dict[str, Any]:
        """Each pair of those who stay; those who come, together."""
        came = Counter[str]()
        for name, pair in self.visitors.items():
            if not name.partition("<-")[2].startswith(LOST):
                # A picture that ends has no more frames in its last seconds, until the tab is told.
                came.update(pictures=1, seconds=pair.seconds, rose=pair.rose)
        pairs = {}
        for name, pair in self.pairs.items():
            reader, _, what = name.partition("<-")
            pairs[name] = pair.told([*self.held.get(reader, []), *self.held.get(what.partition("/")[0], [])])
        return {"pairs": pairs, "visitors": dict(came), "held_up": {name: len(spans) for name, spans in self.held.items()}}

    async def events(self) -> dict[str, list[str]]:
        """Reconnections and the like of each, of which there should be none."""
        odd = "events.filter((name) => ['reconnecting', 'reconnected', 'disconnected'].includes(name))"
        return {name: await page.evaluate(odd) for name, page in self.pages.items()}

    async def freezes(self) -> dict[str, Any]:
        """Count and seconds of freezes (more than 150 ms longer than a frame's turn), by pair, as libwebrtc counts them."""
        found = {}
        for reader, page in self.pages.items():
            for writer, (count, seconds) in (await page.evaluate(FREEZES)).items():
                found[f"{reader}<-{writer}"] = {"count": count, "seconds": round(seconds, 1)}
        return found


@asynccontextmanager
async def staying(server: Server) -> AsyncIterator[Stayers]:
    """The tabs, joined and publishing; closed with the block."""
    with serving(PAGE, FILES) as address:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
            pages = {}
            for name, (codec, single) in TABS.items():
                context = await browser.new_context(
                    permissions=["camera", "microphone"], viewport={"width": 400, "height": 300}
                )
                pages[name] = page = await context.new_page()
                await page.goto(address)
                await page.wait_for_function("window.ready")
                token = server.token(name, STAY, claims={"exp": int(time.time()) + DAY})
                await page.evaluate("(given) => meet(...given)", [server.ws, token, single, None, {}])
                await page.evaluate(PUBLISH, codec)
            yield Stayers(pages)
            await asyncio.gather(*(page.close() for page in pages.values()))
            await browser.close()
