"""Taking sound for a transcription: started by a moderator, from those who agreed, from their agreement on."""

from __future__ import annotations

import uuid
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import BinaryIO

from django.conf import settings
from django.db import transaction

from suite.accounts.public import Viewer
from suite.files.public import blob_store
from suite.kernel.errors import BadInput
from suite.kernel.events import publish
from suite.kernel.refs import SYSTEM, ActorRef, TargetRef
from suite.meetings import live
from suite.meetings.errors import CaptureNotRunning, MeetingEnded, SpeechOff
from suite.meetings.events import (
    CaptureComplete,
    CaptureStarted,
    CaptureStopped,
    ConsentGiven,
    ConsentWithdrawn,
    RecordingEnded,
    TrackStored,
)
from suite.meetings.models import Capture, CapturedTrack, Consent, Meeting, Participation
from suite.meetings.recordings import cut_after
from suite.meetings.records import record_in
from suite.meetings.selectors import is_given, open_capture

CLOCKS_APART = timedelta(seconds=5)  # how far a media server's clock may be from ours


@transaction.atomic
def capture_start(*, meeting: Meeting, viewer: Viewer, now: datetime) -> Capture:
    """Ask everybody present to agree to a transcription; the one that runs already, where one does.

    The caller moderates. Raises `SpeechOff` where the system runs without speech models, `MeetingEnded`.
    """
    if not settings.SPEECH:
        raise SpeechOff
    if meeting.ended_at is not None:
        raise MeetingEnded
    running = open_capture(meeting.id)
    if running is not None:
        return running
    capture = Capture.objects.create(
        meeting=meeting, started_by_id=viewer.user_id, started_at=now, sound_days=settings.SOUND_RETENTION_DAYS
    )
    record_in(meeting, "meetings.transcription.started", actor=viewer.ref, at=now)
    publish(CaptureStarted(meeting_id=meeting.id, capture_id=capture.id, at=now))
    live.tell_transcription(meeting)
    return capture


@transaction.atomic
def capture_stop(*, capture: Capture, actor: ActorRef, now: datetime) -> None:
    """Take no more sound; the caller moderates, or the meeting ends."""
    if capture.stopped_at is not None:
        return
    capture.stopped_at = now
    capture.save(update_fields=["stopped_at"])
    capture.tracks.filter(agreed_until=None).update(agreed_until=now)
    meeting = capture.meeting
    record_in(meeting, "meetings.transcription.stopped", actor=actor, at=now)
    publish(CaptureStopped(meeting_id=meeting.id, capture_id=capture.id, at=now))
    live.tell_transcription(meeting)
    capture_complete_if_so(capture=capture, now=now)


@transaction.atomic
def consent_give(*, participation: Participation, now: datetime) -> None:
    """Agree to the running transcription, from now on. Raises `CaptureNotRunning`."""
    capture = open_capture(participation.meeting_id)
    if capture is None:
        raise CaptureNotRunning
    consent = Consent.objects.select_for_update().filter(capture=capture, participation=participation).first()
    if is_given(consent):
        return
    consent = consent or Consent(capture=capture, participation=participation)
    consent.given_at, consent.declined_at = now, None
    consent.save()
    meeting = participation.meeting
    record_in(
        meeting, "meetings.consent.given", actor=participation.actor, target=participation.ref, at=now, purpose=capture.purpose
    )
    publish(ConsentGiven(meeting_id=meeting.id, consent_id=consent.id, at=now))
    live.tell_transcription(meeting)


@transaction.atomic
def consent_decline(*, participation: Participation, now: datetime) -> None:
    """Decline the running transcription, or withdraw one's agreement: no more of one's sound is taken."""
    capture = open_capture(participation.meeting_id)
    if capture is None:
        raise CaptureNotRunning
    consent, _created = Consent.objects.update_or_create(
        capture=capture, participation=participation, defaults={"declined_at": now}
    )
    capture.tracks.filter(participation=participation, agreed_until=None).update(agreed_until=now)
    meeting = participation.meeting
    record_in(
        meeting,
        "meetings.consent.declined",
        actor=participation.actor,
        target=participation.ref,
        at=now,
        purpose=capture.purpose,
    )
    publish(ConsentWithdrawn(meeting_id=meeting.id, consent_id=consent.id, at=now))
    live.tell_transcription(meeting)


