"""What transcripts do when meetings speak. Each may be called twice."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from suite.kernel import clock
from suite.meetings.events import CaptureComplete, CaptureStarted, CaptureStopped, SoundDeleted, TrackStored
from suite.meetings.public import Capture, CapturedTrack
from suite.resources.events import ResourcePurged
from suite.resources.public import ResourceKind
from suite.transcripts.models import TrackWork, Transcript
from suite.transcripts.selectors import due_works, exhausted_works
from suite.transcripts.services import track_fail, track_queue, transcript_erase, transcript_open, transcript_settle
from suite.transcripts.tasks import load_models, transcribe_track

WOKEN_AGAIN_AFTER = timedelta(seconds=30)
_woken: dict[str, datetime] = {}


def open_transcript(event: CaptureStarted) -> None:
    """Somebody started a transcription: it has its page at once, and the models load."""
    transcript_open(capture=Capture.objects.select_related("meeting", "started_by").get(id=event.capture_id), now=clock.now())
    load_models.delay()


def transcribe_stored(event: TrackStored) -> None:
    track = CapturedTrack.objects.select_related("capture__meeting", "capture__started_by").get(id=event.track_id)
    work = track_queue(track=track, now=clock.now())
    transcribe_track.delay(str(work.id))


def settle_stopped(event: CaptureStopped) -> None:
    _settle(event.capture_id)


def settle_complete(event: CaptureComplete) -> None:
    _settle(event.capture_id)


def give_up_deleted(event: SoundDeleted) -> None:
    """What was not written down by now never will be."""
    work = TrackWork.objects.filter(track_id=event.track_id).first()
    if work is not None:
        track_fail(work=work, reason="its sound was deleted", now=clock.now())


def erase_transcript(event: ResourcePurged) -> None:
    """A transcript is deleted for ever: its words and its sound with it, at once."""
    if event.kind == ResourceKind.TRANSCRIPT:
        transcript_erase(transcript_id=event.resource_id, now=clock.now())


def sweep() -> None:
    """Wake work whose message was lost or whose worker died, each at most every half minute; give up what kills workers."""
    now = clock.now()
    for work in exhausted_works(now=now):
        track_fail(work=work, reason="its worker died each time", now=now)
    for work in due_works(now=now):
        key = f"{work.id}:{work.attempts}"
        woken = _woken.get(key)
        if woken is None or now - woken > WOKEN_AGAIN_AFTER:
            _woken[key] = now
            transcribe_track.delay(str(work.id))


def _settle(capture_id: uuid.UUID) -> None:
    transcript = Transcript.objects.filter(capture_id=capture_id).first()
    if transcript is not None:
        transcript_settle(transcript=transcript, now=clock.now())
