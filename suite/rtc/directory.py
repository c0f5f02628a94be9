"""Which worker holds which room, and what is kept of rooms outside the workers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

MAX_REVOCATIONS: Final = 20_000


class DirectoryLost(Exception):
    """The directory does not answer: nobody can say where a room is."""


class RoomDirectory(Protocol):
    """Shared by all web processes. Workers have names; every method may raise `DirectoryLost`."""

    async def claim(self, room: str, worker: str, *, instead_of: str = "") -> str:
        """Give the room to `worker` where nobody, or `instead_of`, holds it; returns who holds it then."""

    async def holder(self, room: str) -> str:
        """Who holds the room; empty for nobody."""

    async def renew(self, rooms: Mapping[str, str]) -> set[str]:
        """The workers still hold these rooms; returns those of which the directory knows that no longer."""

    async def release(self, room: str, worker: str) -> None:
        """The worker holds the room no longer."""

    async def remember(self, room: str, key: str, record: bytes | None) -> None:
        """Keep a record of a room, or forget it."""

    async def recall(self, room: str) -> dict[str, bytes]:
        """What is kept of a room, by key."""

    async def forget(self, room: str) -> None:
        """Forget all of a room."""

    async def revoke(self, room: str, identity: str, at: float) -> None:
        """Refuse the identity's tokens that were issued until `at`, whether or not it is there now."""

    async def revoked(self, room: str, identity: str) -> float:
        """Until when issued tokens are refused; 0 where none are."""

    async def announce(self, workers: Mapping[str, Mapping[str, Any]]) -> None:
        """These workers are there; by name, with the path of their socket."""

    async def announced(self) -> dict[str, dict[str, Any]]:
        """The workers of all web processes that were announced lately."""

    async def close(self) -> None:
        """Let go of what is held."""


class OwnDirectory:
    """For one web process, in its memory: its workers tell it again what they hold when it starts anew."""

    def __init__(self) -> None:
        self._rooms: dict[str, str] = {}
        self._revoked: dict[tuple[str, str], float] = {}

    async def claim(self, room: str, worker: str, *, instead_of: str = "") -> str:
        if self._rooms.get(room, instead_of) == instead_of:
            self._rooms[room] = worker
        return self._rooms[room]

    async def holder(self, room: str) -> str:
        return self._rooms.get(room, "")

    async def renew(self, rooms: Mapping[str, str]) -> set[str]:
        """Nothing ends by itself here."""
        del rooms
        return set()

    async def release(self, room: str, worker: str) -> None:
        if self._rooms.get(room) == worker:
            del self._rooms[room]

    async def remember(self, room: str, key: str, record: bytes | None) -> None:
        """The web process has it."""

    async def recall(self, room: str) -> dict[str, bytes]:
        del room
        return {}

    async def forget(self, room: str) -> None:
        """Nothing is kept."""

    async def revoke(self, room: str, identity: str, at: float) -> None:
        before = self._revoked.pop((room, identity), 0.0)
        self._revoked[room, identity] = max(at, before)
        while len(self._revoked) > MAX_REVOCATIONS:
            del self._revoked[next(iter(self._revoked))]

    async def revoked(self, room: str, identity: str) -> float:
        return self._revoked.get((room, identity), 0.0)

    async def announce(self, workers: Mapping[str, Mapping[str, Any]]) -> None:
        """There is nobody to tell."""

    async def announced(self) -> dict[str, dict[str, Any]]:
        return {}

    async def close(self) -> None:
        """Nothing is held."""