@transaction.atomic
def track_claim(*, consent: Consent, track_sid: str, now: datetime, again: bool = False) -> CapturedTrack | None:
    """The row under which a track is about to be recorded; None where it is already, or may not be.

    A recording that has ended is followed by a further piece only where the caller saw that its track goes on (`again`).
    """
    capture = Capture.objects.select_for_update().get(pk=consent.capture_id)
    consent = Consent.objects.select_for_update().get(pk=consent.pk)
    if capture.stopped_at is not None or not is_given(consent) or consent.given_at is None:
        return None
    claimed = capture.tracks.filter(track_sid=track_sid, agreed_at=consent.given_at)
    track = claimed.order_by("-piece").first()
    if track is not None and (track.egress_id if track.ended_at is None else not again):
        return None
    if track is None or track.ended_at is not None:
        track = CapturedTrack.objects.create(
            capture=capture,
            participation_id=consent.participation_id,
            track_sid=track_sid,
            agreed_at=consent.given_at,
            piece=0 if track is None else track.piece + 1,
        )
    target = TargetRef(kind="captured_track", id=track.id)
    record_in(capture.meeting, "meetings.track.claimed", actor=SYSTEM, target=target, at=now)
    return track


@transaction.atomic
def track_recording(*, track: CapturedTrack, egress_id: str | None, now: datetime) -> None:
    """The media server records `track` as `egress_id`; without one the track was gone before it began."""
    track.egress_id = egress_id or ""
    if egress_id is None:
        track.ended_at, track.failure = now, "gone before it began"
    track.save(update_fields=["egress_id", "ended_at", "failure"])
    record_in(
        track.capture.meeting,
        "meetings.track.recording",
        actor=SYSTEM,
        target=TargetRef(kind="captured_track", id=track.id),
        at=now,
        outcome="done" if egress_id else "failed",
        participation_id=str(track.participation_id),
    )
    capture_complete_if_so(capture=track.capture, now=now)


@transaction.atomic
def track_store(
    *, egress_id: str, content: BinaryIO | None, started_at: datetime | None, now: datetime, failure: str = ""
) -> uuid.UUID | None:
    """A recording has ended: keep its bytes. None for an unknown egress or one that is stored already.

    A recording that claims to begin before its speaker's agreement (beyond what clocks differ by) is not kept, nor one of a
    capture whose sound was deleted; one that goes on after the agreement's end is cut there.
    """
    track = CapturedTrack.objects.select_for_update().select_related("capture__meeting").filter(egress_id=egress_id).first()
    if track is None or track.ended_at is not None:
        return None
    meeting = track.capture.meeting
    if started_at is not None and started_at < track.agreed_at - CLOCKS_APART:
        content, failure = None, "began before the agreement"
    if track.capture.erased_at is not None:
        content, failure = None, "deleted before it was stored"
    track.ended_at = now
    if content is None or started_at is None:
        track.failure = failure or "no sound"
    else:
        track.failure = _keep(content, track=track, started_at=started_at, now=now)
    track.save()
    record_in(
        meeting,
        "meetings.track.stored",
        actor=SYSTEM,
        target=TargetRef(kind="captured_track", id=track.id),
        at=now,
        outcome="failed" if track.failure else "done",
        participation_id=str(track.participation_id),
    )
    if track.blob_id is not None:
        publish(TrackStored(meeting_id=meeting.id, capture_id=track.capture_id, track_id=track.id, at=now))
    if track.agreed_until is None:
        publish(RecordingEnded(meeting_id=meeting.id, track_id=track.id, at=now))
    capture_complete_if_so(capture=track.capture, now=now)
    return track.id


def _keep(content: BinaryIO, *, track: CapturedTrack, started_at: datetime, now: datetime) -> str:
    """Store what was agreed to of `content`, which begins at `started_at`; why nothing was, empty where something was."""
    meeting, until = track.capture.meeting, track.agreed_until
    try:
        with (
            nullcontext(content) if until is None else cut_after(content, seconds=(until - started_at).total_seconds()) as sound
        ):
            if sound is None:
                return "no sound"
            track.blob = blob_store(content=sound, media_type="audio/ogg", organization_id=meeting.organization_id,
                                    actor=SYSTEM, now=now, context=meeting.id)  # fmt: skip
    except BadInput:
        return "no sound that can be kept"
    track.started_at = max(started_at, track.agreed_at)
    return ""


@transaction.atomic
def capture_complete_if_so(*, capture: Capture, now: datetime) -> None:
    """Say once that a stopped capture has all its tracks."""
    capture = Capture.objects.select_for_update().get(pk=capture.pk)
    if capture.stopped_at is None or capture.complete_at is not None or capture.tracks.filter(ended_at=None).exists():
        return
    capture.complete_at = now
    capture.save(update_fields=["complete_at"])
    record_in(capture.meeting, "meetings.transcription.complete", actor=SYSTEM, at=now)
    publish(CaptureComplete(meeting_id=capture.meeting_id, capture_id=capture.id, at=now))
