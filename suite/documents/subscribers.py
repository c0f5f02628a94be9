"""What documents does when others act: a document that was deleted for ever loses its text."""

from __future__ import annotations

from suite.documents.services import document_erase
from suite.kernel import clock
from suite.resources.events import ResourcePurged
from suite.resources.public import ResourceKind


def erase_document(event: ResourcePurged) -> None:
    if event.kind == ResourceKind.DOCUMENT:
        document_erase(document_id=event.resource_id, now=clock.now())
