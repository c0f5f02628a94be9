"""Who may do what with a resource: giving a role, taking it back, the link. Written once, for every kind."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TypedDict, Unpack

from django.db import transaction

from suite.accounts.public import Membership, Viewer
from suite.audit.public import record
from suite.kernel.errors import BadInput, Forbidden, NotFound
from suite.kernel.events import publish
from suite.kernel.refs import ActorRef
from suite.resources.events import AccessChanged
from suite.resources.models import Access, AccessRequest, LinkReach, RequestState, Resource, ResourceRole


class Principal(TypedDict, total=False):
    """Exactly one of them."""

    user_id: uuid.UUID
    group_id: uuid.UUID
    unit_id: uuid.UUID
    organization_id: uuid.UUID


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
    if access.user_id is not None:
        _answer_waiting(resource=resource, user_id=access.user_id, actor=actor, now=now)
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
def colleague_grant(*, resource: Resource, user_id: uuid.UUID, role: ResourceRole, viewer: Viewer, now: datetime) -> Access:
    """Give an active colleague `role`, or change the one they have; the caller holds the right to administer `resource`.

    Raises `NotFound` for anybody who is not a colleague, `Forbidden` for an owner's role and for making another owner.
    """
    held = resource.accesses.filter(user_id=user_id).first()
    if role == ResourceRole.OWNER or (held is not None and held.role == ResourceRole.OWNER):
        raise Forbidden
    colleagues = Membership.objects.filter(organization_id=viewer.organization_id, ended_at=None, user__is_active=True)
    if held is None and not colleagues.filter(user_id=user_id).exists():
        raise NotFound
    return access_grant(resource=resource, role=role, actor=viewer.ref, now=now, user_id=user_id)


@transaction.atomic
def access_take_back(*, resource: Resource, access_id: uuid.UUID, viewer: Viewer, now: datetime) -> None:
    """Take an access to `resource` away; the caller administers it, or the access is their own.

    Raises `NotFound` for another resource's access, `Forbidden` for an owner's.
    """
    access = resource.accesses.filter(id=access_id).first()
    if access is None:
        raise NotFound
    if access.role == ResourceRole.OWNER:
        raise Forbidden
    access_revoke(access=access, actor=viewer.ref, now=now)


def _answer_waiting(*, resource: Resource, user_id: uuid.UUID, actor: ActorRef, now: datetime) -> None:
    """Whoever asked and is given a role has their answer, whichever way it was given."""
    waiting = AccessRequest.objects.filter(resource=resource, user_id=user_id, state=RequestState.WAITING)
    waiting.update(state=RequestState.ACCEPTED, answered_at=now, answered_by_id=actor.id if actor.kind == "person" else None)
