"""Making and naming documents. Their text is written through the sockets, or by the Suite when it makes them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from suite.accounts.public import Viewer
from suite.documents.content import Paragraph, first_update
from suite.documents.events import DocumentCreated
from suite.documents.models import Document, DocumentUpdate
from suite.kernel.events import publish
from suite.kernel.groups import group, tell
from suite.kernel.refs import ActorRef
from suite.resources.public import ResourceKind, resource_create, resource_erase, resource_rename


@transaction.atomic
def document_create(
    *,
    organization_id: uuid.UUID,
    title: str,
    owner_id: uuid.UUID | None,
    actor: ActorRef,
    now: datetime,
    paragraphs: Sequence[Paragraph] = (),
    context: uuid.UUID | None = None,
) -> Document:
    """A new document, empty or holding `paragraphs`; its owner, where it has one, holds it."""
    resource = resource_create(
        kind=ResourceKind.DOCUMENT,
        organization_id=organization_id,
        owner_id=owner_id,
        title=title,
        actor=actor,
        now=now,
        context=context,
    )
    document = Document.objects.create(resource=resource)
    DocumentUpdate.objects.create(document=document, data=first_update(paragraphs), created_at=now)
    publish(DocumentCreated(document_id=resource.id, organization_id=organization_id, at=now))
    return document


@transaction.atomic
def document_rename(*, document: Document, title: str, viewer: Viewer, now: datetime) -> None:
    """Give `document` another title, shown at once where it is open; the caller holds the right to write in it."""
    resource_rename(resource=document.resource, title=title, viewer=viewer, now=now)
    tell(group("resource", document.pk), {"type": "title.changed", "title": document.resource.title})


@transaction.atomic
def document_erase(*, document_id: uuid.UUID, now: datetime) -> None:
    """Remove the text and the rows of a document that was deleted for ever; quietly nothing where they are gone."""
    Document.objects.filter(pk=document_id, resource__purged_at__isnull=False).delete()
    resource_erase(resource_id=document_id, now=now)
