"""Reading people: the viewer behind a session, and the people of an organisation."""

from __future__ import annotations

import uuid

from django.db.models import Q

from suite.accounts.models import Membership, SignIn, Unit
from suite.accounts.viewer import Viewer


def get_viewer(*, session_key: str | None) -> Viewer | None:
    """The active person whose sign-in holds `session_key`, in the membership that it pins; None for anybody else."""
    if not session_key:
        return None
    sign_in = (
        SignIn.objects.select_related("user", "membership__organization")
        .filter(session_key=session_key, ended_at=None, user__is_active=True, membership__ended_at=None)
        .first()
    )
    if sign_in is None:
        return None
    return viewer_of(membership=sign_in.membership, acr=sign_in.acr)


def viewer_of(*, membership: Membership, acr: str = "") -> Viewer:
    """`membership`'s person as the one who looks."""
    user = membership.user
    roles = user.role_assignments.filter(organization_id=membership.organization_id).values_list("role", flat=True)
    return Viewer(
        user_id=user.id,
        membership_id=membership.id,
        organization_id=membership.organization_id,
        organization_name=membership.organization.name,
        name=user.name,
        email=user.email,
        unit_ids=_unit_and_above(membership.unit),
        group_ids=frozenset(user.groups_of.filter(organization_id=membership.organization_id).values_list("id", flat=True)),
        roles=frozenset(roles),
        acr=acr,
    )


def _unit_and_above(unit: Unit | None) -> frozenset[uuid.UUID]:
    found: set[uuid.UUID] = set()
    while unit is not None and unit.id not in found:
        found.add(unit.id)
        unit = unit.parent
    return frozenset(found)


def colleagues_named(*, viewer: Viewer, query: str, limit: int = 20) -> list[Membership]:
    """Active people of the viewer's organisation whose name or mail holds `query`."""
    return list(
        Membership.objects.select_related("user", "unit")
        .filter(
            Q(user__given_name__icontains=query) | Q(user__usual_name__icontains=query) | Q(user__email__icontains=query),
            organization_id=viewer.organization_id,
            ended_at=None,
            user__is_active=True,
        )
        .order_by("user__usual_name", "user__given_name")[:limit]
    )
