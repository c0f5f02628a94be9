"""What happens after the act: the media server is told, captures begin and end. Each may be called twice."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db.models import Q, QuerySet

from suite.accounts.events import MembershipEnded, UserDeactivated
from suite.kernel import clock
from suite.kernel.refs import SYSTEM
from suite.meetings import media
from suite.meetings.errors import RecorderFails
from suite.meetings.events import (
    CaptureStopped,
    ConsentGiven,
    ConsentWithdrawn,
    MediaRoomStarted,
    MeetingEnded,
    MicrophonePublished,
    ParticipationMuted,
    ParticipationRemoved,
    RecordingEnded,
)
from suite.meetings.models import Capture, CapturedTrack, Consent, Meeting, Participation, ParticipationState
from suite.meetings.selectors import failures_before, is_given, open_capture
from suite.meetings.services.captures import track_claim, track_recording
from suite.meetings.services.participations import participation_remove
from suite.meetings.services.rooms import room_erase
from suite.meetings.services.sounds import sounds_delete
from suite.resources.events import ResourcePurged
from suite.resources.public import ResourceKind

PATIENCE = timedelta(minutes=1)  # a recorder that fails again and again is asked this often
LIVE = {ParticipationState.WAITING, ParticipationState.ADMITTED}


def take_out_deactivated(event: UserDeactivated) -> None:
    """Somebody was let go: out of every meeting that is going on."""
    _take_out(_live_of(event.user_id))


def take_out_former_member(event: MembershipEnded) -> None:
    """Somebody left an organisation: out of every meeting of it that is going on."""
    _take_out(_live_of(event.user_id).filter(meeting__organization_id=event.organization_id))


def _live_of(user_id: uuid.UUID) -> QuerySet[Participation]:
    return Participation.objects.select_related("meeting").filter(user_id=user_id, state__in=LIVE, meeting__ended_at=None)


def _take_out(participations: QuerySet[Participation]) -> None:
    for participation in participations:
        participation_remove(participation=participation, actor=SYSTEM, now=clock.now())


def remove_from_call(event: ParticipationRemoved) -> None:
    """Nobody is let in again under the same participation, so the tokens handed out since the act are refused as well."""
    media.participant_remove(meeting_id=event.meeting_id, participation_id=event.participation_id, tokens_from=clock.now())


def keep_out(event: MediaRoomStarted) -> None:
    """End again the call of a meeting that has ended: a media server may not have heard of its end."""
    meeting = Meeting.objects.get(id=event.meeting_id)
    if meeting.ended_at is not None:
        _close(meeting.id)


def _close(meeting_id: uuid.UUID) -> None:
    """End the call, and refuse the tokens that were given for it lately: older ones have run out."""
    now = clock.now()
    lately = Q(left_at=None) | Q(left_at__gt=now - media.TOKEN_LIFE)
    admitted = Participation.objects.filter(lately, meeting_id=meeting_id, admitted_at__isnull=False)
    media.room_delete(meeting_id=meeting_id)
    media.tokens_refuse(meeting_id=meeting_id, participation_ids=admitted.values_list("id", flat=True), tokens_from=now)


def erase_sound_of_room(event: ResourcePurged) -> None:
    """A room is deleted for ever: the sound of its meetings is not kept a moment longer."""
    captures = Capture.objects.filter(meeting__room_id=event.resource_id)
    for capture_id in captures.values_list("id", flat=True) if event.kind == ResourceKind.ROOM else ():
        sounds_delete(capture_id=capture_id, reason="room deleted", actor=SYSTEM, now=clock.now())


def erase_room(event: ResourcePurged) -> None:
    if event.kind == ResourceKind.ROOM:
        room_erase(room_id=event.resource_id, now=clock.now())


def mute_in_call(event: ParticipationMuted) -> None:
    media.microphone_mute(meeting_id=event.meeting_id, participation_id=event.participation_id)


def end_call(event: MeetingEnded) -> None:
    _close(event.meeting_id)


def record_agreed(event: ConsentGiven) -> None:
    """Record the microphones that the one who agreed has open."""
    consent = Consent.objects.select_related("capture__meeting").get(id=event.consent_id)
    sids = media.microphones_of(meeting_id=event.meeting_id, participation_id=consent.participation_id)
    for sid in sids:
        _record(consent, sid)


def record_published(event: MicrophonePublished) -> None:
    """Somebody opened a microphone: record it where they have agreed."""
    capture = open_capture(event.meeting_id)
    if capture is None:
        return
    consent = capture.consents.select_related("capture__meeting").filter(participation_id=event.participation_id).first()
    if consent is not None and is_given(consent):
        _record(consent, event.track_sid)


def record_again(event: RecordingEnded) -> None:
    """Go on in a new file where the track is still there and its speaker still agrees: the recorder died, not the track.

    Raises `RecorderFails`, to be asked again later, where the pieces before gave no sound: the longer, the more there were.
    """
    track = CapturedTrack.objects.select_related("capture__meeting").get(id=event.track_id)
    consent = track.capture.consents.select_related("capture__meeting").filter(participation_id=track.participation_id).first()
    if consent is None or not is_given(consent) or consent.given_at != track.agreed_at or track.ended_at is None:
        return
    if track.track_sid not in media.microphones_of(meeting_id=event.meeting_id, participation_id=track.participation_id):
        return
    failed = failures_before(track)
    if failed > 1 and clock.now() < track.ended_at + min(timedelta(seconds=2**failed), PATIENCE):
        raise RecorderFails
    _record(consent, track.track_sid, again=True)


def stop_withdrawn(event: ConsentWithdrawn) -> None:
    consent = Consent.objects.get(id=event.consent_id)
    _stop(CapturedTrack.objects.filter(capture_id=consent.capture_id, participation_id=consent.participation_id))


def stop_captured(event: CaptureStopped) -> None:
    _stop(CapturedTrack.objects.filter(capture_id=event.capture_id))


def _record(consent: Consent, track_sid: str, *, again: bool = False) -> None:
    track = track_claim(consent=consent, track_sid=track_sid, now=clock.now(), again=again)
    if track is None:
        return
    meeting_id: uuid.UUID = consent.capture.meeting_id
    egress_id = media.egress_start(meeting_id=meeting_id, track_sid=track_sid, name=f"{meeting_id.hex}/{track.id.hex}.ogg")
    track_recording(track=track, egress_id=egress_id, now=clock.now())


def _stop(tracks: QuerySet[CapturedTrack]) -> None:
    running = tracks.filter(ended_at=None).exclude(egress_id="")
    for egress_id in running.values_list("egress_id", flat=True):
        media.egress_stop(egress_id=egress_id)
