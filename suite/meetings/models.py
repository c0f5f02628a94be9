"""Rooms last; meetings are their sittings; participations are the devices in one sitting; captures are what was recorded."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from suite.accounts.public import Organization, User
from suite.chat.public import Channel
from suite.files.public import Blob
from suite.kernel.ids import uuid7
from suite.kernel.refs import ActorRef, TargetRef
from suite.resources.public import Resource


class Room(models.Model):
    """Where people meet, again and again, under one link. Its resource's link says who enters without asking."""

    resource = models.OneToOneField(Resource, on_delete=models.PROTECT, primary_key=True, related_name="room")
    slug = models.CharField(max_length=20, unique=True)

    @property
    def title(self) -> str:
        return self.resource.title


class Meeting(models.Model):
    """One sitting of a room, from the first person to the last."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    room = models.ForeignKey(Room, on_delete=models.PROTECT, related_name="meetings")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="meetings")
    channel = models.OneToOneField(Channel, on_delete=models.PROTECT, related_name="meeting")
    title = models.CharField(max_length=300)
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="started_meetings")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["room"], condition=Q(ended_at=None), name="meetings_one_sitting_at_a_time")
        ]
        indexes: ClassVar = [models.Index(fields=["organization", "-started_at"], name="meetings_recent")]

    @property
    def room_slug(self) -> str:
        return self.room.slug

    @property
    def ref(self) -> TargetRef:
        return TargetRef(kind="meeting", id=self.id, label=self.title)


class ParticipationState(models.TextChoices):
    WAITING = "waiting"
    ADMITTED = "admitted"
    REFUSED = "refused"
    REMOVED = "removed"
    LEFT = "left"


class Participation(models.Model):
    """One device in a meeting. Its id is the media server's identity, never the person's. A guest has no user."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="participations")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="participations")
    name = models.CharField(max_length=100)
    shared_microphone = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=ParticipationState.choices)
    asked_at = models.DateTimeField()
    admitted_at = models.DateTimeField(null=True)
    joined_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)
    tokens_from = models.DateTimeField(null=True)  # media tokens issued before are refused
    is_barred = models.BooleanField(default=False)  # a moderator took them out: they stay out of this meeting

    class Meta:
        indexes: ClassVar = [models.Index(fields=["meeting", "state"], name="meetings_present")]

    @property
    def is_guest(self) -> bool:
        return self.user_id is None

    @property
    def actor(self) -> ActorRef:
        if self.user_id is None:
            return ActorRef(kind="guest", id=self.id, label=self.name)
        return ActorRef(kind="person", id=self.user_id, label=self.name)

    @property
    def ref(self) -> TargetRef:
        return TargetRef(kind="participation", id=self.id, label=self.name)


class Capture(models.Model):
    """Sound taken from a meeting, track by track, for a purpose; only from those who agreed, from then on."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="captures")
    purpose = models.CharField(max_length=20, default="transcription")
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    complete_at = models.DateTimeField(null=True)  # every track is stored
    erased_at = models.DateTimeField(null=True)  # what it was for was deleted: sound that comes late is not kept
    sound_days = models.PositiveSmallIntegerField(default=30)  # how long its sound is kept, as those who agreed were told

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["meeting", "purpose"], condition=Q(stopped_at=None), name="meetings_one_capture_at_a_time"
            )
        ]


class Consent(models.Model):
    """One participation's answer to one capture. A receipt: it is withdrawn, never deleted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    capture = models.ForeignKey(Capture, on_delete=models.PROTECT, related_name="consents")
    participation = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="consents")
    given_at = models.DateTimeField(null=True)
    declined_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["capture", "participation"], name="meetings_one_answer"),
            models.CheckConstraint(
                name="meetings_answered", condition=Q(given_at__isnull=False) | Q(declined_at__isnull=False)
            ),
        ]


class CapturedTrack(models.Model):
    """One microphone's track under one agreement: a new agreement, a new track, or a recording that broke is a new row."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    capture = models.ForeignKey(Capture, on_delete=models.PROTECT, related_name="tracks")
    participation = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="captured_tracks")
    track_sid = models.CharField(max_length=60)
    piece = models.PositiveSmallIntegerField(default=0)  # a recorder that dies leaves a piece; the next row goes on
    egress_id = models.CharField(max_length=60, blank=True)
    agreed_at = models.DateTimeField()
    agreed_until = models.DateTimeField(null=True)  # the agreement was withdrawn, or the capture stopped
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    blob = models.OneToOneField(Blob, on_delete=models.PROTECT, null=True, related_name="captured_track")
    failure = models.CharField(max_length=200, blank=True)
    sound_deleted_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["capture", "track_sid", "agreed_at", "piece"], name="meetings_track_once"),
            models.UniqueConstraint(fields=["egress_id"], condition=~Q(egress_id=""), name="meetings_egress_once"),
            models.CheckConstraint(
                name="meetings_no_sound_before_agreement",
                condition=Q(started_at=None) | Q(started_at__gte=models.F("agreed_at")),
            ),
        ]
