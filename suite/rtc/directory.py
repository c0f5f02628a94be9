"""Which worker holds which room."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol


class RoomDirectory(Protocol):
    """Says where a room is; a room that is nowhere is placed.

    Where rooms are placed by load on several hosts, this is where a lease in Valkey (`SET NX EX`) goes.
    """

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
