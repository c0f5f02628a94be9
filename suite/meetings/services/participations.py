"""Coming in, waiting, being let in, leaving, being taken out."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from suite.accounts.public import Viewer
from suite.kernel.events import publish
from suite.kernel.refs import ActorRef
from suite.kernel.text import one_line
from suite.meetings import live
from suite.meetings.access import OVER, Bearer, Standing
from suite.meetings.errors import MeetingEnded, NameMissing, RemovedFromMeeting
from suite.meetings.events import ParticipationMuted, ParticipationRemoved
from suite.meetings.models import Meeting, Participation, ParticipationState, Room
from suite.meetings.records import record_in
from suite.meetings.selectors import is_barred
from suite.meetings.services.meetings import meeting_open
from suite.resources.public import ResourceRole, access_grant

NAME_MAX = 100


@transaction.atomic
def participation_ask(
    *,
    room: Room,
    viewer: Viewer | None,
    guest_participations: frozenset[uuid.UUID] = frozenset(),
    standing: Standing,
    name: str,
    shared_microphone: bool,
    now: datetime,
) -> Participation:
    """Come to `room`'s door: members and moderators are in at once, visitors wait.

    A member's name is their account's (a meeting room's microphone may carry the room's); a guest gives one. Raises
    `NameMissing` for a guest without a name, `RemovedFromMeeting` for whom a moderator took out of this meeting.
    """
    given = clean_name(name)
    if viewer is None and not given:
        raise NameMissing
    shown = given if viewer is None or (shared_microphone and given) else viewer.name
    guest = ActorRef(kind="guest", id=None, label=shown)
    meeting = meeting_open(room=room, actor=viewer.ref if viewer else guest, now=now)
    if standing < Standing.MODERATOR and is_barred(bearer=Bearer(viewer, guest_participations), meeting=meeting):
        raise RemovedFromMeeting
    participation = Participation.objects.create(
        meeting=meeting,
        user_id=viewer.user_id if viewer else None,
        name=shown,
        shared_microphone=shared_microphone,
        state=ParticipationState.WAITING,
        asked_at=now,
    )
    if standing >= Standing.MEMBER:
        participation_admit(participation=participation, actor=participation.actor, now=now)
    else:
        record_in(meeting, "meetings.participant.asked", actor=participation.actor, target=participation.ref, at=now)
        live.tell_waiting(meeting)
    return participation


@transaction.atomic
def participation_admit(*, participation: Participation, actor: ActorRef, now: datetime) -> None:
    """Let somebody in; the caller moderates, or they need nobody's leave. Members may read the meeting's chat from then on."""
    meeting = participation.meeting
    _still_open(meeting)
    if participation.state == ParticipationState.ADMITTED:
        return
    participation.state = ParticipationState.ADMITTED
    participation.admitted_at = now
    participation.save(update_fields=["state", "admitted_at"])
    record_in(meeting, "meetings.participant.admitted", actor=actor, target=participation.ref, at=now)
    resource = meeting.channel.resource
    if participation.user_id is not None and not resource.accesses.filter(user_id=participation.user_id).exists():
        access_grant(resource=resource, role=ResourceRole.COMMENTER, actor=actor, now=now, context=meeting.id,
                     user_id=participation.user_id)  # fmt: skip
    live.tell_admitted(participation)
    live.tell_waiting(meeting)


@transaction.atomic
def participation_refuse(*, participation: Participation, actor: ActorRef, now: datetime) -> None:
    """Do not let somebody in who waits; the caller moderates."""
    meeting = participation.meeting
    _still_open(meeting)
    if participation.state != ParticipationState.WAITING:
        return
    participation.state = ParticipationState.REFUSED
    participation.save(update_fields=["state"])
    record_in(meeting, "meetings.participant.refused", actor=actor, target=participation.ref, at=now)
    live.tell_over(live.one(participation.id), "entry_refused")
    live.tell_waiting(meeting)


@transaction.atomic
def participation_rename(*, participation: Participation, name: str, now: datetime) -> None:
    """A guest who waits changes the name they gave."""
    given = clean_name(name)
    if not given:
        raise NameMissing
    if not participation.is_guest or participation.state != ParticipationState.WAITING:
        return
    participation.name = given
    participation.save(update_fields=["name"])
    record_in(
        participation.meeting, "meetings.participant.renamed", actor=participation.actor, target=participation.ref, at=now
    )
    live.tell_waiting(participation.meeting)


@transaction.atomic
def participation_joined(*, participation: Participation, now: datetime) -> None:
    """The media server saw them come."""
    if participation.state != ParticipationState.ADMITTED or (participation.joined_at and participation.left_at is None):
        return
    participation.joined_at = participation.joined_at or now
    participation.left_at = None
    participation.save(update_fields=["joined_at", "left_at"])
    meeting = participation.meeting
    record_in(
        meeting,
        "meetings.participant.joined",
        actor=participation.actor,
        target=participation.ref,
        at=now,
        shared_microphone=participation.shared_microphone,
    )
    live.tell_people(meeting)


@transaction.atomic
def participation_left(*, participation: Participation, now: datetime) -> None:
    """The media server saw them go, or they stopped waiting. They may come back while the meeting lasts."""
    if participation.left_at is not None:
        return
    waited = participation.state == ParticipationState.WAITING
    participation.left_at = now
    if waited:
        participation.state = ParticipationState.LEFT
    participation.save(update_fields=["left_at", "state"])
    meeting = participation.meeting
    record_in(meeting, "meetings.participant.left", actor=participation.actor, target=participation.ref, at=now)
    if waited:
        live.tell_waiting(meeting)
    else:
        live.tell_people(meeting)


@transaction.atomic
def participation_remove(*, participation: Participation, actor: ActorRef, now: datetime) -> None:
    """Take one device out of the meeting; the caller moderates, or the person was let go."""
    if participation.state == ParticipationState.REMOVED:
        return
    record_in(participation.meeting, "meetings.participant.removed", actor=actor, target=participation.ref, at=now)
    _take_out(participation, now=now)


@transaction.atomic
def participation_bar(*, participation: Participation, actor: ActorRef, now: datetime) -> None:
    """Take somebody out for the whole of the meeting, with every device of theirs: one act; the caller moderates.

    Another device of the moderator's own is taken out, and they stay. Nothing where they were taken out before.
    """
    meeting = participation.meeting
    if participation.user_id is not None and participation.user_id == actor.id:
        participation_remove(participation=participation, actor=actor, now=now)
        return
    Room.objects.select_for_update().get(pk=meeting.room_id)  # nobody comes in meanwhile: `participation_ask` takes it too
    same = Q(id=participation.id) if participation.user_id is None else Q(user_id=participation.user_id)
    devices = meeting.participations.filter(same)
    if not devices.filter(is_barred=False).update(is_barred=True):
        return
    inside = list(devices.exclude(state__in=OVER | {ParticipationState.LEFT}).select_related("meeting").order_by("asked_at"))
    record_in(meeting, "meetings.participant.removed", actor=actor, target=participation.ref, at=now,
              devices=[str(device.id) for device in inside])  # fmt: skip
    for device in inside:
        _take_out(device, now=now)


@transaction.atomic
def participation_mute(*, participation: Participation, actor: ActorRef, now: datetime) -> None:
    """Mute somebody's microphone and tell them by whom; the caller moderates."""
    meeting = participation.meeting
    _still_open(meeting)
    record_in(meeting, "meetings.participant.muted", actor=actor, target=participation.ref, at=now)
    publish(ParticipationMuted(meeting_id=meeting.id, participation_id=participation.id, at=now))
    live.tell_one(participation, {"type": "muted", "by": actor.label})


def clean_name(name: str) -> str:
    """One line of printable text, at most 100 characters."""
    return one_line(name, NAME_MAX)


def _take_out(participation: Participation, *, now: datetime) -> None:
    """One device goes, and its media; the caller records the act."""
    meeting = participation.meeting
    participation.state = ParticipationState.REMOVED
    participation.tokens_from = now
    if participation.joined_at is not None and participation.left_at is None:
        participation.left_at = now
    participation.save(update_fields=["state", "tokens_from", "left_at"])
    publish(ParticipationRemoved(meeting_id=meeting.id, participation_id=participation.id, at=now))
    live.tell_over(live.one(participation.id), "removed")
    live.tell_people(meeting)


def _still_open(meeting: Meeting) -> None:
    if meeting.ended_at is not None:
        raise MeetingEnded
