"""Rooms: made once, met in again and again."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from suite.accounts.public import Viewer
from suite.meetings.models import Room
from suite.resources.public import LinkReach, ResourceKind, ResourceRole, resource_create, resource_erase

SLUG_LETTERS = "abcdefghjkmnpqrstuvwxyz"  # read aloud without confusion


@transaction.atomic
def room_create(*, viewer: Viewer, title: str, now: datetime) -> Room:
    """A new room of the viewer's; colleagues enter by its link, others wait to be let in."""
    resource = resource_create(
        kind=ResourceKind.ROOM,
        organization_id=viewer.organization_id,
        owner_id=viewer.user_id,
        title=title.strip() or _("%(name)s’s meeting") % {"name": viewer.name},
        actor=viewer.ref,
        now=now,
        link_reach=LinkReach.ORGANIZATION,
        link_role=ResourceRole.READER,
    )
    return Room.objects.create(resource=resource, slug=new_slug())


@transaction.atomic
def room_erase(*, room_id: uuid.UUID, now: datetime) -> None:
    """Remove a room that was deleted for ever; quietly nothing where it is gone.

    One in which people met stays, out of everybody's reach: the pages of its meetings lean on it.
    """
    room = Room.objects.filter(pk=room_id, resource__purged_at__isnull=False).first()
    if room is None or room.meetings.exists():
        return
    room.delete()
    resource_erase(resource_id=room_id, now=now)


def new_slug() -> str:
    """Three, four and three letters: 45 bits, and a stranger who guesses them may only knock."""
    letters = "".join(secrets.choice(SLUG_LETTERS) for _position in range(10))
    return f"{letters[:3]}-{letters[3:7]}-{letters[7:]}"
