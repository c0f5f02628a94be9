"""Writing transcripts: opened when a capture starts, filled track by track, shared with those who were there."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext as _

from suite.accounts.public import Viewer
from suite.audit.public import record
from suite.documents.public import Document, Paragraph, document_create
from suite.kernel.models import WorkState
from suite.kernel.refs import SYSTEM, TargetRef
from suite.meetings.public import Capture, CapturedTrack, sounds_delete
from suite.resources.public import ResourceKind, ResourceRole, access_grant, resource_create, resource_erase
from suite.transcripts.models import ChunkText, TrackWork, Transcript, TranscriptState, Turn
from suite.transcripts.pipeline.turns import Turn as Said
from suite.transcripts.selectors import lines_of, listening_key

LISTENING_SECONDS = 30 * 60


@transaction.atomic
def transcript_open(*, capture: Capture, now: datetime) -> Transcript:
    """The transcript of `capture`, made on first call; who started the capture owns it."""
    found = Transcript.objects.filter(capture=capture).first()
    if found is not None:
        return found
    meeting, starter = capture.meeting, capture.started_by
    resource = resource_create(
        kind=ResourceKind.TRANSCRIPT,
        organization_id=meeting.organization_id,
        owner_id=starter.id,
        title=_("Transcript of %(title)s") % {"title": meeting.title},
        actor=starter.ref,
        now=now,
        context=meeting.id,
    )
    return Transcript.objects.create(resource=resource, meeting=meeting, capture=capture, created_at=now)


@transaction.atomic
def track_queue(*, track: CapturedTrack, now: datetime) -> TrackWork:
    """Have `track` transcribed; the work that is there already, where there is one."""
    transcript = transcript_open(capture=track.capture, now=now)
    work, created = TrackWork.objects.get_or_create(track=track, defaults={"transcript": transcript})
    if created:
        record("transcripts.track.queued", actor=SYSTEM, target=TargetRef(kind="captured_track", id=track.id),
               organization_id=transcript.meeting.organization_id, at=now, context=transcript.meeting_id)  # fmt: skip
    return work


@transaction.atomic
def chunk_keep(*, work: TrackWork, index: int, segments: list[dict[str, object]], now: datetime) -> None:
    """Keep what one chunk said; a chunk done twice is kept once."""
    ChunkText.objects.update_or_create(work=work, index=index, defaults={"segments": segments})
    meeting = work.transcript.meeting
    target = TargetRef(kind="captured_track", id=work.track_id)
    record("transcripts.chunk.kept", actor=SYSTEM, target=target, organization_id=meeting.organization_id, at=now,
           context=meeting.id, index=index)  # fmt: skip


@transaction.atomic
def track_finish(*, work: TrackWork, turns: Sequence[Said], now: datetime) -> bool:
    """Replace the track's turns by `turns` (the track's own seconds) and close the work; False where it was closed before."""
    held = TrackWork.objects.select_for_update().select_related("track__participation", "transcript__meeting").get(pk=work.pk)
    if held.is_over:
        return False
    transcript, track = held.transcript, held.track
    begun = track.started_at or track.agreed_at
    offset = (begun - transcript.meeting.started_at).total_seconds()
    held.turns.all().delete()
    Turn.objects.bulk_create(
        Turn(
            work=held,
            transcript=transcript,
            participation_id=track.participation_id,
            ordinal=ordinal,
            voice=turn.voice,
            start=offset + turn.start,
            end=offset + turn.end,
            text=turn.text,
            words=[[offset + word.start, offset + word.end, word.text] for word in turn.words],
        )
        for ordinal, turn in enumerate(turns)
    )
    held.chunks.all().delete()
    held.finish(WorkState.DONE)
    record("transcripts.track.transcribed", actor=SYSTEM, target=TargetRef(kind="captured_track", id=track.id),
           organization_id=transcript.meeting.organization_id, at=now, context=transcript.meeting_id,
           turns=len(turns))  # fmt: skip
    transcript_settle(transcript=transcript, now=now)
    return True


@transaction.atomic
def track_fail(*, work: TrackWork, reason: str, now: datetime) -> None:
    """Give a track up, with a sentence for operators; the transcript goes on without it and says so."""
    held = TrackWork.objects.select_for_update().select_related("transcript__meeting").get(pk=work.pk)
    if held.is_over:
        return
    held.finish(WorkState.FAILED, error=reason)
    transcript = held.transcript
    record("transcripts.track.failed", actor=SYSTEM, target=TargetRef(kind="captured_track", id=held.track_id),
           organization_id=transcript.meeting.organization_id, at=now, context=transcript.meeting_id,
           outcome="failed")  # fmt: skip
    transcript_settle(transcript=transcript, now=now)


@transaction.atomic
def transcript_settle(*, transcript: Transcript, now: datetime) -> None:
    """Move the transcript on: working while tracks are, ready (and shared with those who were there) when none is."""
    held = (
        Transcript.objects.select_for_update(of=("self",))
        .select_related("capture", "meeting", "resource")
        .get(pk=transcript.pk)
    )
    if held.state in {TranscriptState.READY, TranscriptState.FAILED}:
        return
    works = list(held.works.all())
    stored = held.capture.tracks.filter(blob__isnull=False).count()
    if held.capture.complete_at is None or len(works) < stored or not all(work.is_over for work in works):
        held.state = TranscriptState.WORKING if held.capture.stopped_at else TranscriptState.RECORDING
        held.save(update_fields=["state"])
        return
    failed = bool(works) and all(work.state == WorkState.FAILED for work in works)
    held.state = TranscriptState.FAILED if failed else TranscriptState.READY
    held.ready_at = now
    held.save(update_fields=["state", "ready_at"])
    record("transcripts.transcript.ready", actor=SYSTEM, target=held.ref, organization_id=held.meeting.organization_id, at=now,
           context=held.meeting_id, outcome="failed" if failed else "done")  # fmt: skip
    for user_id in _who_was_there(held):
        access_grant(resource=held.resource, role=ResourceRole.READER, actor=SYSTEM, now=now, context=held.meeting_id,
                     user_id=user_id)  # fmt: skip


@transaction.atomic
def transcript_open_as_document(*, transcript: Transcript, viewer: Viewer, now: datetime) -> Document:
    """The document made of `transcript`, written together by everybody who was there; made on first call."""
    held = Transcript.objects.select_for_update(of=("self",)).select_related("resource", "meeting").get(pk=transcript.pk)
    if held.document is not None:
        return held.document
    document = document_create(
        organization_id=held.meeting.organization_id,
        owner_id=held.resource.owner_id,
        title=held.resource.title,
        paragraphs=[Paragraph.spoken(name=line.speaker, at=line.clock, text=line.text) for line in lines_of(held)],
        actor=viewer.ref,
        now=now,
        context=held.meeting_id,
    )
    for user_id in _who_was_there(held):
        access_grant(resource=document.resource, role=ResourceRole.EDITOR, actor=viewer.ref, now=now, context=held.meeting_id,
                     user_id=user_id)  # fmt: skip
    held.document = document
    held.save(update_fields=["document"])
    return document


def _who_was_there(transcript: Transcript) -> list[uuid.UUID]:
    """Signed-in people who came to the meeting, but the owner, who has more already."""
    came = transcript.meeting.participations.filter(user__isnull=False, joined_at__isnull=False)
    ids = came.values_list("user_id", flat=True).distinct()
    return [user_id for user_id in ids if user_id is not None and user_id != transcript.resource.owner_id]


@transaction.atomic
def transcript_export(*, transcript: Transcript, viewer: Viewer, now: datetime) -> None:
    """Record that `viewer` takes the text out; the caller holds the right to read it."""
    record("transcripts.transcript.exported", actor=viewer.ref, target=transcript.ref,
           organization_id=transcript.meeting.organization_id, at=now, context=transcript.meeting_id)  # fmt: skip


@transaction.atomic
def transcript_listen(*, transcript: Transcript, viewer: Viewer, now: datetime) -> bool:
    """Record that `viewer` listens to the sound, once for as long as they go on; the caller holds the right to read it.

    A player asks for one range after the other: what comes within `LISTENING_SECONDS` of the last is the same listening.
    """
    key = listening_key(transcript=transcript, viewer=viewer)
    known = bool(cache.get(key))
    if not known:
        record("transcripts.transcript.listened", actor=viewer.ref, target=transcript.ref,
               organization_id=transcript.meeting.organization_id, at=now, context=transcript.meeting_id)  # fmt: skip
    transaction.on_commit(lambda: cache.set(key, value=True, timeout=LISTENING_SECONDS))
    return not known


@transaction.atomic
def transcript_erase(*, transcript_id: uuid.UUID, now: datetime) -> None:
    """Remove the words, the sound and the rows of a transcript that was deleted for ever; quietly nothing where they are gone.

    The document made of it, where there is one, is a document of its own and stays.
    """
    held = (
        Transcript.objects.select_for_update(of=("self",)).filter(pk=transcript_id, resource__purged_at__isnull=False).first()
    )
    if held is not None:
        sounds_delete(capture_id=held.capture_id, reason="transcript deleted", actor=SYSTEM, now=now)
        held.works.all().delete()
        held.delete()
    resource_erase(resource_id=transcript_id, now=now)
