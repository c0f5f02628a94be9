"""Celery's doors to speech: the message only wakes; the row says what is to be done."""

from __future__ import annotations

from celery import shared_task

from suite.kernel.ids import parse_uuid
from suite.transcripts.engines.registry import warm_up
from suite.transcripts.models import TrackWork
from suite.transcripts.transcription import speech_config, transcribe


@shared_task
def transcribe_track(work_id: str) -> None:
    """Transcribe one captured track."""
    known = parse_uuid(work_id)
    works = TrackWork.objects.select_related("track__participation", "track__blob", "transcript__meeting")
    work = None if known is None else works.filter(id=known).first()
    if work is not None:
        transcribe(work)


@shared_task
def load_models() -> None:
    """Load the models while people still speak."""
    warm_up(speech_config())
