"""Signing in and out: who is recognised, who is refused, and what ends a session."""

from __future__ import annotations

import uuid
from datetime import datetime
from importlib import import_module

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from suite.accounts.errors import SignInRefused
from suite.accounts.events import SignedIn, SignInEnded
from suite.accounts.models import Identity, Membership, Organization, SignIn, Unit, User
from suite.accounts.oidc.claims import Claims
from suite.accounts.services.provisioning import user_provision
from suite.audit.public import NO_ORGANIZATION, record
from suite.kernel.events import publish
from suite.kernel.refs import SYSTEM, ActorRef, TargetRef


@transaction.atomic
def person_recognize(*, claims: Claims, now: datetime) -> Membership:
    """The membership that `claims` signs in to, found by issuer and subject alone.

    A first sign-in is tied to the person whom the organisation has provisioned under the same mail address, where the provider
    vouches for that address and nobody is tied there yet; else a person is made, where the organisation is known. Two persons
    are never merged. Raises `SignInRefused` (`deactivated`, `organization_changed`, `mail_taken`, `unknown_organization`,
    `unknown_person`, `assurance`).
    """
    if claims.acr not in settings.OIDC_ACR_ACCEPTED:
        raise SignInRefused("assurance")
    identity = Identity.objects.select_related("user").filter(issuer=claims.issuer, sub=claims.sub).first()
    if identity is not None:
        return _membership_of(identity.user, siret=claims.siret)
    organization = Organization.objects.filter(siret=claims.siret).first() if claims.siret else None
    if organization is None:
        raise SignInRefused("unknown_organization")
    membership = _provisioned(claims, organization)
    if membership is None:
        if not settings.OIDC_CREATES_PEOPLE:
            raise SignInRefused("unknown_person")
        unit = Unit.objects.filter(organization=organization, name=claims.organizational_unit).first()
        membership = user_provision(organization=organization, unit=unit, email=claims.email, given_name=claims.given_name,
                                    usual_name=claims.usual_name, actor=SYSTEM, now=now)  # fmt: skip
    try:
        with transaction.atomic():
            Identity.objects.create(user=membership.user, issuer=claims.issuer, sub=claims.sub, linked_at=now)
    except IntegrityError as error:  # the same person in two windows at once
        raise SignInRefused("code") from error
    record("accounts.identity.linked", actor=membership.user.ref, target=membership.user.target,
           organization_id=organization.id, at=now, issuer=claims.issuer)  # fmt: skip
    return membership


def _membership_of(user: User, *, siret: str) -> Membership:
    if not user.is_active:
        raise SignInRefused("deactivated")
    active = user.memberships.select_related("organization", "user").filter(ended_at=None).order_by("started_at")
    found = active.filter(organization__siret=siret).first() if siret else active.first()
    if found is None:
        raise SignInRefused("organization_changed")
    return found


def _provisioned(claims: Claims, organization: Organization) -> Membership | None:
    """The one person of `organization` under the mail address of `claims`; None where nobody is."""
    same = list(
        Membership.objects.select_related("organization", "user")
        .select_for_update(of=("user",))
        .filter(organization=organization, ended_at=None, user__email__iexact=claims.email)[:2]
    )
    if not same:
        return None
    user = same[0].user
    if len(same) > 1 or not claims.email_vouched or user.identities.filter(issuer=claims.issuer).exists():
        raise SignInRefused("mail_taken")
    if not user.is_active:
        raise SignInRefused("deactivated")
    return same[0]


@transaction.atomic
def sign_in_begin(*, membership: Membership, claims: Claims, session_key: str, now: datetime) -> SignIn:
    """The session `session_key` now belongs to `membership`'s person."""
    sign_in = SignIn.objects.create(
        user=membership.user, membership=membership, session_key=session_key, issuer=claims.issuer, sub=claims.sub,
        sid=claims.sid, acr=claims.acr, amr=list(claims.amr), signed_in_at=now,
    )  # fmt: skip
    record("accounts.sign_in.succeeded", actor=membership.user.ref, target=_target(sign_in), at=now,
           organization_id=membership.organization_id, acr=claims.acr, amr=list(claims.amr))  # fmt: skip
    vouched = claims.email_vouched and claims.email.lower() == membership.user.email.lower()
    publish(SignedIn(user_id=membership.user_id, sign_in_id=sign_in.id, email_vouched=vouched, at=now))
    return sign_in


@transaction.atomic
def sign_in_refuse(*, reason: str, claims: Claims | None, now: datetime) -> None:
    """Record that nobody was signed in, with the organisation and the person where a verified answer named them."""
    organization = Organization.objects.filter(siret=claims.siret).first() if claims and claims.siret else None
    identity = Identity.objects.select_related("user").filter(issuer=claims.issuer, sub=claims.sub).first() if claims else None
    actor = identity.user.ref if identity else ActorRef(kind="stranger", id=None, label=claims.email if claims else "")
    organization_id = organization.id if organization else NO_ORGANIZATION
    if identity and organization is None:
        latest = identity.user.memberships.order_by("-started_at").first()
        organization_id = latest.organization_id if latest else NO_ORGANIZATION
    record("accounts.sign_in.refused", actor=actor, target=TargetRef(kind="sign_in", id=None), at=now, outcome="refused",
           organization_id=organization_id, reason=reason)  # fmt: skip


@transaction.atomic
def sign_in_end(*, sign_in: SignIn, actor: ActorRef, reason: str, now: datetime) -> bool:
    """End one browser's session, its sockets too; False where it had ended. `reason` is for the audit."""
    if not SignIn.objects.filter(id=sign_in.id, ended_at=None).update(ended_at=now):
        return False
    _session_store()(sign_in.session_key).delete()
    record("accounts.sign_in.ended", actor=actor, target=_target(sign_in), at=now,
           organization_id=sign_in.membership.organization_id, reason=reason)  # fmt: skip
    publish(SignInEnded(user_id=sign_in.user_id, sign_in_id=sign_in.id, at=now))
    return True


@transaction.atomic
def sign_ins_end_from_provider(*, issuer: str, sid: str, sub: str, now: datetime) -> int:
    """End what the provider says is over: one of its sessions (`sid`), or all of a subject's; how many."""
    over = Q(issuer=issuer, ended_at=None)
    over &= Q(sid=sid) if sid else Q()
    over &= Q(sub=sub) if sub else Q()
    found = SignIn.objects.select_related("membership", "user").filter(over) if sid or sub else SignIn.objects.none()
    return sum(sign_in_end(sign_in=one, actor=SYSTEM, reason="provider", now=now) for one in found)


@transaction.atomic
def sign_ins_end_of_person(*, user_id: uuid.UUID, actor: ActorRef, reason: str, now: datetime,
                           organization_id: uuid.UUID | None = None) -> int:  # fmt: skip
    """End every session of a person, or those in one organisation; how many."""
    found = SignIn.objects.select_related("membership", "user").filter(user_id=user_id, ended_at=None)
    if organization_id is not None:
        found = found.filter(membership__organization_id=organization_id)
    return sum(sign_in_end(sign_in=one, actor=actor, reason=reason, now=now) for one in found)


def _target(sign_in: SignIn) -> TargetRef:
    return TargetRef(kind="sign_in", id=sign_in.id, label=sign_in.user.name)


def _session_store() -> type:
    found: type = import_module(settings.SESSION_ENGINE).SessionStore
    return found
