"""Who was there when, from a meeting's records: joins and departures become intervals, and intervals a chart."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from suite.audit.models import Record

WIDTH = 1000  # the chart's own units
NARROWEST = 4
JOINED = "meetings.participant.joined"
GONE = ("meetings.participant.left", "meetings.participant.removed")
STARTED, ENDED = "meetings.meeting.started", "meetings.meeting.ended"


@dataclass(kw_only=True)
class Stay:
    """From `since` to `until`; still there where `until` is None. `x` and `width` are for the chart."""

    since: datetime
    until: datetime | None = None
    x: int = 0
    width: int = 0


@dataclass(kw_only=True)
class Presence:
    """One participant: `total` is the time spent there in all."""

    id: uuid.UUID | None
    name: str
    guest: bool
    stays: list[Stay] = field(default_factory=list)
    total: timedelta = timedelta()


@dataclass(kw_only=True)
class Chart:
    """A meeting from `since` to `until` (None: it goes on) and who was there."""

    title: str
    since: datetime
    until: datetime | None
    people: list[Presence]


def chart_of(records: Sequence[Record], *, now: datetime) -> Chart:
    """The chart of a meeting's `records`, which are in order and at least one."""
    since, until, title = records[0].occurred_at, None, ""
    people: dict[uuid.UUID | None, Presence] = {}
    for record in records:
        title = record.target_label if record.target_kind == "meeting" else title
        if record.action == STARTED:
            since = record.occurred_at
        elif record.action == JOINED:
            _join(people, record)
        elif record.action in GONE:
            for gone in (record.target_id, *map(uuid.UUID, record.details.get("devices", []))):
                _leave(people.get(gone), record.occurred_at)
        elif record.action == ENDED:
            until = record.occurred_at
            for presence in people.values():
                _leave(presence, until)
    _measure(list(people.values()), since=since, end=until or now)
    return Chart(title=title, since=since, until=until, people=list(people.values()))


def _join(people: dict[uuid.UUID | None, Presence], record: Record) -> None:
    presence = people.setdefault(
        record.target_id, Presence(id=record.target_id, name=record.target_label, guest=record.actor_kind == "guest")
    )
    if not presence.stays or presence.stays[-1].until is not None:
        presence.stays.append(Stay(since=record.occurred_at))


def _leave(presence: Presence | None, at: datetime) -> None:
    if presence is not None and presence.stays and presence.stays[-1].until is None:
        presence.stays[-1].until = max(at, presence.stays[-1].since)


def _measure(people: list[Presence], *, since: datetime, end: datetime) -> None:
    whole = max((end - since).total_seconds(), 1.0)
    for presence in people:
        for stay in presence.stays:
            until = stay.until or end
            stay.x = _clamp(round((stay.since - since).total_seconds() / whole * WIDTH), WIDTH - NARROWEST)
            stay.width = max(NARROWEST, _clamp(round((until - since).total_seconds() / whole * WIDTH), WIDTH) - stay.x)
            presence.total += until - stay.since


def _clamp(value: int, highest: int) -> int:
    return max(0, min(value, highest))
