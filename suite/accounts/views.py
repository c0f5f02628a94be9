"""The pages of those who administer people."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from suite.accounts.access import PersonRight, access_person, administered_by, may_administer
from suite.accounts.errors import AlreadyThere, DeactivatedElsewhere
from suite.accounts.forms import PersonForm, UnitForm
from suite.accounts.middleware import viewer_required
from suite.accounts.models import Membership, Organization, Role
from suite.accounts.people import (
    ACTIVE,
    DEACTIVATED,
    PeopleFilter,
    filter_of,
    list_people,
    list_units,
    roles_of_people,
    scopes_of,
    works_elsewhere,
)
from suite.accounts.services.arrivals import person_bring_in
from suite.accounts.services.memberships import membership_end, membership_move
from suite.accounts.services.people import user_deactivate, user_reactivate
from suite.accounts.viewer import Viewer
from suite.kernel import clock
from suite.kernel.errors import BadInput
from suite.kernel.filters import Field, Filters

ROLE_NAMES = {Role.HR_ADMINISTRATOR: gettext_lazy("Administers people"), Role.AUDITOR: gettext_lazy("Auditor")}
COLUMNS = (
    ("name", gettext_lazy("Name")),
    ("email", gettext_lazy("Mail address")),
    ("unit", gettext_lazy("Unit")),
)
STATUSES = (
    ("", gettext_lazy("All")),
    (ACTIVE, gettext_lazy("Active")),
    (DEACTIVATED, gettext_lazy("Deactivated")),
)


@require_GET
def people(request: HttpRequest) -> HttpResponse:
    """The people of the organisation."""
    viewer, wanted = viewer_required(request), filter_of(request.GET)
    return render(request, "accounts/people.html", _list(viewer, wanted))


@require_GET
def person(request: HttpRequest, user_id: uuid.UUID) -> HttpResponse:
    """One person at the side of the list; alone on a telephone."""
    viewer, wanted = viewer_required(request), filter_of(request.GET)
    found = access_person(viewer=viewer, id=user_id, need=PersonRight.READ)
    return render(request, "accounts/people.html", {**_list(viewer, wanted), **_one(viewer, found)})


@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Bring somebody in before their first sign-in."""
    viewer = viewer_required(request)
    administered_by(viewer)
    form = PersonForm(request.POST or None, viewer=viewer)
    if request.method == "GET" or not form.is_valid():
        return _form(request, viewer, form)
    organization = Organization.objects.get(id=viewer.organization_id)
    try:
        membership = person_bring_in(organization=organization, actor=viewer.ref, now=clock.now(), **form.cleaned_data)
    except (AlreadyThere, DeactivatedElsewhere) as error:
        form.add_error("email", error.sentence)
        return _form(request, viewer, form)
    messages.success(request, _("%(name)s may sign in from now on.") % {"name": membership.user.name})
    return _back(request, membership)


@require_POST
def move(request: HttpRequest, user_id: uuid.UUID) -> HttpResponse:
    """The person works in another unit from now on."""
    viewer = viewer_required(request)
    found = access_person(viewer=viewer, id=user_id, need=PersonRight.ADMINISTER)
    form = UnitForm(request.POST, viewer=viewer)
    if not form.is_valid():
        raise BadInput(_("Choose one of the units that you administer."))
    unit = form.cleaned_data["unit"]
    membership_move(membership=found, unit=unit, actor=viewer.ref, now=clock.now())
    said = _("%(name)s works in %(unit)s now.") if unit else _("%(name)s works in no unit now.")
    messages.success(request, said % {"name": found.user.name, "unit": unit.name if unit else ""})
    return _back(request, found)


@require_http_methods(["GET", "POST"])
def leave(request: HttpRequest, user_id: uuid.UUID) -> HttpResponse:
    """What the end of a membership ends, then the act: for somebody who works elsewhere too."""
    viewer = viewer_required(request)
    found = access_person(viewer=viewer, id=user_id, need=PersonRight.ADMINISTER)
    if request.method == "GET":
        return render(request, "accounts/leave.html", {**_one(viewer, found), "filter": filter_of(request.GET)})
    membership_end(membership=found, actor=viewer.ref, now=clock.now())
    said = _("%(name)s is no longer a member of %(organization)s.")
    messages.success(request, said % {"name": found.user.name, "organization": viewer.organization_name})
    return HttpResponseRedirect(reverse("accounts:people") + filter_of(request.GET).query)


