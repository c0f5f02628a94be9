"""The home page: it shows every app, so it stands where all of them may be read."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from suite.accounts.public import viewer_required
from suite.chat.public import list_channels
from suite.meetings.public import list_meetings
from suite.resources.public import ResourceKind, readable_by

SHOWN = 6


def home(request: HttpRequest) -> HttpResponse:
    """Today first: meetings going on, the latest meetings, the documents and channels that moved."""
    viewer = viewer_required(request)
    documents = readable_by(viewer).filter(kind=ResourceKind.DOCUMENT).order_by("-updated_at")
    context = {
        "upcoming": list_meetings(viewer).filter(ended_at=None)[:SHOWN],
        "recent": list_meetings(viewer).exclude(ended_at=None)[:SHOWN],
        "documents": documents[:SHOWN],
        "channels": list_channels(viewer=viewer)[:SHOWN],
    }
    return render(request, "home.html", context)
