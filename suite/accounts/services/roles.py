"""What people may administer."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from suite.accounts.errors import NotOneself, RolesExclude
from suite.accounts.models import Membership, Role, RoleAssignment, Unit, User
from suite.audit.public import record
from suite.kernel.errors import BadInput
from suite.kernel.refs import ActorRef


@transaction.atomic
def role_grant(*, membership: Membership, role: Role, unit: Unit | None, actor: ActorRef, now: datetime) -> RoleAssignment:
    """Give `role` in the membership's organisation, or in one unit of it and below; to have it already is no error.

    Raises `NotOneself`; `RolesExclude` where the person holds the role that excludes it (a trigger refuses it too); `BadInput`
    for another organisation's unit. The caller administers the whole organisation.
    """
    if actor.id == membership.user_id:
        raise NotOneself
    if unit is not None and unit.organization_id != membership.organization_id:
        raise BadInput
    user = User.objects.select_for_update().get(id=membership.user_id)
    if user.role_assignments.exclude(role=role).exists():
        raise RolesExclude
    assignment, created = RoleAssignment.objects.get_or_create(
        user=user, role=role, organization_id=membership.organization_id, unit=unit
    )
    if created:
        record("accounts.role.granted", actor=actor, target=user.target, organization_id=membership.organization_id, at=now,
               role=str(role), unit_id=str(unit.id) if unit else None)  # fmt: skip
    return assignment


@transaction.atomic
def role_revoke(*, assignment: RoleAssignment, actor: ActorRef, now: datetime) -> None:
    """Take a role away, at the holder's next request; raises `NotOneself`."""
    if actor.id == assignment.user_id:
        raise NotOneself
    user, organization_id, role = assignment.user, assignment.organization_id, assignment.role
    assignment.delete()
    record("accounts.role.revoked", actor=actor, target=user.target, organization_id=organization_id, at=now, role=role)
