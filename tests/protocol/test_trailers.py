"""What livekit-client says of each frame behind it reaches who can read it, and is cut off for everybody else."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.protocol.streams import rising, shown
from tests.protocol.test_browser import Tab, browser, pages, pytestmark, single, tab
from tests.protocol.test_encryption import KEY, TAP, opened

__all__ = ["browser", "pages", "pytestmark", "single", "tab"]  # fixtures and marks of the browsers' tests

SHOW = "(codec) => show('cam', { videoCodec: codec, simulcast: false, frameMetadata: { timestamp: true, frameId: true } })"
READ = """() => {
  window.told = [];
  const video = document.querySelector("video");
  const [{ track }] = [...room.remoteParticipants.values()].flatMap((one) => [...one.videoTrackPublications.values()]);
  const seen = (_, { rtpTimestamp }) => {
    const found = track.lookupFrameMetadata({ rtpTimestamp });
    if (found) told.push([Number(found.userTimestamp), found.frameId]);
    video.requestVideoFrameCallback(seen);
  };
  video.requestVideoFrameCallback(seen);
}"""
TAPPED = {"encodedInsertableStreams": True}


def tails(frames: list[str]) -> list[bytes]:
    return [base64.b64decode(frame)[-4:] for frame in frames]


@pytest.mark.parametrize("codec", ["vp8", "vp9", "h264"])
async def test_a_frame_s_trailer_reaches_who_can_read_it_and_nobody_else(tab: Tab, single: bool, codec: str) -> None:
    without = await tab("without", single=single, rtcConfig=TAPPED)
    await without.evaluate(TAP)
    reads = await tab("reads", single=True, metadata=True)  # on two connections livekit-client 2.23 does not say that it can
    writer = await tab("writer", single=single, metadata=True)
    await writer.evaluate(SHOW, codec)
    await rising({"without": without, "reads": reads}, {"without<-writer/cam", "reads<-writer/cam"}, seconds=2)
    frames = await shown(without, "tapped.video.length === 30 && tapped.video")
    assert b"LKTS" not in tails(frames)
    await reads.evaluate(READ)
    told: list[Any] = await shown(reads, "told.length > 10 && told")
    now = await reads.evaluate("Date.now() * 1000")
    assert all(now - 60e6 < stamp <= now and number > 0 for stamp, number in told), told
    assert [number for _, number in told] == sorted(number for _, number in told)


async def test_behind_an_encrypted_frame_the_trailer_alone_is_cut_off(tab: Tab) -> None:
    outsider = await tab("outsider", single=True, rtcConfig=TAPPED)
    await outsider.evaluate(TAP)
    writer = await tab("writer", single=False, key=KEY, metadata=True)
    await writer.evaluate(SHOW, "vp8")
    for text in await shown(outsider, "tapped.video.length === 30 && tapped.video"):
        assert opened(base64.b64decode(text), KEY, kind="video")
