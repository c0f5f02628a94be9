"""Transcripts: what was said in a meeting, by whom, when. Work is a row; its parts can be done again without doubling."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from suite.documents.public import Document
from suite.kernel.models import LongWork, WorkState
from suite.kernel.refs import TargetRef
from suite.meetings.public import Capture, CapturedTrack, Meeting, Participation
from suite.resources.public import Resource


class TranscriptState(models.TextChoices):
    RECORDING = "recording"
    WORKING = "working"
    READY = "ready"
    FAILED = "failed"


class Transcript(models.Model):
    """The text of one capture, shared like everything else."""

    resource = models.OneToOneField(Resource, on_delete=models.PROTECT, primary_key=True, related_name="transcript")
    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="transcripts")
    capture = models.OneToOneField(Capture, on_delete=models.PROTECT, related_name="transcript")
    state = models.CharField(max_length=10, choices=TranscriptState.choices, default=TranscriptState.RECORDING)
    created_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True)
    document = models.ForeignKey(Document, on_delete=models.SET_NULL, null=True, related_name="transcripts")

    @property
    def ref(self) -> TargetRef:
        return self.resource.ref


class TrackWork(LongWork):
    """Turning one captured track into turns."""

    transcript = models.ForeignKey(Transcript, on_delete=models.PROTECT, related_name="works")
    track = models.OneToOneField(CapturedTrack, on_delete=models.PROTECT, related_name="work")
    voices = models.JSONField(null=True)  # what the diarizer heard: [[start, end, voice], …], None where it was not asked
    chunks_total = models.PositiveIntegerField(null=True)

    @property
    def is_over(self) -> bool:
        return self.state in {WorkState.DONE, WorkState.FAILED}


class ChunkText(models.Model):
    """One chunk's segments: done once, found again by the worker that takes over."""

    work = models.ForeignKey(TrackWork, on_delete=models.CASCADE, related_name="chunks")
    index = models.PositiveIntegerField()
    segments = models.JSONField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["work", "index"], name="transcripts_chunk_once")]


class Turn(models.Model):
    """One speaker's words in a row. `start` and `end` are seconds from the meeting's beginning."""

    work = models.ForeignKey(TrackWork, on_delete=models.CASCADE, related_name="turns")
    transcript = models.ForeignKey(Transcript, on_delete=models.CASCADE, related_name="turns")
    participation = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="turns")
    ordinal = models.PositiveIntegerField()
    voice = models.PositiveSmallIntegerField(null=True)  # behind a shared microphone, counted from 1
    start = models.FloatField()
    end = models.FloatField()
    text = models.TextField()
    words = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["work", "ordinal"], name="transcripts_turn_once")]
        indexes: ClassVar = [models.Index(fields=["transcript", "start"], name="transcripts_in_order")]
