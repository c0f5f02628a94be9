"""Who was in a meeting, told by person: somebody who lost the line, reloaded or came with a telephone too was there once."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from suite.meetings.models import Meeting, Participation


@dataclass(slots=True)
class Attendance:
    """One person, or the microphone of a meeting room, and when they were in, in the order of coming; None: still in."""

    name: str
    is_guest: bool
    shared_microphone: bool
    stays: list[tuple[datetime, datetime | None]] = field(default_factory=list)

    @property
    def came_at(self) -> datetime:
        return self.stays[0][0]

    @property
    def stayed_until(self) -> datetime | None:
        """As if they had stayed in one go from `came_at`; None: still in."""
        inside, until = timedelta(), self.came_at
        for came, went in self.stays:
            if went is None:
                return None
            inside += max(timedelta(), went - max(came, until))
            until = max(until, went)
        return self.came_at + inside


def attendance_of(meeting: Meeting) -> list[Attendance]:
    """Everybody who was let in and came, in the order of their first coming. A guest is who asked at the door, each time."""
    found: dict[tuple[uuid.UUID, str], Attendance] = {}
    for one in meeting.participations.filter(joined_at__isnull=False).order_by("joined_at"):
        attendance = found.setdefault(_same(one), Attendance(one.name, one.is_guest, one.shared_microphone))
        if one.joined_at is not None:
            attendance.stays.append((one.joined_at, one.left_at))
    return list(found.values())


def _same(participation: Participation) -> tuple[uuid.UUID, str]:
    return participation.user_id or participation.id, participation.name
