"""Which worker holds which room."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol


class RoomDirectory(Protocol):
    """Says where a room is; a room that is nowhere is placed."""

    async def place(self, room: str) -> int:
        """The number of the worker that holds `room`, or is to hold it."""

    async def ended(self, room: str, worker: int) -> None:
        """The worker holds the room no longer."""


class HashedDirectory:
    """Places a room by its name: every web process gives the same answer without asking anybody.

    Rendezvous hashing, so that another worker moves no more rooms than it takes over.
    """

    def __init__(self, workers: Sequence[str]) -> None:
        self._workers = list(workers)

    async def place(self, room: str) -> int:
        def weight(number: int) -> bytes:
            return hashlib.blake2b(f"{number}\n{room}".encode(), digest_size=8).digest()

        return max(range(len(self._workers)), key=weight)

    async def ended(self, room: str, worker: int) -> None:
        """Nothing to forget."""


class Leases(Protocol):
    """The part of Valkey that a shared directory needs (`SET key value NX EX seconds`, `GET`, `DEL`)."""

    async def take(self, key: str, value: str, seconds: int) -> str:
        """The value of `key`: `value` where nobody had it."""

    async def drop(self, key: str, value: str) -> None:
        """Forget `key` where it has `value`."""


class LeasedDirectory:
    """Places a room on the worker that `first` names and keeps it there by a lease that several hosts share."""

    def __init__(self, leases: Leases, first: RoomDirectory, *, seconds: int = 6 * 3600) -> None:
        self._leases = leases
        self._first = first
        self._seconds = seconds

    async def place(self, room: str) -> int:
        wanted = await self._first.place(room)
        return int(await self._leases.take(f"rtc:room:{room}", str(wanted), self._seconds))

    async def ended(self, room: str, worker: int) -> None:
        await self._leases.drop(f"rtc:room:{room}", str(worker))
