"""A sitting's beginning and end."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from suite.chat.public import ChannelKind, channel_create
from suite.kernel.events import publish
from suite.kernel.ids import uuid7
from suite.kernel.refs import ActorRef
from suite.meetings import live
from suite.meetings.errors import UnknownRoom
from suite.meetings.events import MeetingEnded
from suite.meetings.models import Meeting, ParticipationState, Room
from suite.meetings.records import record_in
from suite.meetings.selectors import open_capture, open_meeting_of
from suite.meetings.services.captures import capture_stop


@transaction.atomic
def meeting_open(*, room: Room, actor: ActorRef, now: datetime) -> Meeting:
    """The sitting that is going on in `room`, begun by `actor` where there is none.

    Raises `UnknownRoom` for one that was discarded since it was looked at: both rows are held, so that neither goes meanwhile.
    """
    held = Room.objects.select_for_update().select_related("resource")
    if held.filter(pk=room.pk, resource__deleted_at=None).first() is None:
        raise UnknownRoom
    meeting = open_meeting_of(room.pk)
    if meeting is not None:
        return meeting
    resource, meeting_id = room.resource, uuid7()
    channel = channel_create(
        organization_id=resource.organization_id,
        title=room.title,
        kind=ChannelKind.MEETING,
        owner_id=resource.owner_id,
        actor=actor,
        now=now,
        context=meeting_id,
    )
    meeting = Meeting.objects.create(
        id=meeting_id,
        room=room,
        organization_id=resource.organization_id,
        channel=channel,
        title=room.title,
        started_by_id=actor.id if actor.kind == "person" else None,
        started_at=now,
    )
    record_in(meeting, "meetings.meeting.started", actor=actor, at=now)
    return meeting


@transaction.atomic
def meeting_end(*, meeting: Meeting, actor: ActorRef, now: datetime) -> bool:
    """End `meeting` for everyone in it; False where it has ended. The caller holds the right to moderate it."""
    meeting = Meeting.objects.select_for_update().get(pk=meeting.pk)
    if meeting.ended_at is not None:
        return False
    meeting.ended_at = now
    meeting.save(update_fields=["ended_at"])
    meeting.participations.filter(state=ParticipationState.WAITING).update(state=ParticipationState.LEFT, left_at=now)
    for participation in meeting.participations.filter(joined_at__isnull=False, left_at=None):
        participation.left_at = now
        participation.state = ParticipationState.LEFT
        participation.save(update_fields=["left_at", "state"])
        record_in(meeting, "meetings.participant.left", actor=participation.actor, target=participation.ref, at=now)
    capture = open_capture(meeting.id)
    if capture is not None:
        capture_stop(capture=capture, actor=actor, now=now)
    record_in(meeting, "meetings.meeting.ended", actor=actor, at=now)
    publish(MeetingEnded(meeting_id=meeting.id, at=now))
    live.tell_over(live.in_meeting(meeting.id), "ended")
    return True
