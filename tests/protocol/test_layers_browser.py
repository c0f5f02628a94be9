"""Layers in Chromium: switches without a freeze, layers that nobody shows not sent, SVC layers left out."""

from __future__ import annotations

import asyncio
import time

import pytest
from playwright.async_api import Page

from tests.protocol.test_browser import Tab, browser, moving, pages, pytestmark, tab

__all__ = ["browser", "pages", "pytestmark", "tab"]  # the fixtures, and where the tests can run

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
SMALL_CAMERA = """() => room.localParticipant.setCameraEnabled(
  true, {resolution: {width: 960, height: 540, frameRate: 30}}, {videoCodec: "vp8", simulcast: true, backupCodec: false})"""


async def until_seen(page: Page, check: object, deadline: float) -> float:
    """Wait until `check` holds of what is seen; how long it took (s)."""
    begun = time.monotonic()
    while True:
        seen = await page.evaluate(SEEN)
        if check(seen):  # type: ignore[operator]  # a lambda of the test's
            return time.monotonic() - begun
        assert time.monotonic() - begun < deadline, seen
        await asyncio.sleep(0.05)


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


async def test_switches_between_layers_freeze_nothing(tab: Tab) -> None:
    a, b, c = await tab("a", single=True), await tab("b", single=True), await tab("c", single=True)
    await a.evaluate(SMALL_CAMERA)
    await moving(b)
    await moving(c)  # who shows the largest, so that none of the layers stops, and what this machine freezes without a switch
    await until_seen(b, lambda seen: seen["width"] == 960, 15)
    before, steady = await b.evaluate(SEEN), await c.evaluate(SEEN)
    for turn in range(20):
        await b.evaluate(SHOW, (0, 2, 1, 2)[turn % 4])
        wanted = (320, 960, 640, 960)[turn % 4]
        await until_seen(b, lambda seen, wanted=wanted: seen["width"] == wanted, 8)
    after = await b.evaluate(SEEN)
    by_itself = (await c.evaluate(SEEN))["freezes"] - steady["freezes"]
    print(f"{after['frames'] - before['frames']} frames, {by_itself} freezes without a switch")
    assert after["frames"] - before["frames"] > 20
    assert after["freezes"] - before["freezes"] <= by_itself


@pytest.mark.parametrize("codec", ["vp9", "av1", "vp9 without dependency descriptors"])
async def test_layers_of_one_stream_are_left_out(tab: Tab, codec: str) -> None:
    codec, _, without = codec.partition(" ")
    a = await tab("a", single=True, **({"unoffered": "dependency-descriptor"} if without else {}))
    b = await tab("b", single=True)
    await a.evaluate(CAMERA, codec)
    await moving(b)
    c = await tab("c", single=True)
    await moving(c)  # who shows the largest
    largest = (await c.evaluate(SEEN))["width"]
    await b.evaluate(SHOW, 0)
    await until_seen(b, lambda seen: 0 < seen["width"] < largest, 15)
    before = (await c.evaluate(SEEN))["frames"]
    await moving(b)
    await until_seen(c, lambda seen: seen["frames"] > before + 10, 15)
    await b.evaluate(SHOW, 2)
    await until_seen(b, lambda seen: seen["width"] >= largest, 20)
