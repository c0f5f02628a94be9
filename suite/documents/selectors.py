"""Reading documents; each takes the viewer."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from suite.accounts.public import Viewer
from suite.resources.public import Resource, ResourceKind, favourite_ids, list_favourites, list_recents, readable_by


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A document as the list shows it."""

    id: uuid.UUID
    title: str
    owner_name: str
    is_mine: bool
    is_favourite: bool
    updated_at: datetime


def list_documents(*, viewer: Viewer, shown: str = "") -> QuerySet[Resource]:
    """Documents that the viewer may read, the latest changed first; `favourites` and `recent`: the latest marked, opened.

    `mine` are the viewer's own, `shared` all others; any other word shows all.
    """
    if shown == "favourites":
        return list_favourites(viewer=viewer, kinds=[ResourceKind.DOCUMENT]).select_related("owner")
    if shown == "recent":
        return list_recents(viewer=viewer, kinds=[ResourceKind.DOCUMENT]).select_related("owner")
    found = readable_by(viewer).select_related("owner").filter(kind=ResourceKind.DOCUMENT).order_by("-updated_at", "-id")
    if shown == "mine":
        return found.filter(owner_id=viewer.user_id)
    return found.exclude(owner_id=viewer.user_id) if shown == "shared" else found


def lines_of(*, viewer: Viewer, resources: Iterable[Resource]) -> list[DocumentLine]:
    """Each of `list_documents` as lists show it."""
    marked = favourite_ids(viewer=viewer)
    return [
        DocumentLine(
            id=resource.id,
            title=resource.title,
            owner_name=resource.owner.name if resource.owner else "",
            is_mine=resource.owner_id == viewer.user_id,
            is_favourite=resource.id in marked,
            updated_at=resource.updated_at,
        )
        for resource in resources
    ]
