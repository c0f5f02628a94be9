"""Who comes in a minute, when, where and how they go: the same for the same seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

STAY: Final = "stay"  # the room of those who stay
HALLS: Final = ("hall-0", "hall-1")  # rooms that begin and end with whoever is there
KINDS: Final = {
    "speaks": 5,  # sound and reliable messages
    "shows": 2,  # a picture as well
    "resumes": 2,  # loses its signalling, and goes on
    "restarts": 1,  # begins anew with everything in between
    "killed": 1,  # its process is killed
    "frozen": 1,  # its process stops without a word, and is killed when nobody waits for it any more
    "refused": 2,  # its token is no good
    "deleted": 2,  # its room is made by the room service, and deleted under it
}
ALWAYS: Final = ("shows", "resumes", "restarts")  # one of each of these comes to those who stay
STAYS: Final = (5.0, 30.0)  # seconds
FROZEN: Final = 40.0  # seconds: longer than the server waits for a sign
LOST: Final = ("killed", "frozen")  # who says nothing when it goes


@dataclass(frozen=True, slots=True)
class Visit:
    """One arrival: `at` and `stays` in seconds."""

    kind: str
    identity: str
    room: str
    at: float
    stays: float
    single: bool


def visits(seed: int, minute: int) -> list[Visit]:
    """Everyone who comes in that minute, by time."""
    chance = random.Random(f"{seed}/{minute}")
    found: list[Visit] = []
    for kind, count in KINDS.items():
        for number in range(count):
            room = STAY if chance.random() < 0.2 or (number == 0 and kind in ALWAYS) else chance.choice(HALLS)
            made = kind == "deleted"
            found.append(
                Visit(
                    kind=kind,
                    identity=f"{kind}-{minute}-{number}",
                    room=f"made-{minute}" if made else room,
                    at=20.0 + number if made else chance.uniform(0, 58),
                    stays=chance.uniform(*STAYS),
                    single=chance.random() < 0.5,
                )
            )
    return sorted(found, key=lambda visit: visit.at)
