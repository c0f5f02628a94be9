"""The meeting's API: before joining, and joining."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from suite.accounts.public import Viewer, as_viewer
from suite.kernel import clock
from suite.kernel.api import validated
from suite.meetings import contract, door, media
from suite.meetings.access import Standing, access_room, is_host_inside
from suite.meetings.api.serializers import JoinInput, RoomInput
from suite.meetings.guests import bearer_of, remember
from suite.meetings.models import Participation, ParticipationState
from suite.meetings.selectors import is_barred, list_held, open_meeting_of, people_in
from suite.meetings.services.participations import participation_ask
from suite.meetings.services.rooms import room_create
from suite.resources.public import LinkReach


class RoomsView(APIView):
    """Make a room."""

    def post(self, request: Request) -> Response:
        given = validated(RoomInput, request.data)
        room = room_create(viewer=as_viewer(request.user), title=given["title"], now=clock.now())
        url = settings.PUBLIC_URL + reverse("meetings:room", args=[room.slug])
        return Response({"id": room.pk, "slug": room.slug, "title": room.title, "url": url}, status=201)


class RoomView(APIView):
    """What may be known before joining; who is there is told to those who enter without asking."""

    permission_classes = (AllowAny,)

    def get(self, request: Request, slug: str) -> Response:
        viewer = viewer_of(request)
        room, standing = access_room(viewer=viewer, slug=slug)
        meeting = open_meeting_of(room.pk)
        present = people_in(meeting) if meeting else []
        bearer = bearer_of(viewer=viewer, cookies=request.COOKIES)
        mine = list_held(bearer=bearer, meeting=meeting) if meeting else set()
        others = [one for one in present if one["participation_id"] not in mine]
        everyone = room.resource.link_reach == LinkReach.EVERYONE
        view: contract.RoomView = {
            "id": str(room.pk),
            "slug": room.slug,
            "title": room.title,
            "organization": room.resource.organization.name,
            "entry": "everyone" if everyone else "organization",
            "open": True,
            "may_enter": standing >= Standing.MEMBER,
            "can_moderate": standing >= Standing.MODERATOR,
            "removed": meeting is not None and standing < Standing.MODERATOR and is_barred(bearer=bearer, meeting=meeting),
            "present": others if standing >= Standing.MEMBER else None,
            "inside": len(others) < len(present),
            "meeting_id": str(meeting.id) if meeting and standing >= Standing.MEMBER else None,
            "me": {"name": viewer.name} if viewer else None,
            "host_present": meeting is not None and is_host_inside(meeting),
        }
        return Response(view)


class JoinView(APIView):
    """Come to the door: in at once with a token, or waiting."""

    permission_classes = (AllowAny,)

    def post(self, request: Request, slug: str) -> Response:
        viewer = viewer_of(request)
        given = validated(JoinInput, request.data)
        room, standing = access_room(viewer=viewer, slug=slug)
        if viewer is None:
            door.count_knock(room.pk)
        earlier = bearer_of(viewer=viewer, cookies=request.COOKIES).guest_participations
        participation = participation_ask(
            room=room, viewer=viewer, guest_participations=earlier, standing=standing, now=clock.now(), **given
        )
        response = Response(entry_of(participation), status=201)
        if viewer is None:
            remember(response, cookies=request.COOKIES, participation_id=participation.id)
        return response


def viewer_of(request: Request) -> Viewer | None:
    """The signed-in person, or None for a guest."""
    return request.user if isinstance(request.user, Viewer) else None


def entry_of(participation: Participation) -> contract.JoinAnswer:
    """What a device needs to go on: its socket, and its token once it is admitted."""
    meeting_id = participation.meeting_id
    entry: contract.JoinAnswer = {
        "state": "admitted" if participation.state == ParticipationState.ADMITTED else "waiting",
        "participation_id": str(participation.id),
        "meeting_id": str(meeting_id),
        "socket": f"/ws/meetings/{meeting_id}/?participation={participation.id}",
    }
    if participation.state == ParticipationState.ADMITTED:
        token = token_of(participation)
        entry["url"], entry["token"] = token["url"], token["token"]
    return entry


def token_of(participation: Participation) -> contract.MediaToken:
    """Where the media server is and the token to join with."""
    token = media.token_for(meeting_id=participation.meeting_id, participation_id=participation.id, name=participation.name)
    return {"url": settings.LIVEKIT_URL, "token": token}
