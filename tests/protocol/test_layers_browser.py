"""Layers in Chromium: switches without a freeze, layers that nobody shows not sent, SVC layers left out.

`SWITCHES=200` takes as many switches as it says; fewer do in CI.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable

import pytest
from playwright.async_api import Page

from tests.protocol.test_browser import Tab, browser, moving, pages, pytestmark, tab

__all__ = ["browser", "pages", "pytestmark", "tab"]  # the fixtures, and where the tests can run

SWITCHES = int(os.environ.get("SWITCHES", "20"))
SENT = """async () => {
  const [publication] = room.localParticipant.videoTrackPublications.values();
  const stats = await publication.track.sender.getStats();
  const found = {};
  for (const s of stats.values()) if (s.type === "outbound-rtp") found[s.rid ?? ""] = s.framesSent ?? 0;
  return found;
}"""
SEEN = """async () => {
  const [participant] = room.remoteParticipants.values();
  const [publication] = participant.videoTrackPublications.values();
  const stats = await publication.track.receiver.getStats();
  const video = [...stats.values()].find((s) => s.type === "inbound-rtp" && s.kind === "video");
  return {width: video.frameWidth ?? 0, frames: video.framesDecoded, freezes: video.freezeCount ?? 0, lost: video.packetsLost};
}"""
SHOW = """(quality) => {
  const [participant] = room.remoteParticipants.values();
  const [publication] = participant.videoTrackPublications.values();
  publication.setVideoQuality(quality);
}"""
CAMERA = """(codec) => room.localParticipant.setCameraEnabled(
  true, {resolution: {width: 1280, height: 720, frameRate: 30}}, {videoCodec: codec, simulcast: true, backupCodec: false})"""
# The smallest of which there are three layers.
SMALL_CAMERA = CAMERA.replace("1280", "960").replace("720", "540")


async def until_seen(page: Page, check: object, deadline: float) -> float:
    """Wait until `check` holds of what is seen; how long it took (s)."""
    begun = time.monotonic()
    while True:
        seen = await page.evaluate(SEEN)
        if check(seen):  # type: ignore[operator]  # a lambda of the test's
            return time.monotonic() - begun
        assert time.monotonic() - begun < deadline, seen
        await asyncio.sleep(0.05)


async def until_widths(one: Page, other: Page, check: Callable[[int, int], bool], deadline: float = 30) -> tuple[int, int]:
    """Wait until `check` holds of the widths that both see (pixels); return them."""
    begun = time.monotonic()
    while not check(*(widths := ((await one.evaluate(SEEN))["width"], (await other.evaluate(SEEN))["width"]))):
        assert time.monotonic() - begun < deadline, widths
        await asyncio.sleep(0.1)
    return widths


async def sending(page: Page) -> set[str]:
    """The rids of which frames were sent within half a second."""
    before = await page.evaluate(SENT)
    await asyncio.sleep(0.5)
    after = await page.evaluate(SENT)
    return {rid for rid in after if after[rid] > before.get(rid, 0)}


async def sent_only(page: Page, rids: set[str], deadline: float) -> None:
    end = time.monotonic() + deadline
    while (found := await sending(page)) != rids:
        assert time.monotonic() < end, found


async def test_a_layer_that_nobody_shows_is_not_sent_until_it_is_needed(tab: Tab) -> None:
    a, b = await tab("a", single=True), await tab("b", single=True)
    await a.evaluate(CAMERA, "vp8")
    await moving(b)
    await until_seen(b, lambda seen: seen["width"] == 1280, 15)
    await b.evaluate(SHOW, 0)
    await until_seen(b, lambda seen: 0 < seen["width"] < 640, 5)
    await sent_only(a, {"q"}, 10)
    before = await a.evaluate(SENT)
    await b.evaluate(SHOW, 2)
    begun = time.monotonic()
    while (await a.evaluate(SENT))["f"] == before["f"]:
        assert time.monotonic() - begun < 1
        await asyncio.sleep(0.05)
    await until_seen(b, lambda seen: seen["width"] == 1280, 15)


async def frozen_by_switches(b: Page, c: Page) -> int:
    """How many freezes more `b` sees in `SWITCHES` switches than `c` sees without a switch."""
    before, steady = await b.evaluate(SEEN), await c.evaluate(SEEN)
    for turn in range(SWITCHES):
        await b.evaluate(SHOW, (0, 2, 1, 2)[turn % 4])
        wanted = (320, 960, 640, 960)[turn % 4]
        await until_seen(b, lambda seen, wanted=wanted: seen["width"] == wanted, 8)
    after, by_itself = await b.evaluate(SEEN), await c.evaluate(SEEN)
    assert after["frames"] - before["frames"] > SWITCHES
    frozen, anyway = after["freezes"] - before["freezes"], by_itself["freezes"] - steady["freezes"]
    print(f"{SWITCHES} switches: {frozen} freezes, {anyway} without a switch")
    return int(frozen - anyway)


@pytest.mark.timeout(300 + 10 * SWITCHES)
async def test_switches_between_layers_freeze_nothing(tab: Tab) -> None:
    a, b, c = await tab("a", single=True), await tab("b", single=True), await tab("c", single=True)
    await a.evaluate(SMALL_CAMERA, "vp8")
    await moving(b)
    await moving(c)  # who shows the largest, so that none of the layers stops, and what this machine freezes without a switch
    await until_seen(b, lambda seen: seen["width"] == 960, 15)
    # What a busy machine freezes comes at other switches in each round, what a switch freezes in all of them.
    rounds: list[int] = []
    while not rounds or (rounds[-1] > 0 and len(rounds) < 3):
        rounds.append(await frozen_by_switches(b, c))
    assert rounds[-1] <= 0, rounds


@pytest.mark.parametrize("codec", ["vp9", "av1", "vp9 without dependency descriptors"])
async def test_layers_of_one_stream_are_left_out(tab: Tab, codec: str) -> None:
    codec, _, without = codec.partition(" ")
    a = await tab("a", single=True, **({"unoffered": "dependency-descriptor"} if without else {}))
    b = await tab("b", single=True)
    await a.evaluate(SMALL_CAMERA, codec)
    await moving(b)
    c = await tab("c", single=True)
    await moving(c)  # who shows the largest that `a` sends, which a busy machine encodes smaller for a while
    await b.evaluate(SHOW, 0)
    small, _ = await until_widths(b, c, lambda shown, largest: 0 < shown < largest)
    before = (await c.evaluate(SEEN))["frames"]
    await moving(b)
    await until_seen(c, lambda seen: seen["frames"] > before + 10, 15)
    await b.evaluate(SHOW, 2)
    await until_widths(b, c, lambda shown, largest: small < shown == largest)
