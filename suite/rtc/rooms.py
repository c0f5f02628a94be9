"""The rooms that a web process knows of: who holds each, and what outlives its worker."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Mapping
from typing import Any, Final
from weakref import WeakValueDictionary

from suite.kernel.logs import get_logger
from suite.rtc.directory import DirectoryLost, RoomDirectory
from suite.rtc.link.frames import pack, unpack
from suite.rtc.link.web import WorkerLink

log = get_logger(__name__)

AGAIN: Final = 0.5  # seconds until a directory that did not answer is written to again
CLOSE: Final = 2.0  # seconds for the last words to a directory
LATELY: Final = 2.0  # seconds after which a worker's load speaks of the rooms that it was given


class Rooms:
    """What workers say of their rooms is written to the directory in the order in which they say it.

    A directory that does not answer is told once it does: of each record the last word, so that what waits stays small.
    """

    def __init__(self, directory: RoomDirectory) -> None:
        self.held: dict[str, str] = {}
        self._directory = directory
        self._records: dict[str, dict[str, bytes]] = {}
        self._said_by: dict[str, str] = {}  # the worker that last spoke of the room
        self._placed: deque[tuple[float, str]] = deque(maxlen=10_000)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._writes: dict[tuple[Any, ...], tuple[Any, ...]] = {}
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

    def write_again(self, name: str) -> None:
        """The directory has forgotten the room: whose it is, and all that is kept of it."""
        if name in self.held:
            self._write("claim", name, self.held[name])
        for key, record in self.records(name).items():
            self._write("remember", name, key, record)

    def gone_silent(self, worker: str) -> None:
        """The link to the worker was lost: it is to say again what it holds."""
        for name in self.of(worker):
            self._said_by.pop(name, None)

    def _forget(self, name: str) -> None:
        self.held.pop(name, None)
        self._records.pop(name, None)
        self._said_by.pop(name, None)

    async def close(self) -> None:
        """Write what waits, where the directory answers soon."""
        if self._writing is not None:
            await asyncio.wait({self._writing}, timeout=CLOSE)
            self._writing.cancel()

    def _write(self, method: str, name: str, *what: str | bytes | None) -> None:
        record = (method, name, what[0] if method == "remember" else "")
        self._writes.pop(record, None)
        self._writes[record] = (method, name, *what)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._drain(), name="room directory")

    async def _drain(self) -> None:
        is_lost = False
        while self._writes:
            record, write = next(iter(self._writes.items()))
            method, *what = write
            try:
                await getattr(self._directory, method)(*what)
            except DirectoryLost as lost:
                if not is_lost:
                    log.warning("directory_lost", error=str(lost), waiting=len(self._writes))
                is_lost = True
                await asyncio.sleep(AGAIN)
                continue
            is_lost = False
            if self._writes.get(record) is write:
                del self._writes[record]
