"""Inviting by mail address: a role that waits for whoever signs in with that address."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from suite.accounts.public import Membership, User, Viewer
from suite.audit.public import record
from suite.kernel.errors import Conflict, Forbidden, TooMany
from suite.kernel.events import publish
from suite.kernel.refs import SYSTEM
from suite.resources.access import RANK
from suite.resources.errors import NoMail
from suite.resources.events import InvitationMade
from suite.resources.mail import invitation_mail
from suite.resources.models import Access, Invitation, Resource, ResourceRole
from suite.resources.services.accesses import access_grant, colleague_grant

A_DAY_MAX = 50  # by one person, the withdrawn ones too
DAY = timedelta(days=1)


@transaction.atomic
def invitation_make(*, resource: Resource, email: str, role: ResourceRole, viewer: Viewer, now: datetime) -> Invitation | None:
    """Invite whoever signs in with `email`; a colleague of that address is given `role` at once, and None comes back.

    Whether the address has an account elsewhere makes no difference. Inviting again changes the role and writes no second
    mail. Raises `Forbidden` for an owner's role, `NoMail` where Suite cannot write mails, `TooMany` over `A_DAY_MAX`. The
    caller administers `resource`.
    """
    if role == ResourceRole.OWNER:
        raise Forbidden
    address = email.strip().lower()
    colleague = Membership.objects.filter(
        organization_id=viewer.organization_id, ended_at=None, user__is_active=True, user__email__iexact=address
    ).first()
    if colleague is not None:
        colleague_grant(resource=resource, user_id=colleague.user_id, role=role, viewer=viewer, now=now)
        return None
    if not settings.MAIL_LEAVES:
        raise NoMail
    if Invitation.objects.filter(invited_by_id=viewer.user_id, invited_at__gt=now - DAY).count() >= A_DAY_MAX:
        raise TooMany
    too_old = resource.invitations.waiting().exclude(id__in=resource.invitations.valid(now=now))
    too_old.filter(email=address).delete()
    invitation, made = Invitation.objects.update_or_create(
        resource=resource, email=address, accepted_at=None, withdrawn_at=None, defaults={"role": role},
        create_defaults={"role": role, "invited_by_id": viewer.user_id, "invited_at": now},
    )  # fmt: skip
    record("resources.invitation.made", actor=viewer.ref, target=resource.ref, organization_id=resource.organization_id, at=now,
           role=str(role), email=address)  # fmt: skip
    if made:
        publish(InvitationMade(invitation_id=invitation.id, resource_id=resource.id, at=now))
    return invitation


@transaction.atomic
def invitation_withdraw(*, invitation: Invitation, viewer: Viewer, now: datetime) -> None:
    """Take a waiting invitation back; the caller administers the resource. Raises `Conflict` where it was accepted."""
    if not Invitation.objects.waiting().filter(id=invitation.id).update(withdrawn_at=now):
        raise Conflict
    resource = invitation.resource
    record("resources.invitation.withdrawn", actor=viewer.ref, target=resource.ref, organization_id=resource.organization_id,
           at=now, email=invitation.email)  # fmt: skip


@transaction.atomic
def invitations_accept(*, user_id: uuid.UUID, now: datetime) -> int:
    """Turn what waits for a person into accesses; how many. The provider has vouched for their mail address just now.

    An access that they have already is never made smaller. What is in the trash goes on waiting.
    """
    user = User.objects.get(id=user_id)
    waiting = (
        Invitation.objects.valid(now=now)
        .select_for_update(of=("self",))
        .select_related("resource")
        .filter(email=user.email.lower(), resource__deleted_at=None)
    )
    accepted = 0
    for invitation in waiting:
        resource, role = invitation.resource, ResourceRole(invitation.role)
        held = Access.objects.filter(resource=resource, user_id=user_id).first()
        if held is None or RANK[held.role] < RANK[role]:
            access_grant(resource=resource, role=role, actor=SYSTEM, now=now, user_id=user_id)
        invitation.accepted_at, invitation.accepted_by_id = now, user_id
        invitation.save(update_fields=["accepted_at", "accepted_by"])
        record("resources.invitation.accepted", actor=user.ref, target=resource.ref, organization_id=resource.organization_id,
               at=now, role=str(role), email=invitation.email)  # fmt: skip
        accepted += 1
    return accepted


@transaction.atomic
def invitation_send(*, invitation_id: uuid.UUID, now: datetime) -> bool:
    """Write the mail of a waiting invitation, once; False where it is written, withdrawn or being written.

    Raises `OSError` (smtplib's errors are) where the mail server does not take it; the row then still waits.
    """
    invitation = (
        Invitation.objects.waiting()
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("resource", "invited_by")
        .filter(id=invitation_id, mailed_at=None)
        .first()
    )
    if invitation is None:
        return False
    invitation_mail(invitation).send()
    invitation.mailed_at = now
    invitation.save(update_fields=["mailed_at"])
    resource = invitation.resource
    record("resources.invitation.mailed", actor=SYSTEM, target=resource.ref, organization_id=resource.organization_id, at=now,
           email=invitation.email)  # fmt: skip
    return True


@transaction.atomic
def invitations_forget(*, now: datetime) -> int:
    """Drop invitations that waited for too long, and those that were withdrawn a day ago; how many waited too long."""
    Invitation.objects.filter(withdrawn_at__lt=now - DAY).delete()
    waiting = Invitation.objects.waiting().select_related("resource")
    late = list(waiting.exclude(id__in=Invitation.objects.valid(now=now)))
    for invitation in late:
        resource = invitation.resource
        record("resources.invitation.expired", actor=SYSTEM, target=resource.ref, at=now,
               organization_id=resource.organization_id, email=invitation.email)  # fmt: skip
        invitation.delete()
    return len(late)
