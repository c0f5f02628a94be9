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

from suite.accounts.access import PersonRight, access_person
from suite.accounts.middleware import viewer_required
from suite.accounts.models import Membership, Role
from suite.accounts.people import ACTIVE, DEACTIVATED, PeopleFilter, filter_of, list_people, list_units, roles_of_people
from suite.accounts.services.people import user_deactivate, user_reactivate
from suite.accounts.viewer import Viewer
from suite.kernel import clock

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
        "units": list_units(viewer=viewer),
        "roles": list(ROLE_NAMES.items()),
        "columns": [_column(wanted, key, name) for key, name in COLUMNS],
        "statuses": [
            {"name": name, "query": wanted.with_(status=key, page=1), "on": wanted.status == key} for key, name in STATUSES
        ],
        "earlier": wanted.with_(page=page.number - 1) if page.has_previous() else None,
        "later": wanted.with_(page=page.number + 1) if page.has_next() else None,
    }


def _one(viewer: Viewer, found: Membership) -> dict[str, Any]:
    return {
        "person": found,
        "person_roles": _names(roles_of_people([found]).get(found.user_id, [])),
        "oneself": found.user_id == viewer.user_id,
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
