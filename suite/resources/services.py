"""Making, renaming, sharing and discarding what can be shared: written once, for every kind."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TypedDict, Unpack

from django.db import transaction

from suite.accounts.public import Viewer
from suite.audit.public import record
from suite.kernel.errors import BadInput
from suite.kernel.events import publish
from suite.kernel.refs import ActorRef
from suite.resources.events import AccessChanged
from suite.resources.models import Access, LinkReach, Resource, ResourceKind, ResourceRole


class Principal(TypedDict, total=False):
    """Exactly one of them."""

    user_id: uuid.UUID
    group_id: uuid.UUID
    unit_id: uuid.UUID
    organization_id: uuid.UUID


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


@transaction.atomic
def access_grant(
    *,
    resource: Resource,
    role: ResourceRole,
    actor: ActorRef,
    now: datetime,
    context: uuid.UUID | None = None,
    **principal: Unpack[Principal],
) -> Access:
    """Give `role` to one principal, or change the role it has; the caller holds the right to administer `resource`."""
    if len(principal) != 1:
        raise BadInput
    access, _created = Access.objects.update_or_create(
        resource=resource, **principal, defaults={"role": role}, create_defaults={"role": role, "granted_at": now, **principal}
    )
    ((kind, principal_id),) = principal.items()
    record("resources.access.granted", actor=actor, target=resource.ref, organization_id=resource.organization_id, at=now,
           context=context, role=str(role), principal=kind.removesuffix("_id"), principal_id=str(principal_id))  # fmt: skip
    publish(AccessChanged(resource_id=resource.id, at=now))
    return access


@transaction.atomic
def access_revoke(*, access: Access, actor: ActorRef, now: datetime) -> None:
    """Take an access away; open sockets of that resource read their right again. The last owner stays."""
    resource = access.resource
    if (
        access.role == ResourceRole.OWNER
        and not resource.accesses.filter(role=ResourceRole.OWNER).exclude(id=access.id).exists()
    ):
        raise BadInput
    access.delete()
    record("resources.access.revoked", actor=actor, target=resource.ref, organization_id=resource.organization_id, at=now,
           principal_id=str(access.user_id or access.group_id or access.unit_id or access.organization_id))  # fmt: skip
    publish(AccessChanged(resource_id=resource.id, at=now))


@transaction.atomic
def link_change(*, resource: Resource, reach: LinkReach, role: ResourceRole, viewer: Viewer, now: datetime) -> None:
    """Change whom the link alone lets in; the caller holds the right to administer `resource`."""
    resource.link_reach, resource.link_role, resource.updated_at = reach, role, now
    resource.save(update_fields=["link_reach", "link_role", "updated_at"])
    record("resources.link.changed", actor=viewer.ref, target=resource.ref, organization_id=resource.organization_id, at=now,
           reach=str(reach), role=str(role))  # fmt: skip
    publish(AccessChanged(resource_id=resource.id, at=now))


@transaction.atomic
def resource_discard(*, resource: Resource, viewer: Viewer, now: datetime) -> None:
    """Put `resource` in the trash; the caller owns it."""
    resource.deleted_at = now
    resource.save(update_fields=["deleted_at"])
    record(f"resources.{resource.kind}.discarded", actor=viewer.ref, target=resource.ref,
           organization_id=resource.organization_id, at=now)  # fmt: skip
    publish(AccessChanged(resource_id=resource.id, at=now))


def clean_title(title: str) -> str:
    """One line of printable text, at most 300 characters."""
    return " ".join("".join(c for c in title if c.isprintable() or c.isspace()).split())[:300]
