"""The rooms that a web process knows of: who holds each, and what outlives its worker."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Mapping
from typing import Final
from weakref import WeakValueDictionary

from suite.kernel.logs import get_logger
from suite.rtc.directory import DirectoryLost, RoomDirectory
from suite.rtc.link.frames import pack, unpack
from suite.rtc.link.web import WorkerLink

log = get_logger(__name__)

LATELY: Final = 2.0  # seconds after which a worker's load speaks of the rooms that it was given


class Rooms:
    """What workers say of their rooms is written to the directory in the order in which they say it."""

    def __init__(self, directory: RoomDirectory) -> None:
        self.held: dict[str, str] = {}
        self._directory = directory
        self._records: dict[str, dict[str, bytes]] = {}
        self._said_by: dict[str, str] = {}  # the worker that last spoke of the room
        self._placed: deque[tuple[float, str]] = deque(maxlen=10_000)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._writes: deque[tuple[str, ...] | tuple[str, str, str, bytes | None]] = deque()
        self._writing: asyncio.Task[None] | None = None

    def lock(self, name: str) -> asyncio.Lock:
        """One decision at a time on where a room is."""
        return self._locks.setdefault(name, asyncio.Lock())

    def of(self, worker: str) -> list[str]:
        return [name for name, holder in self.held.items() if holder == worker]

    def records(self, name: str) -> dict[str, bytes]:
        return self._records.get(name, {})

    @staticmethod
    def pack(name: str, records: Mapping[str, bytes]) -> bytes:
        """The payload of RESTORE."""
        return pack({"room": name}, json.dumps({key: json.loads(text) for key, text in records.items()}).encode())

    def hold(self, name: str, worker: str) -> None:
        if self.held.get(name) != worker:
            self._placed.append((time.monotonic(), worker))
        self.held[name] = worker
        self._said_by.pop(name, None)

    def placed_lately(self, worker: str) -> int:
        """How many rooms the worker was given of which its load says nothing yet."""
        now = time.monotonic()
        while self._placed and self._placed[0][0] < now - LATELY:
            self._placed.popleft()
        return sum(1 for _, name in self._placed if name == worker)

    def confirmed(self, name: str, *, by: WorkerLink | None) -> bool:
        """Whether the worker that is there says that it holds the room, or another holds it by now."""
        return by is not None and self._said_by.get(name) == by.path

    def remember(self, worker: str, payload: bytes) -> None:
        """A worker says what to keep of a room that it holds."""
        head, record = unpack(payload)
        name, key = str(head["room"]), str(head["key"])
        if self.held.get(name) != worker:
            self._write("claim", name, worker)
        self.held[name] = self._said_by[name] = worker
        kept = self._records.setdefault(name, {})
        if head.get("gone"):
            kept.pop(key, None)
            self._write("remember", name, key, None)
        else:
            kept[key] = record
            self._write("remember", name, key, record)

    def ended(self, name: str, worker: str) -> None:
        """The worker says that the room is over."""
        if self.held.get(name) != worker:
            return
        self._forget(name)
        self._write("forget", name)
        self._write("release", name, worker)

    def drop(self, name: str, worker: str) -> None:
        """Nobody could take the room over: whoever joins it next finds it in the directory, if there."""
        if self.held.get(name) == worker:
            self._forget(name)
            self._write("release", name, worker)

    def settle(self, name: str, *, release: bool) -> None:
        """Forget where a room was placed that did not come to be; in the directory too where we know that."""
        worker = self.held.get(name)
        if worker is not None and name not in self._records:
            self._forget(name)
            if release:
                self._write("release", name, worker)

    def gone_silent(self, worker: str) -> None:
        """The link to the worker was lost: it is to say again what it holds."""
        for name in self.of(worker):
            self._said_by.pop(name, None)

    def _forget(self, name: str) -> None:
        self.held.pop(name, None)
        self._records.pop(name, None)
        self._said_by.pop(name, None)

    def _write(self, *what: str | bytes | None) -> None:
        self._writes.append(what)  # type: ignore[arg-type]  # as the methods take them
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._drain(), name="room directory")

    async def _drain(self) -> None:
        while self._writes:
            method, *what = self._writes.popleft()
            try:
                await getattr(self._directory, str(method))(*what)
            except DirectoryLost as lost:
                log.warning("directory_lost", error=str(lost), waiting=len(self._writes))
