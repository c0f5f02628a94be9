"""Somebody without a browser: signs in through the provider's pages, joins by the API, speaks through LiveKit's SDK."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import numpy as np
from livekit import rtc

from tests.sounds import Clip

RATE = 48_000
FRAME = RATE // 100
CALL_SECONDS = 20.0


class Staff:
    """One seeded person with an HTTP session of their own; `name` as the provider lists it. Without one: a guest."""

    def __init__(self, url: str, name: str | None) -> None:
        self.url = url
        self.name = name
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self.room: rtc.Room | None = None
        self.socket: aiohttp.ClientWebSocketResponse | None = None
        self.entry: dict[str, Any] = {}
        self.said: list[dict[str, Any]] = []
        self.heard_frames: dict[str, int] = {}
        self.heard_at = 0.0  # by the wall's clock
        self._tasks: list[asyncio.Task[None]] = []

    async def sign_in(self) -> None:
        """The real round trip: our button, the provider's list, the way back."""
        page = await self.http.get(f"{self.url}/oidc/authenticate/")
        html = await page.text()
        assert "/interaction/" in str(page.url), f"the provider was not reached: {page.status} {page.url}"
        sub = next(
            match.group(1)
            for match in re.finditer(r'name="sub" value="([^"]+)">\s*<strong>([^<]+)<', html)
            if match.group(2).strip() == self.name
        )
        async with self.http.post(str(page.url), data={"sub": sub}) as back:
            assert back.status == 200, f"{self.name} could not sign in: {back.status} {back.url}"
            assert str(back.url).startswith(self.url)

    async def get(self, path: str, headers: dict[str, str] | None = None) -> aiohttp.ClientResponse:
        """A page's answer, read whole, so that no connection stays out."""
        async with self.http.get(f"{self.url}{path}", headers=headers) as answer:
            await answer.read()
        return answer

    async def post(self, path: str, data: dict[str, Any] | None = None) -> aiohttp.ClientResponse:
        """A JSON post with its CSRF token, and its answer, read whole."""
        if not self._csrf():
            await self.get("/sign-in/")
        headers = {"X-CSRFToken": self._csrf(), "Referer": self.url, "Accept": "application/json"}
        async with self.http.post(f"{self.url}{path}", json=data or {}, headers=headers) as answer:
            await answer.read()
        return answer

    async def start_room(self) -> str:
        """A new room's slug."""
        answer = await self.post("/api/rooms/", {"title": "Point"})
        assert answer.status == 201, await answer.text()
        return str((await answer.json())["slug"])

    async def enter(self, slug: str, *, name: str = "", shared_microphone: bool = False) -> dict[str, Any]:
        """Come to the room's door with one more device: what the door answers."""
        answer = await self.post(f"/api/rooms/{slug}/join/", {"name": name, "shared_microphone": shared_microphone})
        assert answer.status == 201, await answer.text()
        entry: dict[str, Any] = await answer.json()
        return entry

    async def open_socket(self, path: str) -> aiohttp.ClientWebSocketResponse:
        """A websocket of one's own pages."""
        return await self.http.ws_connect(self.url + path, origin=self.url, max_msg_size=0)

    async def join(self, slug: str, *, name: str = "", shared_microphone: bool = False) -> None:
        """Come to the room's door and open the meeting's socket."""
        self.entry = await self.enter(slug, name=name, shared_microphone=shared_microphone)
        self.socket = await self.open_socket(self.entry["socket"])
        self._tasks.append(asyncio.create_task(self._listen(self.socket)))

    async def say(self, **message: Any) -> None:
        assert self.socket is not None
        await self.socket.send_str(json.dumps(message))

    async def told(self, wanted: Callable[[dict[str, Any]], bool], *, seconds: float = CALL_SECONDS) -> dict[str, Any]:
        """The first message of the meeting's socket that is `wanted`."""
        found: list[dict[str, Any]] = []

        async def come() -> bool:
            found[:] = [message for message in self.said if wanted(message)]
            return bool(found)

        await until(come, seconds=seconds, what=f"{self.name}: a message; came {[m.get('type') for m in self.said]}")
        return found[0]

    async def connect(self, *, single: bool = True, name: str | None = None) -> None:
        """Join the call with the SDK and count what is heard; `name` is a display name that the client claims."""
        room = rtc.Room()
        room.on("track_subscribed", self._hear)
        await room.connect(self.entry["url"], self.entry["token"], rtc.RoomOptions(single_peer_connection=single))
        self.room = room
        if name is not None:
            try:
                await asyncio.wait_for(room.local_participant.set_name(name), 3)
            except Exception as refusal:  # noqa: BLE001  (the SDK's own; a refusal is what we want)
                print(f"a claimed display name was refused: {refusal}")

    async def open_microphone(self) -> rtc.AudioSource:
        assert self.room is not None
        source = rtc.AudioSource(RATE, 1)
        track = rtc.LocalAudioTrack.create_audio_track("microphone", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        await self.room.local_participant.publish_track(track, options)
        return source

    async def speak(self, source: rtc.AudioSource, samples: np.ndarray, *, rate: int) -> tuple[float, float]:
        """Say `samples` (mono, float, `rate` Hz) in real time; begin and end by the wall's clock."""
        began = time.time()
        wave = resampled(samples, rate)
        for at in range(0, len(wave), FRAME):
            frame = wave[at : at + FRAME]
            frame = np.pad(frame, (0, FRAME - len(frame)))
            await source.capture_frame(rtc.AudioFrame(frame.tobytes(), RATE, 1, FRAME))
        await source.wait_for_playout()
        return began, time.time()

    async def recite(self, source: rtc.AudioSource, words: Clip) -> tuple[float, float]:
        """Say a recording; begin and end by the wall's clock."""
        sound = words.sound()
        return await self.speak(source, sound.samples, rate=sound.sample_rate)

    def keep_talking(self, source: rtc.AudioSource, words: Clip) -> None:
        """Say a recording over and over, until the end."""

        async def talk() -> None:
            while True:
                await self.recite(source, words)

        self._tasks.append(asyncio.create_task(talk()))

    async def agree(self) -> None:
        """Agree to the transcription that is asked for."""
        await self.answers("asked")
        await self.say(type="agree")
        await self.answers("agreed")

    async def answers(self, agreement: str) -> None:
        """Wait until one's page shows `agreement` as one's answer."""
        await self.told(lambda message: (message.get("transcription") or {}).get("agreement") == agreement)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.room is not None:
            await self.room.disconnect()
        if self.socket is not None:
            await self.socket.close()
        await self.http.close()

    def _csrf(self) -> str:
        return next((cookie.value for cookie in self.http.cookie_jar if cookie.key == "suite_csrf"), "")

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type == aiohttp.WSMsgType.TEXT:
                self.said.append(json.loads(message.data))
        self.said.append({"type": "closed", "code": socket.close_code})

    def _hear(self, track: rtc.Track, _publication: object, participant: rtc.RemoteParticipant) -> None:
        if track.kind == rtc.TrackKind.KIND_AUDIO:
            self._tasks.append(asyncio.create_task(self._count(rtc.AudioStream(track), participant.identity)))

    async def _count(self, stream: rtc.AudioStream, identity: str) -> None:
        async for event in stream:
            if np.abs(np.frombuffer(event.frame.data, np.int16)).max(initial=0) > 200:
                self.heard_at = time.time()
                self.heard_frames[identity] = self.heard_frames.get(identity, 0) + 1


def resampled(samples: np.ndarray, rate: int) -> np.ndarray:
    """`samples` at 48 kHz, 16 bits."""
    count = round(len(samples) * RATE / rate)
    wave = np.interp(np.arange(count) * rate / RATE, np.arange(len(samples)), samples)
    return (np.clip(wave, -1, 1) * 32767).astype(np.int16)


async def until(condition: Callable[[], Awaitable[bool]], *, seconds: float, what: str, every: float = 0.1) -> float:
    """Wait for `condition`; the seconds it took. Raises with `what` after `seconds`."""
    began = time.monotonic()
    while not await condition():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"not within {seconds} s: {what}")
        await asyncio.sleep(every)
    return time.monotonic() - began
