"""What every page's shell shows: the person, the entries of the rail by right, the language."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from suite.accounts.public import Viewer
from suite.resources.public import asked_for

Entry = tuple[str, str, str | Promise]  # url name, DSFR icon, label

EVERYONE: tuple[Entry, ...] = (
    ("home", "fr-icon-home-4-line", _("Home")),
    ("meetings:list", "fr-icon-video-chat-line", _("Meetings")),
    ("chat:home", "fr-icon-discuss-line", _("Messages")),
    ("documents:list", "fr-icon-file-text-line", _("Documents")),
)
PEOPLE: Entry = ("accounts:people", "fr-icon-team-line", _("People"))
AUDIT: Entry = ("audit:log", "fr-icon-shield-line", _("Audit"))


def shell(request: HttpRequest) -> dict[str, Any]:
    """`viewer`, `rail` and, for an error's page, `offer`, for the templates."""
    viewer: Viewer | None = getattr(request, "viewer", None)
    return {"viewer": viewer, "rail": rail_of(viewer), "offer": offer_of(request, viewer)}


def offer_of(request: HttpRequest, viewer: Viewer | None) -> dict[str, Any] | None:
    """What a page that was not found offers: to ask for access, at any address that could be a resource's."""
    match = request.resolver_match
    id = asked_for(url_name=match.view_name, values=match.kwargs) if viewer and match else None
    return {"template": "resources/ask.html", "address": reverse("resources:ask", kwargs={"id": id})} if id else None


def rail_of(viewer: Viewer | None) -> list[Entry]:
    """The entries that `viewer` may open; nobody is shown an administrator's entry that is not theirs."""
    if viewer is None:
        return []
    entries = list(EVERYONE)
    if viewer.is_hr_administrator:
        entries.append(PEOPLE)
    if viewer.is_auditor:
        entries.append(AUDIT)
    return entries
