"""The meeting's pages, and the door of the media server's webhooks."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from suite.accounts.public import viewer_required
from suite.kernel import clock
from suite.kernel.paging import page_of
from suite.meetings import selectors, webhooks
from suite.meetings.access import access_meeting, access_room, access_room_by_id
from suite.meetings.attendance import attendance_of
from suite.meetings.pages import sections_of
from suite.meetings.services.rooms import room_create
from suite.resources.public import ResourceRole, has_role, role_of


@require_POST
def start(request: HttpRequest) -> HttpResponseRedirect:
    """Make a room and go there."""
    room = room_create(viewer=viewer_required(request), title=request.POST.get("title", ""), now=clock.now())
    return redirect("meetings:room", slug=room.slug)


@require_GET
def list_(request: HttpRequest) -> HttpResponse:
    """My meetings and the rooms that I made for later, newest first."""
    viewer = viewer_required(request)
    page = page_of(selectors.list_meetings(viewer), request.GET.get("page"))
    context = {"page": page, "rooms": selectors.list_ready_rooms(viewer) if page.number == 1 else []}
    return render(request, "meetings/list.html", context)


@require_GET
def meeting(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """A meeting's page: who was there, and what came of it."""
    viewer = viewer_required(request)
    found = access_meeting(viewer=viewer, id=id)
    room = found.room if found.room.resource.deleted_at is None else None
    is_owner = room is not None and has_role(role_of(viewer=viewer, resource=room.resource), ResourceRole.OWNER)
    context = {
        "meeting": found,
        "room_slug": room.slug if room else None,
        "may_discard": is_owner and found.ended_at is not None,
        "people": attendance_of(found),
        "channel_id": found.channel_id if selectors.can_read_chat(viewer=viewer, meeting=found) else None,
        "sections": sections_of(viewer=viewer, meeting=found),
    }
    return render(request, "meetings/meeting.html", context)


@require_GET
def room(request: HttpRequest, slug: str) -> HttpResponse:
    """Before the meeting and the meeting: an unknown or closed room is said here, before a camera starts."""
    viewer = getattr(request, "viewer", None)
    found, _ = access_room(viewer=viewer, slug=slug)
    return render(request, "meetings/room.html", {"room": found})


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
