"""The home page: it shows every app, so it stands where all of them may be read."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from suite.accounts.public import viewer_required
from suite.chat.public import list_channels
from suite.kernel import clock
from suite.meetings.public import list_meetings, list_ready_rooms
from suite.resources.public import ResourceKind, list_answers_to, list_favourites, list_recents, list_requests_to, place_of

SHOWN = 6


def home(request: HttpRequest) -> HttpResponse:
    """Today first: what waits for an answer, meetings, rooms made ready, what the viewer marked and opened, what was said."""
    viewer = viewer_required(request)
    documents = list_recents(viewer=viewer, kinds=[ResourceKind.DOCUMENT])
    context = {
        "upcoming": list_meetings(viewer).filter(ended_at=None)[:SHOWN],
        "rooms": list_ready_rooms(viewer)[:SHOWN],
        "recent": list_meetings(viewer).exclude(ended_at=None)[:SHOWN],
        "requests": list_requests_to(viewer=viewer),
        "answers": list_answers_to(viewer=viewer, now=clock.now()),
        "favourites": [place_of(viewer=viewer, resource=one) for one in list_favourites(viewer=viewer)[:SHOWN]],
        "documents": [(place_of(viewer=viewer, resource=one), one) for one in documents[:SHOWN]],
        "channels": list_channels(viewer=viewer)[:SHOWN],
    }
    return render(request, "home.html", context)
