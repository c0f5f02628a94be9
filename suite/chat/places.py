"""How lists of all kinds show a channel."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from suite.accounts.public import Viewer
from suite.resources.public import Access, Kind, Resource


def _other_person(viewer: Viewer, resource: Resource) -> str:
    """A conversation of two has no title: it is called as the other one."""
    other = Access.objects.select_related("user").filter(resource=resource, user__isnull=False).exclude(user_id=viewer.user_id)
    found = other.first()
    return found.user.name if found is not None and found.user is not None else ""


CHANNEL = Kind(
    url_name="chat:channel",
    icon="fr-icon-discuss-line",
    untitled=_("Conversation"),
    has_trash=True,
    title_of=_other_person,
)
