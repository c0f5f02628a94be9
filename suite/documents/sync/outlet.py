"""The way out to one client: a bounded queue and one task that writes, so that a slow client holds up nobody."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

QUEUED_BYTES_MAX = 8 * 1024 * 1024
QUEUED_FRAMES_MAX = 5_000


class Outlet:
    """Frames for one client. `write` sends one and may wait; `overflowed` is called once, when the client is too slow."""

    def __init__(self, *, write: Callable[[bytes], Awaitable[None]], overflowed: Callable[[], None]) -> None:
        self._write = write
        self._overflowed = overflowed
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._open = True
        self._task = asyncio.create_task(self._run())

    def put(self, frame: bytes) -> None:
        """Queue `frame`, however large, behind at most the bounds; beyond them all is let go of and the client given up."""
        if not self._open:
            return
        if self._bytes > QUEUED_BYTES_MAX or len(self._frames) >= QUEUED_FRAMES_MAX:
            self.shut()
            self._overflowed()
            return
        self._frames.append(frame)
        self._bytes += len(frame)
        self._filled.set()

    def shut(self) -> None:
        """Send nothing more."""
        self._open = False
        self._frames.clear()
        self._bytes = 0
        if self._task is not asyncio.current_task():
            self._task.cancel()

    async def _run(self) -> None:
        while self._open:
            await self._filled.wait()
            self._filled.clear()
            while self._frames:
                frame = self._frames.popleft()
                self._bytes -= len(frame)
                await self._write(frame)
