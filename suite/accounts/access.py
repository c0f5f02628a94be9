"""Whom an administrator of people may see and change: the one place where that scope is decided."""

from __future__ import annotations

import uuid
from enum import StrEnum

from django.db.models import Q, QuerySet

from suite.accounts.models import Membership, Role, RoleAssignment, Unit
from suite.accounts.viewer import Viewer
from suite.kernel.errors import Forbidden, NotFound


class PersonRight(StrEnum):
    """What is needed of a person's file."""

    READ = "read"
    ADMINISTER = "administer"


def administered_by(viewer: Viewer | None) -> QuerySet[Membership]:
    """The people of the viewer's organisation, or of the units delegated to them and what is below.

    Raises `NotFound` for whoever administers nobody here: the page does not exist for them.
    """
    if viewer is None or not viewer.is_hr_administrator:
        raise NotFound
    people = Membership.objects.select_related("user", "unit", "organization").filter(
        organization_id=viewer.organization_id, ended_at=None
    )
    units = _units_of(viewer)
    return people if units is None else people.filter(Q(unit_id__in=units))


def access_person(*, viewer: Viewer | None, id: uuid.UUID, need: PersonRight) -> Membership:
    """The membership of person `id` in the viewer's organisation.

    Raises `NotFound`, the same for who is absent, elsewhere or outside the viewer's scope; `Forbidden` to administer who holds
    a role over what the viewer's own does not reach.
    """
    found = administered_by(viewer).filter(user_id=id).first()
    if found is None or viewer is None:
        raise NotFound
    if need == PersonRight.ADMINISTER and not may_administer(viewer=viewer, membership=found):
        raise Forbidden
    return found


def units_administered(viewer: Viewer) -> QuerySet[Unit]:
    """The units in which the viewer may place people."""
    units = Unit.objects.filter(organization_id=viewer.organization_id).order_by("name", "id")
    delegated = _units_of(viewer)
    return units if delegated is None else units.filter(id__in=delegated)


def administers_everybody(viewer: Viewer) -> bool:
    """Whether the viewer's right is over the whole organisation, people outside of any unit included."""
    return _units_of(viewer) is None


def may_administer(*, viewer: Viewer, membership: Membership) -> bool:
    """Whether the viewer may change this person of their scope: nobody who holds a role over more than the viewer's units."""
    units = _units_of(viewer)
    if units is None:
        return True
    held = membership.user.role_assignments.filter(organization_id=membership.organization_id)
    return not held.exclude(unit_id__in=units).exists()


def _units_of(viewer: Viewer) -> set[uuid.UUID] | None:
    """The units delegated to the viewer and those below; None for the whole organisation."""
    assignments = RoleAssignment.objects.filter(
        user_id=viewer.user_id, role=Role.HR_ADMINISTRATOR, organization_id=viewer.organization_id
    )
    roots = set(assignments.values_list("unit_id", flat=True))
    if None in roots:
        return None
    children: dict[uuid.UUID | None, list[uuid.UUID]] = {}
    for unit_id, parent_id in Unit.objects.filter(organization_id=viewer.organization_id).values_list("id", "parent_id"):
        children.setdefault(parent_id, []).append(unit_id)
    found: set[uuid.UUID] = set()
    waiting = [root for root in roots if root is not None]
    while waiting:
        unit_id = waiting.pop()
        if unit_id not in found:
            found.add(unit_id)
            waiting += children.get(unit_id, [])
    return found
