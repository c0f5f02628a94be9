"""`python -m tests.protocol.listener URL TOKEN`: a Python SDK client that says when it connected, and when it heard."""

from __future__ import annotations

import asyncio
import sys
import time

import numpy as np
from livekit import rtc


async def listen(url: str, token: str) -> None:
    began = time.monotonic()
    room, heard = rtc.Room(), asyncio.Event()

    async def follow(track: rtc.Track) -> None:
        async for event in rtc.AudioStream(track):
            if np.abs(np.frombuffer(event.frame.data, dtype=np.int16)).max(initial=0) > 500:
                heard.set()

    tasks = set()
    room.on("track_subscribed", lambda track, *_: tasks.add(asyncio.create_task(follow(track))))
    await room.connect(url, token)
    print(f"connected {time.monotonic() - began:.1f}", flush=True)
    source = rtc.AudioSource(48_000, 1)
    await room.local_participant.publish_track(rtc.LocalAudioTrack.create_audio_track("mic", source))
    started, said = 0, False
    while True:
        times = (np.arange(480) + started) / 48_000
        started += 480
        samples = (np.sin(2 * np.pi * 440 * times) * 8000).astype(np.int16)
        await source.capture_frame(rtc.AudioFrame(samples.tobytes(), 48_000, 1, 480))
        if heard.is_set() and not said:
            said = True
            print(f"heard {time.monotonic() - began:.1f}", flush=True)


if __name__ == "__main__":
    asyncio.run(listen(*sys.argv[1:]))
