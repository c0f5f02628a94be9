"""Marking what one wants to find again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from suite.accounts.public import Viewer
from suite.audit.public import record
from suite.resources.models import Favourite, Resource


@transaction.atomic
def favourite_add(*, resource: Resource, viewer: Viewer, now: datetime) -> None:
    """Mark `resource` among the viewer's favourites; marking again changes nothing. The caller may read it."""
    _mark, made = Favourite.objects.get_or_create(resource=resource, user_id=viewer.user_id, defaults={"added_at": now})
    if made:
        record("resources.favourite.added", actor=viewer.ref, target=resource.ref, organization_id=resource.organization_id,
               at=now)  # fmt: skip


@transaction.atomic
def favourite_remove(*, resource: Resource, viewer: Viewer, now: datetime) -> None:
    """Take the mark away; without one nothing changes. The caller may read `resource`."""
    gone, _kinds = Favourite.objects.filter(resource=resource, user_id=viewer.user_id).delete()
    if gone:
        record("resources.favourite.removed", actor=viewer.ref, target=resource.ref, organization_id=resource.organization_id,
               at=now)  # fmt: skip
