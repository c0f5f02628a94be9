"""What every page's shell shows: the person, the entries of the rail by right, the language."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from suite.accounts.public import Viewer

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
    """`viewer` and `rail` for the templates."""
    viewer: Viewer | None = getattr(request, "viewer", None)
    return {"viewer": viewer, "rail": rail_of(viewer)}


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
