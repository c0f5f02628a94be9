"""Every codec between two tabs of Chromium: what each decodes of the other rises, second by second; RED, DTX, stereo."""

from __future__ import annotations

import asyncio

import pytest

from tests.protocol.streams import rising, shown, streams
from tests.protocol.test_browser import Tab, browser, pages, pytestmark, single, tab

__all__ = ["browser", "pages", "pytestmark", "single", "tab"]  # fixtures and marks of the browsers' tests

CODECS = ["vp8", "h264", "vp9", "av1"]
SCALABLE = {"vp9", "av1"}
# Large enough for Chromium to make more than one spatial layer.
SHOW = "(codec) => show(codec, { videoCodec: codec, backupCodec: false, width: 640, height: 360 })"
LAYERS = """async () => {
  const [publication] = room.localParticipant.videoTrackPublications.values();
  const report = await publication.track.sender.getStats();
  return [...report.values()].filter((s) => s.type === "outbound-rtp").map((s) => s.scalabilityMode ?? "");
}"""
SOUND = """async ({ name, gain, ...options }) => {
  const context = new AudioContext();
  const tone = new OscillatorNode(context, { frequency: 440 });
  const volume = new GainNode(context, { gain });
  const out = context.createMediaStreamDestination();
  tone.connect(volume).connect(out);
  tone.start();
  await room.localParticipant.publishTrack(out.stream.getAudioTracks()[0], { name, source: "microphone", ...options });
}"""
SENT = """async () => {
  const found = {};
  for (const publication of room.localParticipant.audioTrackPublications.values()) {
    const report = await publication.track.sender.getStats();
    const stream = [...report.values()].find((s) => s.type === "outbound-rtp");
    const [codec] = publication.track.sender.getParameters().codecs; // the statistics call RED opus
    found[publication.trackName] = { packets: stream.packetsSent, codec: codec.mimeType };
  }
  return found;
}"""
SOUNDS = {"tone": (0.5, True), "silence": (0.0, True), "silence that is sent": (0.0, False)}  # gain, DTX
QUIET, STEADY = 15, 40  # packets/s of Opus: with DTX one in 400 ms of silence, else one in 20 ms
SECONDS = 2


async def test_each_codec_is_decoded_by_every_reader(tab: Tab, single: bool) -> None:
    tabs = {name: await tab(name, single=single) for name in "ab"}
    for codec in CODECS:
        for page in tabs.values():
            await page.evaluate(SHOW, codec)
        seen = await rising(tabs, {f"a<-b/{codec}", f"b<-a/{codec}"}, seconds=2)
        for pair in (f"a<-b/{codec}", f"b<-a/{codec}"):
            assert seen[pair]["codec"].lower() == f"video/{codec}", seen[pair]
        if codec in SCALABLE:
            (mode,) = await tabs["a"].evaluate(LAYERS)
            assert mode.startswith(("L2", "L3")), mode
        await asyncio.gather(*(page.evaluate("unshow()") for page in tabs.values()))
        for page in tabs.values():
            await shown(page, "async () => Object.keys(await streams()).length === 0")


@pytest.mark.parametrize(("single", "red"), [(True, True), (False, False)])
async def test_silence_is_not_sent_where_the_publisher_asks_for_that(tab: Tab, single: bool, red: bool) -> None:
    tabs = {name: await tab(name, single=single) for name in "ab"}
    for name, (gain, dtx) in SOUNDS.items():
        await tabs["a"].evaluate(SOUND, {"name": name, "gain": gain, "red": red, "dtx": dtx})
    await rising(tabs, {"b<-a/tone", "b<-a/silence that is sent"}, seconds=1)
    await shown(tabs["b"], "async () => (await streams())['a/silence']?.packets > 0")
    sent, got = await tabs["a"].evaluate(SENT), await streams(tabs)
    await asyncio.sleep(SECONDS)
    sent_after, got_after = await tabs["a"].evaluate(SENT), await streams(tabs)
    for name, (gain, dtx) in SOUNDS.items():
        leave = (sent_after[name]["packets"] - sent[name]["packets"]) / SECONDS
        arrive = (got_after[f"b<-a/{name}"]["packets"] - got[f"b<-a/{name}"]["packets"]) / SECONDS
        assert sent_after[name]["codec"] == ("audio/red" if red else "audio/opus"), sent_after
        assert got_after[f"b<-a/{name}"]["lost"] == 0, got_after
        if gain == 0 and dtx:
            assert max(leave, arrive) < QUIET, (name, leave, arrive)
        else:
            assert min(leave, arrive) > STEADY, (name, leave, arrive)
