"""The chat's pages: both are the same island, opened at a channel or at none."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET

from suite.accounts.public import viewer_required
from suite.chat.access import READ, access_channel


@ensure_csrf_cookie
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The viewer's channels, none opened."""
    return render(request, "chat/chat.html", {"viewer_id": viewer_required(request).user_id})


@ensure_csrf_cookie
@require_GET
def channel(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """One channel, for who may read it."""
    viewer = viewer_required(request)
    opened = access_channel(viewer=viewer, id=id, need=READ)
    return render(request, "chat/chat.html", {"viewer_id": viewer.user_id, "channel_id": opened.pk})
