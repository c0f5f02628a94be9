"""The worker's end of its links to web processes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from suite.kernel.logs import get_logger
from suite.rtc.core.errors import RemoteError
from suite.rtc.link.frames import OF_NO_CHANNEL, Frame, FrameReader, Kind

log = get_logger(__name__)

CHUNK: Final = 256 * 1024
MAX_UNSENT: Final = 64 * 1024 * 1024  # bytes that a stuck web process may leave unread

ChannelId = int  # across all web processes of this worker


class LinkServer:
    """Listens on a Unix socket; hands each frame to `receive(channel, frame)`, and GONE for all of a lost web process."""

    def __init__(
        self, receive: Callable[[ChannelId, Frame], None], greeting: Callable[[], Iterable[tuple[Kind, bytes]]] = tuple
    ) -> None:
        """`greeting` is what a web process is told first: what there is to know of this worker's rooms."""
        self._receive = receive
        self._greeting = greeting
        self._server: asyncio.Server | None = None
        self._path: Path | None = None
        self._webs: set[asyncio.StreamWriter] = set()
        self._channels: dict[ChannelId, tuple[asyncio.StreamWriter, int]] = {}
        self._number = 0

    async def start(self, path: Path) -> None:
        """Listen on `path`, for this user alone; a socket that a dead worker left is replaced."""
        _remove_stale(path)
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, str(path), limit=CHUNK)
        finally:
            os.umask(before)
        self._path = path

    async def close(self) -> None:
        """Stop listening, send what is written, hang up."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._webs):
            writer.close()
            with contextlib.suppress(Exception):
                await asyncio.wait_for(writer.wait_closed(), 1)
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def send(self, channel: ChannelId, kind: Kind, payload: bytes = b"") -> None:
        """Send on a channel; nothing where it is gone. A web process that reads nothing is cut off."""
        found = self._channels.get(channel)
        if found is None:
            return
        writer, number = found
        if writer.transport.get_write_buffer_size() > MAX_UNSENT:
            log.error("web_process_stuck")
            writer.transport.abort()
            return
        _write(writer, Frame(kind, number, payload))

    def forget(self, channel: ChannelId) -> None:
        self._channels.pop(channel, None)

    def broadcast(self, kind: Kind, payload: bytes) -> None:
        """Tell every web process."""
        for writer in self._webs:
            _write(writer, Frame(kind, 0, payload))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames, numbers = FrameReader(), dict[int, ChannelId]()
        for kind, payload in [*self._greeting(), (Kind.SYNCED, b"")]:
            _write(writer, Frame(kind, 0, payload))
        self._webs.add(writer)
        spoke = False
        try:
            while data := await reader.read(CHUNK):
                spoke = True
                for frame in frames.feed(data):
                    self._dispatch(writer, numbers, frame)
        except (OSError, RemoteError) as error:
            if spoke:  # else it is a look at whether anybody listens
                log.warning("web_link_broken", error=type(error).__name__)
        finally:
            self._webs.discard(writer)
            for channel in numbers.values():
                if channel in self._channels:
                    self._receive(channel, Frame(Kind.GONE, 0))
                    self.forget(channel)
            writer.close()

    def _dispatch(self, writer: asyncio.StreamWriter, numbers: dict[int, ChannelId], frame: Frame) -> None:
        if frame.kind in OF_NO_CHANNEL:
            self._receive(0, frame)
            return
        channel = numbers.get(frame.channel)
        if frame.kind in {Kind.JOIN, Kind.CALL} and channel is None:
            self._number += 1
            channel = numbers[frame.channel] = self._number
            self._channels[channel] = (writer, frame.channel)
        if channel is None:
            return
        self._receive(channel, frame)
        if frame.kind in {Kind.GONE, Kind.CALL}:
            numbers.pop(frame.channel, None)
        if frame.kind is Kind.GONE:
            self.forget(channel)


def _write(writer: asyncio.StreamWriter, frame: Frame) -> None:
    """Send a frame; nothing to who has hung up, which whoever reads of it learns a moment later than the transport."""
    if not writer.transport.is_closing():
        writer.write(frame.encode())


def _remove_stale(path: Path) -> None:
    """Remove the socket that a dead worker left; anything else at its place stays, and listening fails."""
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.stat().st_mode):
            path.unlink()
