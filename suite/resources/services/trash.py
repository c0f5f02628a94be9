"""The trash: out of everybody's reach, back again, or gone for ever. Written once, for every kind."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from suite.accounts.public import Viewer
from suite.audit.public import record
from suite.kernel.errors import NotFound
from suite.kernel.events import publish
from suite.kernel.refs import SYSTEM, ActorRef
from suite.resources.errors import NotNamed
from suite.resources.events import AccessChanged, ResourcePurged
from suite.resources.models import Resource
from suite.resources.places import check_unused


@transaction.atomic
def resource_discard(*, resource: Resource, viewer: Viewer, now: datetime) -> None:
    """Put `resource` in the trash: nobody reaches it there, open sockets close; the caller owns it.

    Raises `InUse` where its app says so. That is asked once the row is held, so that nobody begins to use it in between.
    """
    resource.deleted_at, resource.deleted_by_id = now, viewer.user_id
    resource.save(update_fields=["deleted_at", "deleted_by"])
    check_unused(resource)
    record(f"resources.{resource.kind}.discarded", actor=viewer.ref, target=resource.ref,
           organization_id=resource.organization_id, at=now)  # fmt: skip
    publish(AccessChanged(resource_id=resource.id, at=now))


@transaction.atomic
def resource_restore(*, resource: Resource, viewer: Viewer, now: datetime) -> None:
    """Take `resource` out of the trash, with the rights that it had; the caller administers it.

    Raises `NotFound` where it is not there any more.
    """
    if not _in_trash(resource.id):
        raise NotFound
    resource.deleted_at, resource.deleted_by_id = None, None
    resource.save(update_fields=["deleted_at", "deleted_by"])
    record(f"resources.{resource.kind}.restored", actor=viewer.ref, target=resource.ref,
           organization_id=resource.organization_id, at=now)  # fmt: skip
    publish(AccessChanged(resource_id=resource.id, at=now))


@transaction.atomic
def resource_delete_for_ever(*, resource: Resource, name: str, typed: str, viewer: Viewer, now: datetime) -> None:
    """Delete `resource` from the trash, confirmed by its name as the page showed it; the caller owns it.

    Raises `NotNamed` where `typed` is another name, `NotFound` where it is not in the trash any more.
    """
    if _spoken(typed) != _spoken(name):
        raise NotNamed
    resource_purge(resource=resource, actor=viewer.ref, now=now)


@transaction.atomic
def resource_purge(*, resource: Resource, actor: ActorRef, now: datetime) -> None:
    """Give `resource` up: from now on it is nowhere, and its app erases its content. Raises `NotFound` outside the trash."""
    if not _in_trash(resource.id):
        raise NotFound
    Resource.objects.filter(id=resource.id).update(purged_at=now)
    record(f"resources.{resource.kind}.purged", actor=actor, target=resource.ref, organization_id=resource.organization_id,
           at=now)  # fmt: skip
    publish(ResourcePurged(resource_id=resource.id, kind=resource.kind, at=now))


@transaction.atomic
def resource_erase(*, resource_id: uuid.UUID, now: datetime) -> None:
    """Remove the row of a purged resource with its accesses, marks, requests and invitations; its app has removed its own.

    Quietly nothing where it is gone already.
    """
    resource = Resource.objects.select_for_update().filter(id=resource_id, purged_at__isnull=False).first()
    if resource is None:
        return
    ref, organization_id = resource.ref, resource.organization_id
    resource.delete()
    record(f"resources.{resource.kind}.erased", actor=SYSTEM, target=ref, organization_id=organization_id, at=now)


def trash_empty(*, now: datetime) -> int:
    """Purge what has been in the trash for `TRASH_DAYS`; how many."""
    due = Resource.objects.filter(deleted_at__lt=now - timedelta(days=settings.TRASH_DAYS), purged_at=None)
    emptied = 0
    for resource in due.order_by("deleted_at").iterator():
        resource_purge(resource=resource, actor=SYSTEM, now=now)
        emptied += 1
    return emptied


def _in_trash(resource_id: uuid.UUID) -> bool:
    """Whether it is there, held until this transaction ends: of two who restore and delete, one comes too late."""
    held = Resource.objects.select_for_update().filter(id=resource_id, deleted_at__isnull=False, purged_at=None)
    return held.first() is not None


def _spoken(name: str) -> str:
    return " ".join(name.split()).casefold()
