"""What the media server holds against what we hold: people and meetings that went away without a word, as its process died."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db.models import Q
from livekit import api

from suite.accounts.public import list_signed_in
from suite.kernel.refs import SYSTEM
from suite.meetings import media
from suite.meetings.models import CapturedTrack, Meeting, Participation, ParticipationState
from suite.meetings.services.meetings import meeting_end
from suite.meetings.services.participations import participation_left, participation_remove
from suite.meetings.webhooks import recording_over

WAITED_FOR = timedelta(hours=1)  # a meeting stays open that long for somebody at the door
REMEMBERED_SECONDS = 3600
WORD_SECONDS = 120.0  # for which the media server tries to tell of a recording's end
GOING_ON = {api.EgressStatus.EGRESS_STARTING, api.EgressStatus.EGRESS_ACTIVE, api.EgressStatus.EGRESS_ENDING}


def reconcile(*, now: datetime) -> None:
    """End the meetings in which nobody has been for `MEETING_QUIET_SECONDS`, and see off the people who are gone so long.

    Absence counts from when it was first seen, so that a media server that starts anew has time to be joined again. Whoever
    is signed in nowhere any more is taken out: their page has left by itself, a client of their own making may not. Raises
    `MediaServerSilent`.
    """
    meetings = list(Meeting.objects.filter(ended_at=None))
    _take_out_signed_out(meetings, now=now)
    counts = media.people_counted(meeting_ids=[meeting.id for meeting in meetings]) if meetings else {}
    for meeting in meetings:
        present = _present(meeting)
        count = counts.get(meeting.id, 0)
        if count == len(present):
            cache.delete_many([_name(participation.id) for participation in present])
        elif count:
            here = media.identities_in(meeting_id=meeting.id)
            for participation in present:
                if is_gone(participation.id, seen=str(participation.id) in here, now=now):
                    participation_left(participation=participation, now=now)
        if is_gone(meeting.id, seen=count > 0 or _is_expected(meeting, now=now), now=now):
            meeting_end(meeting=meeting, actor=SYSTEM, now=now)


def reconcile_recordings(*, now: datetime) -> None:
    """Close the recordings of which no word will come any more, so that their tracks can be recorded again.

    One that never began is closed at once; of others a recorder that starts anew tells what it finds, and is given
    `WORD_SECONDS` for that. Raises `MediaServerSilent`.
    """
    tracks = CapturedTrack.objects.filter(ended_at=None).exclude(egress_id="").select_related("capture")
    for meeting_id in {track.capture.meeting_id for track in tracks}:
        known = media.egresses_of(meeting_id=meeting_id)
        for track in (one for one in tracks if one.capture.meeting_id == meeting_id):
            info = known.get(track.egress_id)
            goes_on = info is not None and info.status in GOING_ON
            never_began = info is not None and not goes_on and not any(one.started_at for one in info.file_results)
            if never_began or is_gone(track.id, seen=goes_on, now=now, after=WORD_SECONDS):
                recording_over(info or api.EgressInfo(egress_id=track.egress_id, error="the media server forgot it"))


def _take_out_signed_out(meetings: list[Meeting], *, now: datetime) -> None:
    inside = Participation.objects.filter(meeting__in=meetings, state=ParticipationState.ADMITTED, left_at=None)
    of_accounts = list(inside.exclude(user__isnull=True).select_related("meeting"))
    signed_in = list_signed_in(user_ids={one.user_id for one in of_accounts if one.user_id is not None})
    for participation in of_accounts:
        if participation.user_id not in signed_in:
            participation_remove(participation=participation, actor=SYSTEM, now=now)


def _present(meeting: Meeting) -> list[Participation]:
    """Whom we hold to be in the meeting."""
    held = meeting.participations.filter(state=ParticipationState.ADMITTED, joined_at__isnull=False, left_at=None)
    return list(held.select_related("meeting"))


def _is_expected(meeting: Meeting, *, now: datetime) -> bool:
    """Whether somebody is on their way in, or waits at the door."""
    on_the_way = Q(state=ParticipationState.ADMITTED, admitted_at__gt=now - _quiet())
    waiting = Q(state=ParticipationState.WAITING, asked_at__gt=now - WAITED_FOR)
    return meeting.participations.filter(on_the_way | waiting).exists()


def is_gone(key: uuid.UUID, *, seen: bool, now: datetime, after: float | None = None) -> bool:
    """Whether `key` has not been seen for `after` seconds, `MEETING_QUIET_SECONDS` where that is None; a cache that forgets
    only makes it later.
    """
    if seen:
        cache.delete(_name(key))
        return False
    since = cache.get_or_set(_name(key), now.timestamp(), REMEMBERED_SECONDS)
    return since is not None and now.timestamp() - since >= (_quiet().total_seconds() if after is None else after)


def _name(key: uuid.UUID) -> str:
    return f"meetings.unseen.{key}"


def _quiet() -> timedelta:
    return timedelta(seconds=settings.MEETING_QUIET_SECONDS)
