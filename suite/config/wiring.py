"""Which app listens to which event, and what the dispatcher's process does on the side."""

from __future__ import annotations

from django.conf import settings

from suite.accounts import subscribers as people
from suite.accounts.events import MembershipEnded, SignedIn, SignInEnded, UserDeactivated
from suite.audit.sealing import seal_due
from suite.audit.verification import verify_recent
from suite.chat import places as chat_places
from suite.chat import subscribers as chat
from suite.documents import places as document_places
from suite.documents import subscribers as documents
from suite.kernel.events import subscribe
from suite.kernel.outbox import Every, Lane, forget_delivered, sweeps
from suite.meetings import door
from suite.meetings import events as meetings
from suite.meetings import places as meeting_places
from suite.meetings import subscribers as meeting
from suite.meetings.public import add_section
from suite.meetings.tasks import CAPTURES_SECONDS, see_off_waiting, wake_captures, wake_reconciliation
from suite.resources import subscribers as resources
from suite.resources.events import AccessChanged, InvitationMade, ResourcePurged
from suite.resources.public import ResourceKind, add_kind
from suite.transcripts import places as transcript_places
from suite.transcripts import subscribers as transcript
from suite.transcripts.sections import section as transcript_section


def tie() -> None:
    """Register every subscriber and every short sweep."""
    subscribe(UserDeactivated, people.close_sockets_of_person)
    subscribe(SignInEnded, people.close_sockets_of_sign_in)
    subscribe(AccessChanged, resources.tell_open_sockets)
    add_kind(ResourceKind.DOCUMENT, document_places.DOCUMENT)
    add_kind(ResourceKind.CHANNEL, chat_places.CHANNEL)
    add_kind(ResourceKind.ROOM, meeting_places.ROOM)
    add_kind(ResourceKind.TRANSCRIPT, transcript_places.TRANSCRIPT)
    subscribe(ResourcePurged, documents.erase_document)
    subscribe(ResourcePurged, chat.erase_channel)
    subscribe(ResourcePurged, transcript.erase_transcript)
    subscribe(ResourcePurged, meeting.erase_sound_of_room)
    subscribe(ResourcePurged, meeting.erase_room)
    subscribe(InvitationMade, resources.mail_invitation)
    subscribe(SignedIn, resources.accept_invitations)
    subscribe(UserDeactivated, meeting.take_out_deactivated)
    subscribe(MembershipEnded, meeting.take_out_former_member)
    subscribe(meetings.ParticipationRemoved, meeting.remove_from_call)
    subscribe(meetings.MediaRoomStarted, meeting.keep_out)
    subscribe(meetings.ParticipationMuted, meeting.mute_in_call)
    subscribe(meetings.MeetingEnded, meeting.end_call)
    subscribe(meetings.ConsentGiven, meeting.record_agreed)
    subscribe(meetings.RecordingEnded, meeting.record_again)
    subscribe(meetings.ConsentWithdrawn, meeting.stop_withdrawn)
    subscribe(meetings.MicrophonePublished, meeting.record_published)
    subscribe(meetings.CaptureStopped, meeting.stop_captured)
    sweeps.append(Every(seconds=1.0, action=people.close_sockets_again, lane=Lane.URGENT))
    sweeps.append(Every(seconds=1.0, action=seal_due))
    sweeps.append(Every(seconds=15.0, action=verify_recent))
    sweeps.append(Every(seconds=settings.MEETING_QUIET_SECONDS / 4, action=wake_reconciliation))
    sweeps.append(Every(seconds=door.SWEEP_SECONDS, action=see_off_waiting))
    sweeps.append(Every(seconds=CAPTURES_SECONDS, action=wake_captures))
    subscribe(meetings.CaptureStarted, transcript.open_transcript)
    subscribe(meetings.TrackStored, transcript.transcribe_stored)
    subscribe(meetings.CaptureStopped, transcript.settle_stopped)
    subscribe(meetings.CaptureComplete, transcript.settle_complete)
    subscribe(meetings.SoundDeleted, transcript.give_up_deleted)
    add_section(transcript_section)
    sweeps.append(Every(seconds=5, action=transcript.sweep))
    sweeps.append(Every(seconds=3600, action=forget_delivered))
