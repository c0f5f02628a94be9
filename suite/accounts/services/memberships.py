"""Where people work."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from suite.accounts.errors import AlreadyThere, NotOneself
from suite.accounts.events import MembershipEnded
from suite.accounts.models import Membership, Organization, RoleAssignment, Unit, User
from suite.accounts.services.sign_ins import sign_ins_end_of_person
from suite.audit.public import record
from suite.kernel.errors import BadInput
from suite.kernel.events import publish
from suite.kernel.refs import ActorRef


@transaction.atomic
def membership_start(
    *, user: User, organization: Organization, unit: Unit | None, actor: ActorRef, now: datetime
) -> Membership:
    """`user` works in `organization` from now on; raises `AlreadyThere`, or `BadInput` for another organisation's unit."""
    if unit is not None and unit.organization_id != organization.id:
        raise BadInput
    try:
        with transaction.atomic():
            membership = Membership.objects.create(user=user, organization=organization, unit=unit, started_at=now)
    except IntegrityError as error:
        raise AlreadyThere from error
    record("accounts.membership.started", actor=actor, target=user.target, organization_id=organization.id, at=now,
           unit_id=str(unit.id) if unit else None)  # fmt: skip
    return membership


@transaction.atomic
def membership_move(*, membership: Membership, unit: Unit | None, actor: ActorRef, now: datetime) -> None:
    """The person works in another unit of the same organisation; raises `BadInput` for another organisation's unit."""
    if unit is not None and unit.organization_id != membership.organization_id:
        raise BadInput
    membership.unit = unit
    membership.save(update_fields=["unit"])
    record("accounts.membership.moved", actor=actor, target=membership.user.target, at=now,
           organization_id=membership.organization_id, unit_id=str(unit.id) if unit else None)  # fmt: skip


@transaction.atomic
def membership_end(*, membership: Membership, actor: ActorRef, now: datetime) -> None:
    """The person no longer works here: sessions, calls and roles here end; other organisations' stay. Raises `NotOneself`."""
    if actor.id == membership.user_id:
        raise NotOneself
    membership.ended_at = now
    membership.save(update_fields=["ended_at"])
    held = RoleAssignment.objects.filter(user_id=membership.user_id, organization_id=membership.organization_id)
    roles = sorted(set(held.values_list("role", flat=True)))
    held.delete()
    sign_ins_end_of_person(user_id=membership.user_id, actor=actor, reason="membership", now=now,
                           organization_id=membership.organization_id)  # fmt: skip
    record("accounts.membership.ended", actor=actor, target=membership.user.target, at=now,
           organization_id=membership.organization_id, roles=roles)  # fmt: skip
    publish(MembershipEnded(user_id=membership.user_id, organization_id=membership.organization_id, at=now))
