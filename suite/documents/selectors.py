"""Reading documents; each takes the viewer."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from suite.accounts.public import Viewer
from suite.resources.public import Resource, ResourceKind, favourite_ids, list_favourites, list_recents, readable_by

SHOWN = 200  # documents, in each list


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A document as the list shows it."""

    id: uuid.UUID
    title: str
    owner_name: str
    is_mine: bool
    is_favourite: bool
    updated_at: datetime


def list_documents(*, viewer: Viewer) -> list[DocumentLine]:
    """The documents that the viewer made or was given access to, the latest changed first."""
    readable = readable_by(viewer).select_related("owner").filter(kind=ResourceKind.DOCUMENT)
    return _lines(viewer, readable.order_by("-updated_at", "-id")[:SHOWN])


def list_favourite_documents(*, viewer: Viewer) -> list[DocumentLine]:
    """The documents that the viewer marked, the latest marked first."""
    return _lines(viewer, list_favourites(viewer=viewer, kinds=[ResourceKind.DOCUMENT])[:SHOWN])


def list_recent_documents(*, viewer: Viewer) -> list[DocumentLine]:
    """The documents that the viewer opened, the latest opened first."""
    return _lines(viewer, list_recents(viewer=viewer, kinds=[ResourceKind.DOCUMENT])[:SHOWN])


def _lines(viewer: Viewer, resources: Iterable[Resource]) -> list[DocumentLine]:
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
