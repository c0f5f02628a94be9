"""The audit of a meeting: every act in it stands under the meeting's id."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from suite.audit.public import record
from suite.kernel.refs import ActorRef, TargetRef
from suite.meetings.models import Meeting


def record_in(
    meeting: Meeting, action: str, *, actor: ActorRef, at: datetime, target: TargetRef | None = None, **details: Any
) -> None:
    """Record an act in `meeting`, on `target` or on the meeting itself."""
    record(
        action,
        actor=actor,
        target=target or meeting.ref,
        organization_id=meeting.organization_id,
        at=at,
        context=meeting.id,
        **details,
    )
