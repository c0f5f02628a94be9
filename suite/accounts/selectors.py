"""Reading people: the viewer behind a session, and the people of an organisation."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.db.models import F, Q, QuerySet

from suite.accounts.models import Membership, SignIn, Unit
from suite.accounts.viewer import Viewer
from suite.kernel import clock

COLLEAGUES_SHOWN = 20


def get_sign_in(*, session_key: str | None) -> SignIn | None:
    """The sign-in that holds `session_key` and is not over."""
    if not session_key:
        return None
    whose = _not_over().select_related("user", "membership__user", "membership__organization", "membership__unit")
    return whose.filter(session_key=session_key).first()


def list_signed_in(*, user_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the people who have a sign-in that is not over, in any browser."""
    return set(_not_over().filter(user_id__in=user_ids).values_list("user_id", flat=True))


def _not_over() -> QuerySet[SignIn]:
    """A sign-in is over by itself, by its age, by the person or the membership's end."""
    youngest = clock.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    return SignIn.objects.filter(
        Q(user__sessions_end_at=None) | Q(signed_in_at__gt=F("user__sessions_end_at")),
        ended_at=None, signed_in_at__gt=youngest, user__is_active=True, membership__ended_at=None,
    )  # fmt: skip


def get_viewer(*, session_key: str | None) -> Viewer | None:
    """The active person whose sign-in holds `session_key`, in the membership that it pins; None for anybody else."""
    sign_in = get_sign_in(session_key=session_key)
    if sign_in is None:
        return None
    return viewer_of(membership=sign_in.membership, acr=sign_in.acr)


def viewer_of(*, membership: Membership, acr: str = "") -> Viewer:
    """`membership`'s person as the one who looks; roles are active only in a session of the stronger assurance."""
    user = membership.user
    roles = roles_of(membership=membership) if acr in settings.OIDC_ACR_STRONG else frozenset[str]()
    return Viewer(
        user_id=user.id,
        membership_id=membership.id,
        organization_id=membership.organization_id,
        organization_name=membership.organization.name,
        name=user.name,
        email=user.email,
        unit_ids=_unit_and_above(membership.unit),
        group_ids=frozenset(user.groups_of.filter(organization_id=membership.organization_id).values_list("id", flat=True)),
        roles=roles,
        acr=acr,
    )


def roles_of(*, membership: Membership) -> frozenset[str]:
    """The roles that the person holds in the membership's organisation, in the whole of it or in a unit."""
    held = membership.user.role_assignments.filter(organization_id=membership.organization_id)
    return frozenset(held.values_list("role", flat=True))


def dormant_roles(*, membership: Membership, acr: str) -> frozenset[str]:
    """The roles that a sign-in of assurance `acr` is too weak to use."""
    return frozenset() if acr in settings.OIDC_ACR_STRONG else roles_of(membership=membership)


def _unit_and_above(unit: Unit | None) -> frozenset[uuid.UUID]:
    found: set[uuid.UUID] = set()
    while unit is not None and unit.id not in found:
        found.add(unit.id)
        unit = unit.parent
    return frozenset(found)


def colleagues_named(*, viewer: Viewer, query: str) -> list[Membership]:
    """Active people of the viewer's organisation whose name or mail holds `query`, `COLLEAGUES_SHOWN` at most."""
    return list(
        Membership.objects.select_related("user", "unit")
        .filter(
            Q(user__given_name__icontains=query) | Q(user__usual_name__icontains=query) | Q(user__email__icontains=query),
            organization_id=viewer.organization_id,
            ended_at=None,
            user__is_active=True,
        )
        .order_by("user__usual_name", "user__given_name")[:COLLEAGUES_SHOWN]
    )
