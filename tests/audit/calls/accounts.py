"""How the services of accounts are called."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from suite.accounts.errors import SignInRefused
from suite.accounts.models import Organization, Role, SignIn, Unit
from suite.accounts.services import arrivals, demonstration, memberships, organizations, people, provisioning, roles, sign_ins
from suite.kernel import clock
from suite.kernel.refs import SYSTEM
from suite.runtime.folders import ROOT
from tests.audit.worlds import claims, house
from tests.people import organization, session_of

Call = Callable[[], object]


def _provision() -> Call:
    here = house().organization
    return lambda: provisioning.user_provision(
        organization=here, unit=None, email="n@example.org", given_name="N", usual_name="N", actor=SYSTEM, now=clock.now()
    )


def _bring_in() -> Call:
    here = house().organization
    return lambda: arrivals.person_bring_in(
        organization=here, unit=None, email="n@example.org", given_name="N", usual_name="N", actor=SYSTEM, now=clock.now()
    )


def _organization() -> Call:
    return lambda: organizations.organization_create(name="Ville", siret="1" * 14, actor=SYSTEM, now=clock.now())


def _unit() -> Call:
    here = house().organization
    return lambda: organizations.unit_create(organization=here, name="Bureau", parent=None, actor=SYSTEM, now=clock.now())


def _deactivate() -> Call:
    at = house()
    return lambda: people.user_deactivate(membership=at.membership, actor=at.hr.ref, now=clock.now())


def _reactivate() -> Call:
    at = house()
    people.user_deactivate(membership=at.membership, actor=at.hr.ref, now=clock.now())
    return lambda: people.user_reactivate(membership=at.membership, actor=at.hr.ref, now=clock.now())


def _start() -> Call:
    at, elsewhere = house(), organization("Ailleurs")
    return lambda: memberships.membership_start(
        user=at.user, organization=elsewhere, unit=None, actor=at.hr.ref, now=clock.now()
    )


def _move() -> Call:
    at = house()
    unit = Unit.objects.create(organization=at.organization, name="Bureau")
    return lambda: memberships.membership_move(membership=at.membership, unit=unit, actor=at.hr.ref, now=clock.now())


def _end() -> Call:
    at = house()
    return lambda: memberships.membership_end(membership=at.membership, actor=at.hr.ref, now=clock.now())


def _grant() -> Call:
    at = house()
    return lambda: roles.role_grant(membership=at.membership, role=Role.AUDITOR, unit=None, actor=at.hr.ref, now=clock.now())


def _revoke() -> Call:
    at = house()
    given = roles.role_grant(membership=at.membership, role=Role.AUDITOR, unit=None, actor=at.hr.ref, now=clock.now())
    return lambda: roles.role_revoke(assignment=given, actor=at.hr.ref, now=clock.now())


def _recognize() -> Call:
    at = house()
    return lambda: sign_ins.person_recognize(claims=claims(at.organization, at.staff.email), now=clock.now())


def _begin() -> Call:
    at = house()
    said = claims(at.organization, at.staff.email)
    return lambda: sign_ins.sign_in_begin(membership=at.membership, claims=said, session_key="k" * 32, now=clock.now())


def _refuse() -> Call:
    return lambda: sign_ins.sign_in_refuse(reason=SignInRefused("state").reason, claims=None, now=clock.now())


def _signed_in() -> SignIn:
    return SignIn.objects.select_related("membership", "user").get(session_key=session_of(house().staff))


def _sign_out() -> Call:
    found = _signed_in()
    return lambda: sign_ins.sign_in_end(sign_in=found, actor=found.user.ref, reason="person", now=clock.now())


def _provider_ends() -> Call:
    found = _signed_in()
    return lambda: sign_ins.sign_ins_end_from_provider(issuer=found.issuer, sid="", sub=found.sub, now=clock.now())


def _all_end() -> Call:
    found = _signed_in()
    return lambda: sign_ins.sign_ins_end_of_person(user_id=found.user_id, actor=SYSTEM, reason="deactivated", now=clock.now())


def _seed() -> Call:
    known: dict[str, Any] = json.loads((ROOT / "provider" / "people.json").read_text(encoding="utf-8"))
    assert not Organization.objects.exists()
    return lambda: demonstration.demonstration_seed(known=known, now=clock.now())


CALLS: dict[str, Callable[[], Call]] = {
    "arrivals.person_bring_in": _bring_in,
    "organizations.organization_create": _organization,
    "organizations.unit_create": _unit,
    "provisioning.user_provision": _provision,
    "people.user_deactivate": _deactivate,
    "people.user_reactivate": _reactivate,
    "memberships.membership_start": _start,
    "memberships.membership_move": _move,
    "memberships.membership_end": _end,
    "roles.role_grant": _grant,
    "roles.role_revoke": _revoke,
    "sign_ins.person_recognize": _recognize,
    "sign_ins.sign_in_begin": _begin,
    "sign_ins.sign_in_refuse": _refuse,
    "sign_ins.sign_in_end": _sign_out,
    "sign_ins.sign_ins_end_from_provider": _provider_ends,
    "sign_ins.sign_ins_end_of_person": _all_end,
    "demonstration.demonstration_seed": _seed,
}
