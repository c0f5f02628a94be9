"""What a person opened last: written by every kind when its page opens."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from suite.accounts.public import Viewer
from suite.audit.public import record
from suite.resources.models import Opening, Resource

SITTING = timedelta(minutes=30)  # reloading, coming back and reading on within it is one act for the audit


@transaction.atomic
def resource_opened(*, resource: Resource, viewer: Viewer, now: datetime) -> None:
    """The viewer opens `resource`: first among their recents, on record once a `SITTING`. They may read it."""
    opening, made = Opening.objects.get_or_create(
        resource=resource, user_id=viewer.user_id, defaults={"opened_at": now, "recorded_at": now}
    )
    is_new = made or now - opening.recorded_at > SITTING
    if not made:
        opening.opened_at = now
        opening.recorded_at = now if is_new else opening.recorded_at
        opening.save(update_fields=["opened_at", "recorded_at"])
    if is_new:
        record(f"resources.{resource.kind}.opened", actor=viewer.ref, target=resource.ref,
               organization_id=resource.organization_id, at=now)  # fmt: skip
