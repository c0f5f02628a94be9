"""Waiting at the door: a lost line costs nobody their place, nobody waits for ever who has gone, and nobody floods it."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from datetime import datetime, timedelta
from typing import Final

import redis
from django.core.cache import cache

from suite.kernel.context import origin
from suite.kernel.errors import TooMany
from suite.kernel.limits import times_this_minute
from suite.meetings.models import Participation, ParticipationState
from suite.meetings.reconciliation import is_gone
from suite.meetings.services.participations import participation_left

GRACE: Final = timedelta(seconds=20)  # as long as the media server waits for somebody inside (`media.ROOM_DEPARTURE_SECONDS`)
SAID_SECONDS: Final = 2.0  # between two words of an open socket
SWEEP_SECONDS: Final = 5.0
KNOCKS_A_MINUTE: Final = 60  # of one address: a class behind one line comes in at once


def count_knock(room_id: uuid.UUID) -> None:
    """A stranger asks at a room's door, or gives another name there: each time is a record, and a word to the hosts.

    Raises `TooMany` where their address does so more than `KNOCKS_A_MINUTE`.
    """
    if times_this_minute(f"meetings.knock.{room_id}:{origin().address}") > KNOCKS_A_MINUTE:
        raise TooMany


async def stay(participation_id: uuid.UUID) -> None:
    """Say again and again that somebody waits, until this is cancelled: their socket closed, or they were let in."""
    while True:
        with contextlib.suppress(redis.RedisError):
            await cache.aset(_name(participation_id), value=True, timeout=3 * SAID_SECONDS)
        await asyncio.sleep(SAID_SECONDS)


def see_off(*, now: datetime) -> None:
    """Take those from the door of whom nothing was seen for `GRACE`; a cache that forgets only makes it later."""
    waiting = Participation.objects.select_related("meeting").filter(
        state=ParticipationState.WAITING, meeting__ended_at=None, asked_at__lt=now - GRACE
    )
    for participation in waiting:
        seen = bool(cache.get(_name(participation.id)))
        if is_gone(participation.id, seen=seen, now=now, after=GRACE.total_seconds()):
            participation_left(participation=participation, now=now)


def was_let_in_meanwhile(participation: Participation) -> bool:
    """Whether somebody who waited was admitted and has not come yet: their line may have been lost at that moment."""
    admitted_at = participation.admitted_at
    return (
        participation.state == ParticipationState.ADMITTED
        and participation.joined_at is None
        and admitted_at is not None
        and admitted_at > participation.asked_at
    )


def _name(participation_id: uuid.UUID) -> str:
    return f"meetings.at_door.{participation_id}"
