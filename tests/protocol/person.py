"""A participant through LiveKit's Python SDK, a client that we did not write."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np
from livekit import rtc

if TYPE_CHECKING:
    from tests.protocol.conftest import Address

RATE = 48_000
SIZE = (640, 360)


class Person:
    """Joins, publishes a tone and a moving picture, and counts what arrives from each other participant."""

    def __init__(self, server: Address, identity: str, room: str) -> None:
        self.server, self.identity, self.room_name = server, identity, room
        self.room = rtc.Room()
        self.loudest: dict[str, int] = {}
        self.frames: dict[str, int] = {}
        self.data: list[tuple[str, bytes]] = []
        self.events: list[tuple[str, Any]] = []
        self.sources: list[Any] = []
        self.sent = {"sounds": 0, "pictures": 0}
        self.publications: dict[str, Any] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._senders: set[asyncio.Task[None]] = set()
        self._leaving = False
        self._streams: list[Any] = []
        self.room.on("track_subscribed", self._subscribed)
        self.room.on("data_received", self._data)
        for name in (
            "disconnected", "track_muted", "track_unmuted", "track_unpublished", "participant_disconnected", "reconnecting",
            "reconnected", "participant_name_changed", "room_metadata_changed", "active_speakers_changed", "track_unsubscribed",
        ):  # fmt: skip
            self.room.on(name, lambda *args, name=name: self.events.append((name, args)))

    async def join(self, *, single: bool = False, subscribe: bool = True, **video: Any) -> None:
        token = self.server.token(self.identity, self.room_name, **video)
        options = rtc.RoomOptions(single_peer_connection=single, auto_subscribe=subscribe)
        await self.room.connect(self.server.ws, token, options)

    def has(self, event: str) -> bool:
        return any(name == event for name, _ in self.events)

    def told(self) -> str:
        """What there is to say where a test fails."""
        state, events = rtc.ConnectionState.Name(self.room.connection_state), [name for name, _ in self.events]
        return f"{self.identity}: {state}, {events}, sent {self.sent}, loudest {self.loudest}, frames {self.frames}"

    async def publish(self, *, video: bool = True, codec: Any = None) -> None:
        """Publish a 440 Hz tone, and a picture that changes, in `codec` (by default the SDK's)."""
        audio = rtc.AudioSource(RATE, 1)
        self.sources.append(audio)
        await self._publish("mic", rtc.LocalAudioTrack.create_audio_track("mic", audio), rtc.TrackSource.SOURCE_MICROPHONE)
        self._senders.add(asyncio.create_task(self._tone(audio)))
        if video:
            pictures = rtc.VideoSource(*SIZE)
            self.sources.append(pictures)
            track = rtc.LocalVideoTrack.create_video_track("cam", pictures)
            await self._publish("cam", track, rtc.TrackSource.SOURCE_CAMERA, codec)
            self._senders.add(asyncio.create_task(self._pictures(pictures)))

    async def _publish(self, name: str, track: Any, source: Any, codec: Any = None) -> None:
        options = rtc.TrackPublishOptions(source=source, video_codec=codec)
        self.publications[name] = await self.room.local_participant.publish_track(track, options)

    async def leave(self) -> None:
        self._leaving = True
        if self._senders:  # the SDK may abort the process where a source is closed under a frame that it still takes
            await asyncio.wait(self._senders, timeout=2)
        for task in self._tasks | self._senders:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._senders, return_exceptions=True)
        with contextlib.suppress(Exception):
            await self.room.disconnect()
        for stream in self._streams:
            with contextlib.suppress(Exception):
                await stream.aclose()
        for source in self.sources:
            with contextlib.suppress(Exception):
                await source.aclose()

    def _run(self, work: Any) -> None:
        self._tasks.add(asyncio.create_task(work))

    def _subscribed(self, track: Any, _publication: Any, participant: Any) -> None:
        if self._leaving:
            return
        if track.kind == rtc.TrackKind.KIND_AUDIO:
            self._run(self._listen(track, participant.identity))
        else:
            self._run(self._watch(track, participant.identity))

    def _data(self, packet: Any) -> None:
        self.data.append((packet.participant.identity if packet.participant else "", bytes(packet.data)))

    async def _listen(self, track: Any, identity: str) -> None:
        stream = rtc.AudioStream(track)
        self._streams.append(stream)
        async for event in stream:
            level = int(np.abs(np.frombuffer(event.frame.data, dtype=np.int16)).max(initial=0))
            self.loudest[identity] = max(level, self.loudest.get(identity, 0))

    async def _watch(self, track: Any, identity: str) -> None:
        stream = rtc.VideoStream(track)
        self._streams.append(stream)
        async for _ in stream:
            self.frames[identity] = self.frames.get(identity, 0) + 1

    async def _tone(self, source: Any) -> None:
        start = 0
        while not self._leaving:
            times = (np.arange(480) + start) / RATE
            start += 480
            samples = (np.sin(2 * np.pi * 440 * times) * 8000).astype(np.int16)
            await source.capture_frame(rtc.AudioFrame(samples.tobytes(), RATE, 1, 480))
            self.sent["sounds"] += 1

    async def _pictures(self, source: Any) -> None:
        number = 0
        while not self._leaving:
            number += 1
            picture = np.full((SIZE[1], SIZE[0], 4), number * 5 % 255, np.uint8)
            source.capture_frame(rtc.VideoFrame(*SIZE, rtc.VideoBufferType.RGBA, picture.tobytes()))
            self.sent["pictures"] += 1
            await asyncio.sleep(1 / 20)
