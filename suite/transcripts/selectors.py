"""Reading transcripts: lines with the speakers' real names."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _

from suite.accounts.public import Viewer
from suite.kernel.models import WorkState
from suite.meetings.public import Meeting
from suite.transcripts.models import ChunkText, TrackWork, Transcript

COLOURS = 8  # how many the stylesheet has
MARGIN = 0.2  # s of sound before and after a turn's words: the first sound of a word is soft


@dataclass(frozen=True, slots=True)
class Line:
    """One turn as a page shows it; `at` is seconds from the meeting's beginning.

    `sound` is the track that it is heard in, from second `since` to second `until` of that file; None where it is gone.
    """

    speaker: str
    colour: int
    at: float
    clock: str
    text: str
    sound: uuid.UUID | None
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Kept:
    """What is left of a transcript's sound: `until` when it is kept, or since when (some of) it is deleted."""

    until: datetime | None
    deleted_at: datetime | None
    days: int


def lines_of(transcript: Transcript) -> list[Line]:
    """The transcript in the order of speaking; who began first stands first where two speak at once."""
    colours: dict[str, int] = {}
    lines = []
    begun = transcript.meeting.started_at
    for turn in transcript.turns.select_related("participation", "work__track").order_by("start", "end", "id"):
        speaker = speaker_name(turn.participation.name, turn.voice)
        track = turn.work.track
        offset = ((track.started_at or track.agreed_at) - begun).total_seconds()
        lines.append(
            Line(
                speaker=speaker,
                colour=colours.setdefault(speaker, len(colours) % COLOURS),
                at=turn.start,
                clock=clock_of(turn.start),
                text=turn.text,
                sound=None if track.blob_id is None else track.id,
                since=max(0.0, round(turn.start - offset - MARGIN, 2)),
                until=round(turn.end - offset + MARGIN, 2),
            )
        )
    return lines


def sound_of(transcript: Transcript) -> Kept:
    """How long the sound is kept, or since when it is gone."""
    capture = transcript.capture
    tracks = capture.tracks.aggregate(
        last=Max("ended_at", filter=Q(blob__isnull=False)), deleted=Max("sound_deleted_at", filter=Q(blob=None))
    )
    until = None if tracks["last"] is None else tracks["last"] + timedelta(days=capture.sound_days)
    return Kept(until=until, deleted_at=tracks["deleted"], days=capture.sound_days)


def speaker_name(name: str, voice: int | None) -> str:
    """The account's name; behind a shared microphone the place's name and a number, never a person."""
    return name if voice is None else _("%(place)s, voice %(number)s") % {"place": name, "number": voice}


def clock_of(seconds: float) -> str:
    """`12:05`, or `1:02:05` past an hour."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def progress_of(transcript: Transcript) -> dict[str, Any]:
    """`{state, done, total}`: how many parts of the tracks known so far are written down."""
    works = list(transcript.works.all())
    total = sum(work.chunks_total or 1 for work in works)
    kept = ChunkText.objects.filter(work__transcript=transcript).count()
    done = kept + sum(work.chunks_total or 1 for work in works if work.state == WorkState.DONE)
    return {"state": transcript.state, "done": min(done, total), "total": total}


def transcripts_of(meeting: Meeting) -> QuerySet[Transcript]:
    return Transcript.objects.select_related("resource").filter(meeting=meeting).order_by("created_at")


def due_works(*, now: datetime) -> QuerySet[TrackWork]:
    """Work that waits, or that a dead worker left."""
    return TrackWork.objects.filter(TrackWork.due(now=now), attempts__lt=TrackWork.ATTEMPTS_MAX)


def exhausted_works(*, now: datetime) -> QuerySet[TrackWork]:
    """Work that has killed its worker too often."""
    return TrackWork.objects.filter(TrackWork.due(now=now), attempts__gte=TrackWork.ATTEMPTS_MAX)


def listening_key(*, transcript: Transcript, viewer: Viewer) -> str:
    """Where the cache has that a listening goes on."""
    return f"transcripts.listening.{transcript.pk.hex}.{viewer.user_id.hex}.{viewer.membership_id.hex}"


def pieces_before(work: TrackWork) -> QuerySet[TrackWork]:
    """The earlier pieces of the recording that `work` goes on with, where they are written down."""
    track = work.track
    same = {"track__capture_id": track.capture_id, "track__track_sid": track.track_sid, "track__agreed_at": track.agreed_at}
    before = TrackWork.objects.filter(**same, track__piece__lt=track.piece, state=WorkState.DONE)
    return before.select_related("track__blob", "transcript__meeting").order_by("track__piece")


def voices_written(work: TrackWork) -> list[tuple[float, float, int]]:
    """Start, end (seconds of the track) and voice of the turns written down of a shared microphone's track."""
    track = work.track
    offset = ((track.started_at or track.agreed_at) - work.transcript.meeting.started_at).total_seconds()
    turns = work.turns.exclude(voice=None).values_list("start", "end", "voice")
    return [(start - offset, end - offset, voice) for start, end, voice in turns if voice is not None]
