"""How much there is in a worker's rooms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from suite.rtc.core.state import RoomState


def count_rooms(rooms: Iterable[RoomState]) -> dict[str, Any]:
    """Participants, and tracks published and followed by kind."""
    participants, published, subscribed = 0, Counter[str](), Counter[str]()
    for room in rooms:
        participants += len(room.participants)
        for participant in room.participants.values():
            published.update(track.kind for track in participant.tracks.values())
            subscribed.update(s.kind for s in participant.subscriptions.values() if s.flowing)
    return {"participants": participants, "published": dict(published), "subscribed": dict(subscribed)}