@require_http_methods(["GET", "POST"])
def deactivate(request: HttpRequest, user_id: uuid.UUID) -> HttpResponse:
    """What deactivating will end, then the act."""
    viewer = viewer_required(request)
    found = access_person(viewer=viewer, id=user_id, need=PersonRight.ADMINISTER)
    if request.method == "GET":
        return render(request, "accounts/deactivate.html", {**_one(viewer, found), "filter": filter_of(request.GET)})
    user_deactivate(membership=found, actor=viewer.ref, now=clock.now())
    said = _("%(name)s is deactivated: all sessions are closed, and calls in progress end within seconds.")
    messages.success(request, said % {"name": found.user.name})
    return _back(request, found)


@require_POST
def reactivate(request: HttpRequest, user_id: uuid.UUID) -> HttpResponse:
    """Let a deactivated person sign in again."""
    viewer = viewer_required(request)
    found = access_person(viewer=viewer, id=user_id, need=PersonRight.ADMINISTER)
    user_reactivate(membership=found, actor=viewer.ref, now=clock.now())
    messages.success(request, _("%(name)s may sign in again.") % {"name": found.user.name})
    return _back(request, found)


def _form(request: HttpRequest, viewer: Viewer, form: PersonForm) -> HttpResponse:
    context = {"form": form, "filter": filter_of(request.GET), "organization_name": viewer.organization_name}
    return render(request, "accounts/add.html", context, status=400 if form.errors else 200)


def _back(request: HttpRequest, membership: Membership) -> HttpResponse:
    address = reverse("accounts:person", kwargs={"user_id": membership.user_id})
    return HttpResponseRedirect(address + filter_of(request.GET).query)


def _list(viewer: Viewer, wanted: PeopleFilter) -> dict[str, Any]:
    page = list_people(viewer=viewer, wanted=wanted)
    rows = list(page.object_list)
    held = roles_of_people(rows)
    return {
        "page": page,
        "rows": [{"membership": row, "roles": _names(held.get(row.user_id, []))} for row in rows],
        "filter": wanted,
        "filters": _filters(viewer, wanted),
        "columns": [_column(wanted, key, name) for key, name in COLUMNS],
        "statuses": [
            {"name": name, "query": wanted.with_(status=key, page=1), "on": wanted.status == key} for key, name in STATUSES
        ],
    }


def _filters(viewer: Viewer, wanted: PeopleFilter) -> Filters:
    units = [(str(unit.id), unit.name) for unit in list_units(viewer=viewer)]
    roles = [(str(role), words) for role, words in ROLE_NAMES.items()]
    unit = str(wanted.unit or "")
    return Filters(
        name="people",
        action=reverse("accounts:people"),
        is_inline=True,
        hidden=[("status", wanted.status), ("sort", wanted.sort)],
        fields=[
            Field(kind="search", name="q", label=_("Name or mail address"), value=wanted.q),
            Field(kind="choice", name="unit", label=_("Unit"), value=unit, every=_("All units"), options=units),
            Field(kind="choice", name="role", label=_("Role"), value=wanted.role, every=_("All roles"), options=roles),
        ],
    )


def _one(viewer: Viewer, found: Membership) -> dict[str, Any]:
    return {
        "person": found,
        "person_roles": [(ROLE_NAMES[role], unit) for role, unit in scopes_of(membership=found)],
        "oneself": found.user_id == viewer.user_id,
        "elsewhere": works_elsewhere(membership=found),
        "may_change": may_administer(viewer=viewer, membership=found),
        "unit_form": UnitForm(viewer=viewer, initial={"unit": found.unit_id}),
    }


def _column(wanted: PeopleFilter, key: str, name: Any) -> dict[str, Any]:
    up, down = wanted.sort == key, wanted.sort == f"-{key}"
    return {
        "key": key,
        "name": name,
        "query": wanted.with_(sort=f"-{key}" if up else key, page=1),
        "order": "ascending" if up else "descending" if down else "none",
    }


def _names(roles: list[Role]) -> list[Any]:
    return [ROLE_NAMES[role] for role in roles]
