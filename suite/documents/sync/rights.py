"""Rights read again and again, once for all the sockets of one browser in one document."""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass

from suite.documents.access import Right, right_of_session
from suite.kernel.database import in_database

KEPT_MAX = 2_000
Key = tuple[str | None, uuid.UUID]  # a session's key, a document


@dataclass(frozen=True, slots=True)
class Reading:
    """A right being read or read; `begun_at` is monotonic seconds: what was changed before shows in it."""

    begun_at: float
    task: asyncio.Task[Right]


_readings: dict[Key, Reading] = {}


async def read_right(*, session_key: str | None, document_id: uuid.UUID, since: float) -> tuple[Right, float]:
    """The right as the database had it at `since` (monotonic seconds) or later, and when it was read.

    Raises `NotSignedIn` or `NotFound`.
    """
    key = (session_key, document_id)
    reading = _readings.get(key)
    if reading is None or reading.begun_at < since:
        if len(_readings) >= KEPT_MAX:
            _readings.clear()
        call = in_database(right_of_session, session_key=session_key, document_id=document_id)
        reading = _readings[key] = Reading(time.monotonic(), asyncio.ensure_future(call))
    try:
        right = await asyncio.shield(reading.task)
    except BaseException:
        if _readings.get(key) is reading:
            del _readings[key]
        raise
    return right, reading.begun_at
