"""Bringing people in."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from suite.accounts.models import Membership, Organization, Unit, User
from suite.audit.public import record
from suite.kernel.errors import BadInput
from suite.kernel.refs import ActorRef


@transaction.atomic
def user_provision(
    *,
    organization: Organization,
    unit: Unit | None,
    email: str,
    given_name: str,
    usual_name: str,
    actor: ActorRef,
    now: datetime,
) -> Membership:
    """A new person of `organization`, who may sign in from now on; raises `BadInput` where `unit` is another organisation's."""
    if unit is not None and unit.organization_id != organization.id:
        raise BadInput
    user = User.objects.create(email=email, given_name=given_name, usual_name=usual_name, created_at=now)
    membership = Membership.objects.create(user=user, organization=organization, unit=unit, started_at=now)
    record("accounts.person.provisioned", actor=actor, target=user.target, organization_id=organization.id, at=now)
    return membership
