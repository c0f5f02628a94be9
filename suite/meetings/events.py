"""What meetings tells the apps above, and itself where the media server must act."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from suite.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class MeetingEvent(Event):
    """Something in a meeting; delivered in the meeting's order."""

    name: ClassVar[str] = "meetings.event"
    meeting_id: uuid.UUID
    at: datetime

    @property
    def aggregate_id(self) -> uuid.UUID:
        return self.meeting_id


@dataclass(frozen=True, kw_only=True)
class MeetingEnded(MeetingEvent):
    name: ClassVar[str] = "meetings.meeting_ended"


@dataclass(frozen=True, kw_only=True)
class MediaRoomStarted(MeetingEvent):
    """The media server opened a room for the meeting: for its first participant, or anew after it had lost what it knew."""

    name: ClassVar[str] = "meetings.media_room_started"


@dataclass(frozen=True, kw_only=True)
class ParticipationRemoved(MeetingEvent):
    """Someone may not be in the meeting any more: the media server takes them out, their tokens are refused."""

    name: ClassVar[str] = "meetings.participation_removed"
    participation_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class ParticipationMuted(MeetingEvent):
    name: ClassVar[str] = "meetings.participation_muted"
    participation_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class ConsentGiven(MeetingEvent):
    """From now on this participation's microphone may be taken for the capture."""

    name: ClassVar[str] = "meetings.consent_given"
    consent_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class MicrophonePublished(MeetingEvent):
    name: ClassVar[str] = "meetings.microphone_published"
    participation_id: uuid.UUID
    track_sid: str


@dataclass(frozen=True, kw_only=True)
class CaptureStarted(MeetingEvent):
    """Somebody started a transcription: the speech engine may warm up."""

    name: ClassVar[str] = "meetings.capture_started"
    capture_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class ConsentWithdrawn(MeetingEvent):
    """This participation's sound is taken no more."""

    name: ClassVar[str] = "meetings.consent_withdrawn"
    consent_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class CaptureStopped(MeetingEvent):
    name: ClassVar[str] = "meetings.capture_stopped"
    capture_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class TrackStored(MeetingEvent):
    """A captured track is complete and stored."""

    name: ClassVar[str] = "meetings.track_stored"
    capture_id: uuid.UUID
    track_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class CaptureComplete(MeetingEvent):
    """The capture has stopped and every track of it is stored or has failed."""

    name: ClassVar[str] = "meetings.capture_complete"
    capture_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class RecordingEnded(MeetingEvent):
    """A recording ended while its speaker still agrees: with its track, or because its recorder died."""

    name: ClassVar[str] = "meetings.recording_ended"
    track_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class SoundDeleted(MeetingEvent):
    """The sound of a captured track is no more: its days are over, or what it belonged to was deleted."""

    name: ClassVar[str] = "meetings.sound_deleted"
    capture_id: uuid.UUID
    track_id: uuid.UUID
