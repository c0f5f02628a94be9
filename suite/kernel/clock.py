"""The one place where time is read; services are handed `now`."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present, UTC."""
    return datetime.now(UTC)
