"""The documents' pages."""

from __future__ import annotations

import json
import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST

from suite.accounts.public import viewer_required
from suite.documents.access import READ, access_document
from suite.documents.api.views import document_payload
from suite.documents.selectors import lines_of, list_documents
from suite.documents.services import document_create
from suite.kernel import clock
from suite.kernel.paging import page_of
from suite.resources.public import resource_opened

SHOWN = {
    "": _("All"),
    "favourites": _("Favourites"),
    "recent": _("Opened lately"),
    "mine": _("Made by me"),
    "shared": _("Shared with me"),
}


@require_GET
def list_(request: HttpRequest) -> HttpResponse:
    """The viewer's documents and those shared with them; `?shown=` is one of `SHOWN`."""
    viewer, shown = viewer_required(request), request.GET.get("shown", "")
    page = page_of(list_documents(viewer=viewer, shown=shown), request.GET.get("page"))
    documents = lines_of(viewer=viewer, resources=page)
    return render(
        request, "documents/list.html", {"page": page, "documents": documents, "shown": shown, "choices": SHOWN.items()}
    )


@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """A new, empty document, opened."""
    viewer = viewer_required(request)
    document = document_create(
        organization_id=viewer.organization_id, title="", owner_id=viewer.user_id, actor=viewer.ref, now=clock.now()
    )
    return redirect("documents:document", id=document.pk)


@ensure_csrf_cookie
@require_GET
def document(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """One document, for who may read it."""
    viewer = viewer_required(request)
    opened = access_document(viewer=viewer, id=id, need=READ)
    resource_opened(resource=opened.resource, viewer=viewer, now=clock.now())
    return render(
        request, "documents/document.html", {"document": opened, "payload": json.dumps(document_payload(opened, viewer))}
    )
