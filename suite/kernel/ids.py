"""Identifiers: UUIDv7 (RFC 9562), so that rows sort by birth."""

from __future__ import annotations

import uuid

from uuid_utils.compat import uuid7 as _uuid7


def uuid7() -> uuid.UUID:
    """A new identifier; the first 48 bits are milliseconds since 1970."""
    return _uuid7()


def parse_uuid(text: object) -> uuid.UUID | None:
    """The identifier that `text` writes, or None where it writes none."""
    try:
        return uuid.UUID(str(text))
    except ValueError:
        return None
