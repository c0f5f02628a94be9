"""The meeting's pages, and the door of the media server's webhooks."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from suite.accounts.public import viewer_required
from suite.kernel import clock
from suite.meetings import selectors, webhooks
from suite.meetings.access import Standing, access_meeting, access_room, access_room_by_id
from suite.meetings.attendance import attendance_of
from suite.meetings.pages import sections_of
from suite.meetings.services.rooms import room_create

LISTED = 50


@require_POST
def start(request: HttpRequest) -> HttpResponseRedirect:
    """Make a room and go there."""
    room = room_create(viewer=viewer_required(request), title=request.POST.get("title", ""), now=clock.now())
    return redirect("meetings:room", slug=room.slug)


@require_GET
def list_(request: HttpRequest) -> HttpResponse:
    """My meetings and the rooms that I made for later, newest first."""
    viewer = viewer_required(request)
    context = {"meetings": selectors.list_meetings(viewer)[:LISTED], "rooms": selectors.list_ready_rooms(viewer)[:LISTED]}
    return render(request, "meetings/list.html", context)


@require_GET
def meeting(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """A meeting's page: who was there, and what came of it."""
    viewer = viewer_required(request)
    found, standing = access_meeting(viewer=viewer, id=id)
    context = {
        "meeting": found,
        "room_slug": found.room.slug if found.room.resource.deleted_at is None else None,
        "people": attendance_of(found),
        "channel_id": found.channel_id if selectors.can_read_chat(viewer=viewer, meeting=found) else None,
        "sections": sections_of(viewer=viewer, meeting=found),
        "can_moderate": standing >= Standing.MODERATOR,
    }
    return render(request, "meetings/meeting.html", context)


@require_GET
def room(request: HttpRequest, slug: str) -> HttpResponse:
    """Before the meeting and the meeting: an unknown or closed room is said here, before a camera starts."""
    viewer = getattr(request, "viewer", None)
    found, standing = access_room(viewer=viewer, slug=slug)
    return render(request, "meetings/room.html", {"room": found, "standing": standing.name.lower()})


@require_GET
def room_by_id(request: HttpRequest, id: uuid.UUID) -> HttpResponseRedirect:
    """From a list of all kinds to the room's link, which is not to be guessed from the id: for who may read the room."""
    found = access_room_by_id(viewer=viewer_required(request), id=id)
    return redirect("meetings:room", slug=found.slug)


@csrf_exempt
@require_POST
def livekit_webhook(request: HttpRequest) -> HttpResponse:
    """A word from the media server, signed with our key."""
    webhooks.handle(webhooks.read(body=request.body, authorization=request.headers.get("Authorization", "")))
    return HttpResponse(status=204)
