"""Which document a viewer may read, write in, or share."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from suite.accounts.public import Viewer, get_viewer
from suite.documents.models import Document
from suite.kernel.errors import NotFound, NotSignedIn
from suite.resources.public import Resource, ResourceKind, ResourceRole, access_resource, role_of

READ = ResourceRole.READER
WRITE = ResourceRole.EDITOR
SHARE = ResourceRole.ADMINISTRATOR


@dataclass(frozen=True, slots=True)
class Right:
    """What somebody may do with a document at this moment."""

    viewer: Viewer
    role: ResourceRole


def access_document(*, viewer: Viewer | None, id: uuid.UUID, need: ResourceRole) -> Document:
    """The document `id`, if `viewer` holds `need` on it; raises `NotFound` or `Forbidden` as `access_resource` does."""
    resource = access_resource(viewer=viewer, id=id, need=need, kind=ResourceKind.DOCUMENT)
    document = Document.objects.filter(pk=resource.pk).first()
    if document is None:
        raise NotFound
    document.resource = resource
    return document


def right_of_session(*, session_key: str | None, document_id: uuid.UUID) -> Right:
    """What the person behind a session may do with a document, read afresh; raises `NotSignedIn` or `NotFound`."""
    viewer = get_viewer(session_key=session_key)
    if viewer is None:
        raise NotSignedIn
    resource = Resource.objects.filter(id=document_id, kind=ResourceKind.DOCUMENT, deleted_at=None).first()
    role = None if resource is None else role_of(viewer=viewer, resource=resource)
    if role is None:
        raise NotFound
    return Right(viewer, role)
