"""The people that an administrator's page lists: searched, filtered, sorted, counted."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page
from django.db.models import F, Func, Q, QuerySet
from django.db.models.functions import Lower

from suite.accounts.access import administered_by
from suite.accounts.models import Membership, Role, RoleAssignment, Unit
from suite.accounts.viewer import Viewer
from suite.kernel.ids import parse_uuid
from suite.kernel.paging import page_of

ACTIVE, DEACTIVATED = "active", "deactivated"
SORTS: dict[str, tuple[str, ...]] = {
    "name": ("user__usual_name", "user__given_name"),
    "email": ("user__email",),
    "unit": ("unit__name", "user__usual_name"),
}


@dataclass(frozen=True, kw_only=True)
class PeopleFilter:
    """What a list of people shows; `sort` is a key of `SORTS`, with a minus for the other way."""

    q: str = ""
    status: str = ""
    unit: uuid.UUID | None = None
    role: str = ""
    sort: str = "name"
    page: int = 1

    @property
    def query(self) -> str:
        """The query string that shows the same list."""
        return self.with_()

    def with_(self, **changes: Any) -> str:
        """The query string of this list with `changes`; what stands at its default is left out."""
        changed, plain = replace(self, **changes), PeopleFilter()
        values = {name: getattr(changed, name) for name in self.__dataclass_fields__}
        found = {name: str(value) for name, value in values.items() if value != getattr(plain, name) and value is not None}
        return f"?{urlencode(found)}" if found else ""


def filter_of(parameters: Any) -> PeopleFilter:
    """The filter that a query string asks for; what cannot be read is left out."""
    sort = str(parameters.get("sort", "name"))
    status = str(parameters.get("status", ""))
    role = str(parameters.get("role", ""))
    page = str(parameters.get("page", "1"))
    return PeopleFilter(
        q=str(parameters.get("q", "")).replace("\x00", "")[:100].strip(),
        status=status if status in {ACTIVE, DEACTIVATED} else "",
        unit=parse_uuid(parameters.get("unit", "")),
        role=role if role in Role.values else "",
        sort=sort if sort.removeprefix("-") in SORTS else "name",
        page=int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
    )


def list_people(*, viewer: Viewer | None, wanted: PeopleFilter) -> Page[Membership]:
    """A page of the people whom `viewer` administers; raises `NotFound` for whoever administers nobody."""
    found = administered_by(viewer)
    for word in wanted.q.split()[:6]:
        found = found.filter(
            Q(user__given_name__unaccent__icontains=word)
            | Q(user__usual_name__unaccent__icontains=word)
            | Q(user__email__icontains=word)
        )
    if wanted.status:
        found = found.filter(user__is_active=wanted.status == ACTIVE)
    if wanted.unit is not None:
        found = found.filter(unit_id=wanted.unit)
    if wanted.role:
        holders = RoleAssignment.objects.filter(role=wanted.role).values("user_id", "organization_id")
        found = found.filter(user_id__in=holders.filter(organization_id__in=found.values("organization_id")).values("user_id"))
    return page_of(_sorted(found, wanted.sort), wanted.page)


def roles_of_people(memberships: list[Membership]) -> dict[uuid.UUID, list[Role]]:
    """For each person of `memberships`, the roles held in that organisation."""
    held = RoleAssignment.objects.filter(
        user_id__in=[one.user_id for one in memberships], organization_id__in={one.organization_id for one in memberships}
    )
    found: dict[uuid.UUID, list[Role]] = {}
    for assignment in held.order_by("role"):
        found.setdefault(assignment.user_id, []).append(Role(assignment.role))
    return found


def scopes_of(*, membership: Membership) -> list[tuple[Role, str]]:
    """The roles that a person holds in the membership's organisation, each with its unit's name; empty: the whole of it."""
    held = RoleAssignment.objects.select_related("unit").filter(
        user_id=membership.user_id, organization_id=membership.organization_id
    )
    return [(Role(one.role), one.unit.name if one.unit else "") for one in held.order_by("role", "unit__name")]


def works_elsewhere(*, membership: Membership) -> bool:
    """Whether another organisation counts on this person's account."""
    others = Membership.objects.exclude(organization_id=membership.organization_id)
    return others.filter(user_id=membership.user_id, ended_at=None).exists()


def list_units(*, viewer: Viewer) -> list[Unit]:
    """The units where somebody works whom `viewer` administers."""
    return list(Unit.objects.filter(id__in=administered_by(viewer).values("unit_id")).order_by("name"))


def _sorted(found: QuerySet[Membership], sort: str) -> QuerySet[Membership]:
    keys = [Lower(Func(F(name), function="unaccent")) for name in SORTS[sort.removeprefix("-")]]
    if sort.startswith("-"):
        return found.order_by(*[key.desc(nulls_last=True) for key in keys], "id")
    return found.order_by(*[key.asc(nulls_last=True) for key in keys], "id")
