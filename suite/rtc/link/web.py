"""The web process's end of the link to a worker."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from suite.kernel.logs import get_logger
from suite.rtc.core.errors import RemoteError, ServiceError
from suite.rtc.link.frames import NEWS, Frame, FrameReader, Kind, pack, unpack

log = get_logger(__name__)

CHUNK: Final = 256 * 1024
MAX_WAITING_FRAMES: Final = 2_000  # of one browser that reads slowly
MAX_WAITING_BYTES: Final = 4 * 1024 * 1024
CALL_DEADLINE: Final = 10.0  # seconds for a worker to answer a call
CONNECT_DEADLINE: Final = 2.0
UNAVAILABLE: Final = ("unavailable", "the media server is not answering")


class WorkerLost(Exception):
    """The worker cannot be reached, or has gone."""


class Channel:
    """One browser's or one call's frames from the worker, in order; too many of them close it, and it alone."""

    def __init__(self, link: WorkerLink, number: int) -> None:
        self.number = number
        self._link = link
        self._frames: deque[Frame] = deque()
        self._bytes = 0
        self._arrived = asyncio.Event()
        self.lost = False
        self.overflowed = False

    def deliver(self, frame: Frame) -> None:
        if self.overflowed:
            return
        self._frames.append(frame)
        self._bytes += len(frame.payload)
        if len(self._frames) > MAX_WAITING_FRAMES or self._bytes > MAX_WAITING_BYTES:
            self.overflowed = True
            self._frames.clear()
        self._arrived.set()

    def lose(self) -> None:
        self.lost = True
        self._arrived.set()

    async def receive(self) -> Frame:
        """The next frame; raises `WorkerLost` where none will come."""
        while not self._frames:
            if self.lost or self.overflowed:
                raise WorkerLost
            self._arrived.clear()
            await self._arrived.wait()
        frame = self._frames.popleft()
        self._bytes -= len(frame.payload)
        return frame

    async def send(self, kind: Kind, payload: bytes = b"") -> None:
        await self._link.write(Frame(kind, self.number, payload))

    def close(self) -> None:
        """Forget the channel; the worker is told by the caller where it has to know."""
        self._link.forget(self.number)


class WorkerLink:
    """One stream to one worker; connected when it is first needed, and again after it was lost."""

    def __init__(self, path: str, news: Callable[[Frame], None], lost: Callable[[], None] = lambda: None) -> None:
        """`news` is given what concerns no channel, before what comes after it; `lost` is told when the worker is gone."""
        self.path = path
        self._news = news
        self._lost = lost
        self._synced = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._channels: dict[int, Channel] = {}
        self._number = 0
        self._connecting = asyncio.Lock()
        self._closing = False

    @property
    def connected(self) -> bool:
        return self._writer is not None and self._synced.is_set()

    async def tell(self, kind: Kind, payload: bytes = b"") -> None:
        """Send what concerns no channel; raises `WorkerLost`."""
        await self.connect()
        await self.write(Frame(kind, 0, payload))

    async def open(self) -> Channel:
        """A new channel; raises `WorkerLost` where the worker does not listen."""
        await self.connect()
        self._number += 1
        channel = self._channels[self._number] = Channel(self, self._number)
        return channel

    async def call(self, method: str, request: bytes, *, deadline: float = CALL_DEADLINE) -> bytes:
        """Call the server API; raises `ServiceError` with the worker's refusal, or `unavailable` after `deadline` seconds."""
        try:
            channel = await self.open()
        except WorkerLost as error:
            raise ServiceError(*UNAVAILABLE) from error
        try:
            await channel.send(Kind.CALL, pack({"method": method}, request))
            frame = await asyncio.wait_for(channel.receive(), deadline)
        except (WorkerLost, TimeoutError) as error:
            raise ServiceError(*UNAVAILABLE) from error
        finally:
            channel.close()
        if frame.kind is Kind.ERROR:
            head, _ = unpack(frame.payload)
            raise ServiceError(str(head["code"]), str(head["message"]))
        return frame.payload

    async def write(self, frame: Frame) -> None:
        if self._writer is None:
            raise WorkerLost
        try:
            self._writer.write(frame.encode())
            await self._writer.drain()
        except (ConnectionError, RuntimeError) as error:
            raise WorkerLost from error

    def forget(self, number: int) -> None:
        self._channels.pop(number, None)

    async def close(self) -> None:
        """Hang up; the worker is not lost for that."""
        self._closing = True
        if self._reading is not None:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reading

    async def connect(self) -> None:
        """Connect, where that is not done, and learn which rooms the worker holds; raises `WorkerLost`."""
        async with self._connecting:
            if self.connected:
                return
            try:
                opening = asyncio.open_unix_connection(self.path, limit=CHUNK)
                reader, writer = await asyncio.wait_for(opening, CONNECT_DEADLINE)
            except (OSError, TimeoutError) as error:
                raise WorkerLost from error
            self._writer = writer
            self._synced.clear()
            self._reading = asyncio.create_task(self._read(reader, writer), name=f"worker link {self.path}")
            try:
                await asyncio.wait_for(self._synced.wait(), CONNECT_DEADLINE)
            except TimeoutError as error:
                writer.transport.abort()
                raise WorkerLost from error
            if self._writer is None:
                raise WorkerLost

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames = FrameReader()
        try:
            while data := await reader.read(CHUNK):
                for frame in frames.feed(data):
                    self._dispatch(frame)
        except (OSError, RemoteError) as error:
            log.warning("worker_link_broken", error=type(error).__name__)
        finally:
            writer.close()
            self._writer = None
            was_synced = self._synced.is_set()
            self._synced.set()  # whoever waits is to look
            channels, self._channels = self._channels, {}
            for channel in channels.values():
                channel.lose()
            if was_synced and not self._closing:
                self._lost()

    def _dispatch(self, frame: Frame) -> None:
        if frame.kind in NEWS:
            self._news(frame)
            return
        if frame.kind is Kind.SYNCED:
            self._synced.set()
            return
        channel = self._channels.get(frame.channel)
        if channel is not None:
            channel.deliver(frame)


def join_payload(claims: dict[str, Any], request: bytes, *, single: bool, only_asking: bool = False) -> bytes:
    """What a JOIN carries; `only_asking` where nobody is to come in."""
    return pack({"claims": claims, "single": single, "only_asking": only_asking}, request)
