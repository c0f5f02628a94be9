"""The home page: it shows every app, so it stands where all of them may be read."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from suite.accounts.public import viewer_required
from suite.meetings.public import list_meetings
from suite.resources.public import ResourceKind, readable_by

SHOWN = 6


def home(request: HttpRequest) -> HttpResponse:
    """Today first: meetings going on, the latest meetings, the documents and channels that moved."""
    viewer = viewer_required(request)
    recent = readable_by(viewer).order_by("-updated_at")
    context = {
        "meetings": list_meetings(viewer)[:SHOWN],
        "documents": recent.filter(kind=ResourceKind.DOCUMENT)[:SHOWN],
        "channels": recent.filter(kind=ResourceKind.CHANNEL)[:SHOWN],
    }
    return render(request, "home.html", context)
