"""A document beside its text: its title, and what the viewer may do. The text itself goes through the socket."""

from __future__ import annotations

import uuid
from typing import Any, cast

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from suite.accounts.public import Viewer, as_viewer
from suite.documents.access import READ, SHARE, WRITE, access_document
from suite.documents.contract import DocumentInfo, Role
from suite.documents.models import Document
from suite.documents.selectors import lines_of, list_documents
from suite.documents.services import document_create, document_rename
from suite.documents.sync.presence import colour_of
from suite.kernel import clock
from suite.kernel.api import validated
from suite.kernel.paging import page_of
from suite.resources.public import ResourceRole, has_role, is_favourite, resource_discard, role_of

TITLE_CHARACTERS_MAX = 300


class TitleInput(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=TITLE_CHARACTERS_MAX, allow_blank=True, default="")


class DocumentsView(APIView):
    """The viewer's documents, `?page=` of `pages`; POST makes an empty one."""

    def get(self, request: Request) -> Response:
        viewer = as_viewer(request.user)
        page = page_of(list_documents(viewer=viewer), request.query_params.get("page"))
        shown = [
            {
                "id": line.id,
                "title": line.title,
                "owner": line.owner_name,
                "mine": line.is_mine,
                "favourite": line.is_favourite,
                "updated_at": line.updated_at,
            }
            for line in lines_of(viewer=viewer, resources=page)
        ]
        return Response({"documents": shown, "page": page.number, "pages": page.paginator.num_pages})

    def post(self, request: Request) -> Response:
        given = validated(TitleInput, request.data)
        viewer = as_viewer(request.user)
        document = document_create(
            organization_id=viewer.organization_id,
            title=given["title"],
            owner_id=viewer.user_id,
            actor=viewer.ref,
            now=clock.now(),
        )
        return Response(document_payload(document, viewer), status=201)


class DocumentView(APIView):
    """One document; PATCH names it, DELETE puts it in the trash."""

    def get(self, request: Request, id: uuid.UUID) -> Response:
        return Response(
            document_payload(access_document(viewer=as_viewer(request.user), id=id, need=READ), as_viewer(request.user))
        )

    def patch(self, request: Request, id: uuid.UUID) -> Response:
        document = access_document(viewer=as_viewer(request.user), id=id, need=WRITE)
        given = validated(TitleInput, request.data)
        document_rename(document=document, title=given["title"], viewer=as_viewer(request.user), now=clock.now())
        return Response(document_payload(document, as_viewer(request.user)))

    def delete(self, request: Request, id: uuid.UUID) -> Response:
        document = access_document(viewer=as_viewer(request.user), id=id, need=ResourceRole.OWNER)
        resource_discard(resource=document.resource, viewer=as_viewer(request.user), now=clock.now())
        return Response(status=204)


def document_payload(document: Document, viewer: Viewer) -> DocumentInfo:
    """`{id, title, role, may_write, may_share, may_discard, favourite, me: {id, name, color}}`."""
    held = role_of(viewer=viewer, resource=document.resource)
    return {
        "id": str(document.pk),
        "title": document.resource.title,
        "role": cast("Role", held),
        "may_write": has_role(held, WRITE),
        "may_share": has_role(held, SHARE),
        "may_discard": has_role(held, ResourceRole.OWNER),
        "favourite": is_favourite(viewer=viewer, resource_id=document.pk),
        "me": {"id": str(viewer.user_id), "name": viewer.name, "color": colour_of(viewer.user_id)},
    }
