"""Data between livekit-client in Chromium and the Python SDK through our server: packets, streams, data tracks."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from livekit import rtc

from tests.protocol.conftest import until
from tests.protocol.test_browser import CHROMIUM, CLIENT, Tab, browser, pages, tab

__all__ = ["browser", "pages", "tab"]  # fixtures, found by name
pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not CHROMIUM.exists() or not CLIENT.exists(), reason="needs Debian's chromium and npm's packages"),
]
BOTH = pytest.mark.parametrize("single", [False, True], ids=["two connections", "one connection"])
SIZES = [1, 100, 1_100, 1_200, 5_000, 14_000]

SEND = """async (sizes) => {
  for (let number = 0; number < 200; number++) {
    const payload = new Uint8Array(4 + sizes[number % sizes.length]).fill(number);
    new DataView(payload.buffer).setUint32(0, number);
    await room.localParticipant.publishData(payload, { reliable: true, topic: 'numbers' });
  }
}"""
RECEIVE = """() => {
  window.arrived = [];
  room.on('dataReceived', (payload) => {
    const number = new DataView(payload.buffer, payload.byteOffset).getUint32(0);
    window.arrived.push([number, payload.length, payload.slice(4).every((byte) => byte === number % 256)]);
  });
}"""
PUSH = """async () => {
  window.track = await room.localParticipant.publishDataTrack({ name: 'pose' });
  for (let number = 0; number < 400 && !window.enough; number++) {
    await window.track.tryPush({ payload: new Uint8Array(number % 10 ? 100 : 30000).fill(number) }).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}"""
READ = """() => {
  window.frames = [];
  room.on('dataTrackPublished', async (track) => {
    for await (const frame of await track.subscribe()) window.frames.push(frame.payload.length);
  });
}"""


@BOTH
async def test_reliable_packets_arrive_whole_and_in_order_both_ways(people: Any, tab: Tab, room: str, *, single: bool) -> None:
    page = await tab("tab", single=single)
    sdk = await people("sdk", room, single=single)
    await page.evaluate(RECEIVE)
    await page.evaluate(SEND, SIZES)
    await until(lambda: len(sdk.data) == 200)
    assert [payload for _, payload in sdk.data] == [
        number.to_bytes(4, "big") + bytes([number]) * SIZES[number % len(SIZES)] for number in range(200)
    ]
    for number in range(200):
        payload = number.to_bytes(4, "big") + bytes([number]) * SIZES[number % len(SIZES)]
        await sdk.room.local_participant.publish_data(payload, reliable=True)
    await page.wait_for_function("arrived.length === 200")
    arrived = await page.evaluate("arrived")
    assert arrived == [[number, 4 + SIZES[number % len(SIZES)], True] for number in range(200)]


@BOTH
async def test_a_long_text_streams_both_ways(people: Any, tab: Tab, room: str, *, single: bool) -> None:
    page = await tab("tab", single=single)
    sdk = await people("sdk", room, single=single)
    texts: list[str] = []
    reading: set[asyncio.Task[None]] = set()

    async def read(reader: rtc.TextStreamReader) -> None:
        texts.append(await reader.read_all())

    sdk.room.register_text_stream_handler("text", lambda reader, _who: reading.add(asyncio.create_task(read(reader))))
    await page.evaluate(
        """() => { window.texts = [];
        room.registerTextStreamHandler('text', async (reader) => window.texts.push((await reader.readAll()).length)); }"""
    )
    await page.evaluate("() => room.localParticipant.sendText('é'.repeat(300_000), { topic: 'text' })")
    await until(lambda: texts == ["é" * 300_000])
    await sdk.room.local_participant.send_text("à" * 300_000, topic="text")
    await page.wait_for_function("texts.length === 1 && texts[0] === 300_000")


@BOTH
async def test_a_data_track_of_the_browser_is_read_by_the_sdk(people: Any, tab: Tab, room: str, *, single: bool) -> None:
    page = await tab("tab", single=single)
    sdk = await people("sdk", room, single=single)
    got: list[int] = []
    reading: set[asyncio.Task[None]] = set()

    async def read(track: Any) -> None:
        async for one in track.subscribe():
            got.append(len(one.payload))  # noqa: PERF401 -- counted while they come

    sdk.room.on("data_track_published", lambda track: reading.add(asyncio.create_task(read(track))))
    gone: list[Any] = []
    sdk.room.on("data_track_unpublished", gone.append)
    pushing = asyncio.create_task(page.evaluate(PUSH))
    await until(lambda: got.count(30_000) >= 3 and got.count(100) >= 30)
    await page.evaluate("() => { window.enough = true; }")
    await pushing
    await page.evaluate("() => track.unpublish()")
    await until(lambda: gone)


@BOTH
async def test_a_data_track_of_the_sdk_is_read_by_the_browser(people: Any, tab: Tab, room: str, *, single: bool) -> None:
    page = await tab("tab", single=single)
    await page.evaluate(READ)
    sdk = await people("sdk", room, single=single)
    track = await sdk.room.local_participant.publish_data_track(name="pose")

    async def push() -> None:
        number = 0
        while True:
            track.try_push(rtc.DataTrackFrame(payload=bytes(100 if number % 10 else 30_000)))
            number += 1
            await asyncio.sleep(0.02)

    pushing = asyncio.create_task(push())
    await page.wait_for_function("frames.filter((size) => size === 30000).length >= 3 && frames.length >= 30")
    pushing.cancel()
