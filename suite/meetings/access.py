"""Who may do what with a room, a meeting and a participation: one place for each noun."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import IntEnum

from suite.accounts.public import Membership, Viewer, viewer_of
from suite.kernel.errors import NotFound
from suite.meetings.errors import MeetingEnded, NotAdmitted, UnknownRoom
from suite.meetings.models import Meeting, Participation, ParticipationState, Room
from suite.resources.public import LinkReach, ResourceKind, ResourceRole, access_resource, has_role, role_of


class Standing(IntEnum):
    """What somebody is to a room; each holds those before it."""

    VISITOR = 1  # has the link, asks to enter
    MEMBER = 2  # enters
    MODERATOR = 3  # admits, removes, records, ends


def standing_in(*, room: Room, viewer: Viewer | None) -> Standing:
    """What `viewer` (None: a guest) is to `room`."""
    if viewer is None:
        return Standing.MEMBER if room.resource.link_reach == LinkReach.EVERYONE else Standing.VISITOR
    held = role_of(viewer=viewer, resource=room.resource)
    if has_role(held, ResourceRole.ADMINISTRATOR):
        return Standing.MODERATOR
    return Standing.MEMBER if held is not None else Standing.VISITOR


def access_room(*, viewer: Viewer | None, slug: str) -> tuple[Room, Standing]:
    """The room behind a link, and what the viewer is to it. The link itself is the visitor's right: it cannot be guessed.

    Raises `UnknownRoom` for one that is not there or was discarded.
    """
    room = Room.objects.select_related("resource__organization").filter(slug=slug, resource__deleted_at=None).first()
    if room is None:
        raise UnknownRoom
    return room, standing_in(room=room, viewer=viewer)


def access_room_by_id(*, viewer: Viewer, id: uuid.UUID) -> Room:
    """The room `id`, for those who enter it without asking; raises `NotFound` for everybody else."""
    resource = access_resource(viewer=viewer, id=id, need=ResourceRole.READER, kind=ResourceKind.ROOM)
    return Room.objects.get(resource=resource)


def access_meeting(*, viewer: Viewer, id: uuid.UUID) -> Meeting:
    """A meeting's page: for those who were admitted to it and for the room's moderators.

    Raises `NotFound` for everybody else, as for what is absent.
    """
    meeting = Meeting.objects.select_related("room__resource", "channel__resource", "organization").filter(id=id).first()
    if meeting is None:
        raise NotFound
    was_there = meeting.participations.filter(user_id=viewer.user_id, admitted_at__isnull=False).exists()
    if not was_there and standing_in(room=meeting.room, viewer=viewer) < Standing.MODERATOR:
        raise NotFound
    return meeting


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who holds a participation: a signed-in viewer, or a guest by the ids that their signed cookie names."""

    viewer: Viewer | None
    guest_participations: frozenset[uuid.UUID]


OVER = {ParticipationState.REFUSED, ParticipationState.REMOVED}


def access_participation(*, bearer: Bearer, meeting_id: uuid.UUID, id: uuid.UUID) -> Participation:
    """One's own participation in a meeting, also while one waits at its door.

    Raises `NotFound` for another's or none, `MeetingEnded`, `NotAdmitted` where one was refused or removed.
    """
    participation = (
        Participation.objects.select_related("meeting__room__resource", "meeting__organization", "meeting__channel", "user")
        .filter(id=id, meeting_id=meeting_id)
        .first()
    )
    if participation is None or not _holds(bearer, participation):
        raise NotFound
    if participation.meeting.ended_at is not None:
        raise MeetingEnded
    if participation.state in OVER:
        raise NotAdmitted
    return participation


def can_moderate(*, bearer: Bearer, participation: Participation) -> bool:
    """Whether who holds `participation` moderates its room. A guest never does."""
    return standing_in(room=participation.meeting.room, viewer=bearer.viewer) >= Standing.MODERATOR


def is_host_inside(meeting: Meeting) -> bool:
    """Whether somebody is in the meeting who moderates its room, and so can let others in."""
    room = meeting.room
    inside = meeting.participations.filter(state=ParticipationState.ADMITTED, joined_at__isnull=False, left_at=None)
    members = Membership.objects.select_related("user", "organization", "unit").filter(
        user_id__in=inside.values("user_id"), user__is_active=True, ended_at=None
    )
    strong = room.resource.accesses.filter(role__in=[ResourceRole.ADMINISTRATOR, ResourceRole.OWNER])
    if not strong.filter(user__isnull=True).exists():  # strangers ask: no walk through all where persons alone moderate
        members = members.filter(user_id__in=strong.values("user_id"))
    viewers = (viewer_of(membership=membership) for membership in members)
    return any(standing_in(room=room, viewer=viewer) >= Standing.MODERATOR for viewer in viewers)


def _holds(bearer: Bearer, participation: Participation) -> bool:
    if participation.user_id is None:
        return participation.id in bearer.guest_participations
    return bearer.viewer is not None and bearer.viewer.user_id == participation.user_id
