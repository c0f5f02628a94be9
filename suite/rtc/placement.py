"""On which worker a new room is put: the one with least to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from suite.rtc.link.frames import unpack

ROOM_COST: Final = 0.02  # of a core, for a room of which nothing is known yet
PERSON_COST: Final = 0.005


@dataclass(frozen=True, slots=True)
class Load:
    """What a worker says of itself: `cpu` is the share of a core that it used lately."""

    cpu: float = 0.0
    rooms: int = 0
    participants: int = 0
    draining: bool = False
    counts: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, payload: bytes) -> Load:
        """From a LOAD frame; raises `RemoteError` where it is none."""
        head, _ = unpack(payload)
        return cls(
            cpu=float(head.get("cpu", 0.0)),
            rooms=int(head.get("rooms", 0)),
            participants=int(head.get("participants", 0)),
            draining=bool(head.get("draining")),
            counts=head.get("counts", {}),
        )


def choose(loads: Mapping[str, Load], placed_lately: Callable[[str], int]) -> str | None:
    """The worker for a new room, None where all are draining or gone.

    A load is up to a second old, so the rooms that a worker was given since then count as well.
    """

    def burden(name: str) -> tuple[float, int, str]:
        load = loads[name]
        expected = load.participants * PERSON_COST + (load.rooms + placed_lately(name)) * ROOM_COST
        return max(load.cpu, expected) + placed_lately(name) * ROOM_COST, load.rooms + placed_lately(name), name

    return min((name for name, load in loads.items() if not load.draining), key=burden, default=None)
