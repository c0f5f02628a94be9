"""Organisations and people for any app's tests, made straight in the database."""

from __future__ import annotations

import itertools
import secrets
import uuid
from datetime import datetime

from suite.accounts.models import Membership, Organization, Role, RoleAssignment, SignIn, Unit, User
from suite.accounts.selectors import viewer_of
from suite.accounts.viewer import Viewer
from suite.kernel import clock

STRONG = "eidas2"
_numbers = itertools.count(1)


def organization(name: str = "Direction des essais") -> Organization:
    return Organization.objects.create(
        name=name, siret=f"{secrets.randbelow(10**9):09d}{next(_numbers):05d}", created_at=clock.now()
    )


def person(
    at: Organization,
    given_name: str = "Awa",
    usual_name: str = "Diop",
    *,
    role: Role | None = None,
    unit: Unit | None = None,
    role_unit: Unit | None = None,
    acr: str = STRONG,
) -> Viewer:
    """An active member of `at`, as the one who looks; `role` over the whole of it, or over `role_unit`."""
    user = User.objects.create(
        email=f"{given_name}.{next(_numbers)}@example.org".lower(),
        given_name=given_name,
        usual_name=usual_name,
        created_at=clock.now(),
    )
    membership = Membership.objects.create(user=user, organization=at, unit=unit, started_at=clock.now())
    if role is not None:
        RoleAssignment.objects.create(user=user, role=role, organization=at, unit=role_unit)
    return viewer_of(membership=membership, acr=acr)


def session_of(viewer: Viewer, at: datetime | None = None) -> str:
    """A signed-in browser of `viewer`: the value of its session cookie."""
    key = secrets.token_hex(16)
    SignIn.objects.create(
        user_id=viewer.user_id,
        membership_id=viewer.membership_id,
        session_key=key,
        issuer="https://provider.example",
        sub=str(uuid.uuid4()),
        acr=viewer.acr,
        signed_in_at=at or clock.now(),
    )
    return key
