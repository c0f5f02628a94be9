"""The channel layer's groups through which a person's open sockets are closed."""

from __future__ import annotations

import hashlib
import uuid

from suite.accounts.viewer import Viewer


def person_group(user_id: uuid.UUID) -> str:
    """The group of all sockets of one person."""
    return f"person.{user_id.hex}"


def sign_in_group(session_key: str) -> str:
    """The group of all sockets of one browser's session; the key itself leaves no trace in the channel layer."""
    return f"sign_in.{hashlib.sha256(session_key.encode()).hexdigest()[:40]}"


def groups_of_socket(*, viewer: Viewer, session_key: str | None) -> list[str]:
    """The groups that a signed-in person's socket joins when it opens."""
    return [person_group(viewer.user_id), *([sign_in_group(session_key)] if session_key else [])]
