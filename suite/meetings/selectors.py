"""Reading meetings: each page's and each socket's view of them."""

from __future__ import annotations

import uuid
from collections import Counter

from django.conf import settings
from django.db.models import Q, QuerySet

from suite.accounts.public import Viewer
from suite.meetings import contract
from suite.meetings.access import Bearer
from suite.meetings.models import Capture, CapturedTrack, Consent, Meeting, Participation, ParticipationState, Room
from suite.resources.public import ResourceKind, readable_by, role_of

FAILURES_COUNTED = 10


def open_meeting_of(room_id: uuid.UUID) -> Meeting | None:
    """The sitting that is going on in a room."""
    return Meeting.objects.select_related("channel__resource").filter(room_id=room_id, ended_at=None).first()


def list_meetings(viewer: Viewer) -> QuerySet[Meeting]:
    """Meetings that the viewer was admitted to or started, newest first."""
    mine = Q(participations__user_id=viewer.user_id, participations__admitted_at__isnull=False)
    return (
        Meeting.objects.select_related("room__resource")
        .filter(mine | Q(started_by_id=viewer.user_id))
        .distinct()
        .order_by("-started_at")
    )


def list_ready_rooms(viewer: Viewer) -> QuerySet[Room]:
    """The viewer’s own rooms to which none of their meetings leads, newest first: nobody met there yet, or only others did."""
    own = readable_by(viewer).filter(kind=ResourceKind.ROOM, owner_id=viewer.user_id)
    return (
        Room.objects.select_related("resource")
        .filter(resource__in=own)
        .exclude(meetings__in=list_meetings(viewer))
        .order_by("-resource__created_at")
    )


def is_barred(*, bearer: Bearer, meeting: Meeting) -> bool:
    """Whether a moderator took the bearer out of `meeting`: their account on any device, a guest's browser."""
    return meeting.participations.filter(_held_by(bearer), is_barred=True).exists()


def list_held(*, bearer: Bearer, meeting: Meeting) -> set[str]:
    """The bearer's own participations in `meeting`, from whichever window or device, as ids."""
    return {str(id) for id in meeting.participations.filter(_held_by(bearer)).values_list("id", flat=True)}


def _held_by(bearer: Bearer) -> Q:
    held = Q(id__in=bearer.guest_participations, user_id=None)
    return held if bearer.viewer is None else held | Q(user_id=bearer.viewer.user_id)


def people_in(meeting: Meeting) -> list[contract.Person]:
    """Who is in the meeting now, in the order of their coming; a person's further devices under the same name are counted."""
    devices: Counter[tuple[uuid.UUID, str]] = Counter()
    people: list[contract.Person] = []
    present = meeting.participations.filter(state=ParticipationState.ADMITTED, joined_at__isnull=False, left_at=None)
    for one in present.order_by("joined_at"):
        device = (one.user_id or one.id, one.name)
        devices[device] += 1
        people.append(
            {
                "participation_id": str(one.id),
                "name": one.name,
                "device": devices[device],
                "guest": one.is_guest,
                "shared_microphone": one.shared_microphone,
            }
        )
    return people


def waiting_for(meeting: Meeting) -> list[contract.WaitingPerson]:
    """Who waits at the door, longest first."""
    waiting = meeting.participations.filter(state=ParticipationState.WAITING).order_by("asked_at")
    return [{"participation_id": str(one.id), "name": one.name, "since": one.asked_at.isoformat()} for one in waiting]


def open_capture(meeting_id: uuid.UUID) -> Capture | None:
    return (
        Capture.objects.select_related("started_by")
        .filter(meeting_id=meeting_id, purpose="transcription", stopped_at=None)
        .first()
    )


def transcription_for(participation: Participation) -> contract.Transcription:
    """The transcription as one participation sees it; `agreement` is its own answer."""
    capture = open_capture(participation.meeting_id)
    if capture is None:
        days = settings.SOUND_RETENTION_DAYS
        return {
            "active": False, "started_at": None, "started_by": None, "sound_days": days, "agreement": "none", "agreed": [],
        }  # fmt: skip
    answers = {consent.participation_id: consent for consent in capture.consents.all()}
    return {
        "active": True,
        "started_at": capture.started_at.isoformat(),
        "started_by": capture.started_by.name,
        "sound_days": capture.sound_days,
        "agreement": _agreement(answers.get(participation.id)),
        "agreed": [str(key) for key, consent in answers.items() if is_given(consent)],
    }


def is_given(consent: Consent | None) -> bool:
    return consent is not None and consent.given_at is not None and consent.declined_at is None


def failures_before(track: CapturedTrack) -> int:
    """How many pieces of a recording in a row, `track` the last of them, ended without any sound."""
    pieces = CapturedTrack.objects.filter(
        capture_id=track.capture_id, track_sid=track.track_sid, agreed_at=track.agreed_at, piece__lte=track.piece
    )
    failed = 0
    for failure in pieces.order_by("-piece").values_list("failure", flat=True)[:FAILURES_COUNTED]:
        if not failure:
            break
        failed += 1
    return failed


def _agreement(consent: Consent | None) -> contract.Agreement:
    if consent is None:
        return "asked"
    return "agreed" if is_given(consent) else "declined"


def can_read_chat(*, viewer: Viewer, meeting: Meeting) -> bool:
    """Whether the meeting's channel is among what `viewer` was given."""
    return role_of(viewer=viewer, resource=meeting.channel.resource) is not None
