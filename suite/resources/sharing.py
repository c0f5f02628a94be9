"""Sharing by a person: what they may give, to whom, and what they may take back."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from suite.accounts.public import Membership, Viewer
from suite.kernel.errors import Forbidden, NotFound
from suite.resources.models import Access, Resource, ResourceRole
from suite.resources.services import access_grant, access_revoke


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
