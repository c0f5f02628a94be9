"""Making and naming what can be shared: written once, for every kind."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from suite.accounts.public import Viewer
from suite.audit.public import record
from suite.kernel.refs import ActorRef
from suite.kernel.text import one_line
from suite.resources.models import Access, LinkReach, Resource, ResourceKind, ResourceRole


@transaction.atomic
def resource_create(
    *,
    kind: ResourceKind,
    organization_id: uuid.UUID,
    owner_id: uuid.UUID | None,
    title: str,
    actor: ActorRef,
    now: datetime,
    link_reach: LinkReach = LinkReach.RESTRICTED,
    link_role: ResourceRole = ResourceRole.READER,
    context: uuid.UUID | None = None,
) -> Resource:
    """A new resource, with its owner's access where it has an owner. The caller writes its own table's row beside it."""
    resource = Resource.objects.create(
        kind=kind,
        organization_id=organization_id,
        owner_id=owner_id,
        title=clean_title(title),
        link_reach=link_reach,
        link_role=link_role,
        created_at=now,
        updated_at=now,
    )
    if owner_id is not None:
        Access.objects.create(resource=resource, role=ResourceRole.OWNER, user_id=owner_id, granted_at=now)
    record(
        f"resources.{kind}.created", actor=actor, target=resource.ref, organization_id=organization_id, at=now, context=context
    )
    return resource


@transaction.atomic
def resource_rename(*, resource: Resource, title: str, viewer: Viewer, now: datetime) -> None:
    """Give `resource` another title; the caller holds the right to edit it."""
    resource.title = clean_title(title)
    resource.updated_at = now
    resource.save(update_fields=["title", "updated_at"])
    record(f"resources.{resource.kind}.renamed", actor=viewer.ref, target=resource.ref,
           organization_id=resource.organization_id, at=now)  # fmt: skip


def clean_title(title: str) -> str:
    """One line of printable text, at most 300 characters."""
    return one_line(title, 300)
