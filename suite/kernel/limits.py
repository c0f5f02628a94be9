"""How often something was asked for lately: what strangers may do without an account is counted."""

from __future__ import annotations

from datetime import datetime

from django.core.cache import cache

from suite.kernel import clock

KEPT_SECONDS = 120


def minute_of(now: datetime) -> int:
    """Counted from 1970."""
    return int(now.timestamp()) // 60


def times_this_minute(what: str) -> int:
    """How often `what` was asked for in this minute, this time included."""
    key = f"{what}:{minute_of(clock.now())}"
    cache.add(key, 0, timeout=KEPT_SECONDS)
    try:
        return int(cache.incr(key))
    except ValueError:  # forgotten between the two
        return 1
