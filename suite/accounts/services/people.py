"""Letting people go, and taking them back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from suite.accounts.errors import NotOneself, UnableToDeactivate, UnableToReactivate, WorksElsewhereToo
from suite.accounts.events import UserDeactivated
from suite.accounts.models import Membership, User
from suite.accounts.services.sign_ins import sign_ins_end_of_person
from suite.audit.public import record
from suite.kernel.events import publish
from suite.kernel.refs import ActorRef


@transaction.atomic
def user_deactivate(*, membership: Membership, actor: ActorRef, now: datetime) -> int:
    """Let a person go: no session, socket or call of theirs outlives it; the number of sessions ended.

    Raises `NotOneself`, `UnableToDeactivate` where they are deactivated already, `WorksElsewhereToo` where another organisation
    counts on their account. The caller holds the right to administer them (`access_person`).
    """
    user = User.objects.select_for_update().get(id=membership.user_id)
    if actor.id == user.id:
        raise NotOneself
    if not user.is_active:
        raise UnableToDeactivate
    if user.memberships.filter(ended_at=None).exclude(organization_id=membership.organization_id).exists():
        raise WorksElsewhereToo
    user.is_active, user.deactivated_at, user.sessions_end_at = False, now, now
    user.save(update_fields=["is_active", "deactivated_at", "sessions_end_at"])
    ended = sign_ins_end_of_person(user_id=user.id, actor=actor, reason="deactivated", now=now)
    record("accounts.person.deactivated", actor=actor, target=user.target, organization_id=membership.organization_id, at=now,
           sessions_ended=ended)  # fmt: skip
    publish(UserDeactivated(user_id=user.id, organization_id=membership.organization_id, at=now))
    return ended


@transaction.atomic
def user_reactivate(*, membership: Membership, actor: ActorRef, now: datetime) -> None:
    """Let a deactivated person sign in again; raises `UnableToReactivate` where they are active."""
    user = User.objects.select_for_update().get(id=membership.user_id)
    if user.is_active:
        raise UnableToReactivate
    user.is_active, user.deactivated_at = True, None
    user.save(update_fields=["is_active", "deactivated_at"])
    record("accounts.person.reactivated", actor=actor, target=user.target, organization_id=membership.organization_id, at=now)
