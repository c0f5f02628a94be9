"""Reading documents; each takes the viewer."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from suite.accounts.public import Viewer
from suite.documents.content import plain_text
from suite.documents.models import Document
from suite.documents.sync import store
from suite.resources.public import readable_by


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A document as the list shows it."""

    id: uuid.UUID
    title: str
    owner_name: str
    is_mine: bool
    updated_at: datetime


def list_documents(*, viewer: Viewer, limit: int = 200) -> list[DocumentLine]:
    """The documents that the viewer made or was given access to, the latest changed first."""
    documents = Document.objects.select_related("resource__owner").filter(resource__in=readable_by(viewer).values("id"))
    return [
        DocumentLine(
            id=document.pk,
            title=document.resource.title,
            owner_name=document.resource.owner.name if document.resource.owner else "",
            is_mine=document.resource.owner_id == viewer.user_id,
            updated_at=document.resource.updated_at,
        )
        for document in documents.order_by("-resource__updated_at", "-resource_id")[:limit]
    ]


def get_text(*, document: Document) -> str:
    """The document's words, one line a block; the caller has checked the right to read."""
    return plain_text(store.covered(store.load(document.pk))[1])
