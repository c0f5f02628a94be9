"""One track from sound to turns, chunk by chunk: a worker that is killed is followed by one that does the rest."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import close_old_connections

from suite.files.public import blob_path_or_copy
from suite.kernel import clock
from suite.kernel.logs import get_logger
from suite.transcripts.engines.base import EngineError, Segment, Sound, Span, SpeakerTurn
from suite.transcripts.engines.config import SpeechConfig
from suite.transcripts.engines.registry import diarizer, speech_to_text, voice_activity
from suite.transcripts.models import TrackWork
from suite.transcripts.pipeline.chunks import chunks_of, speech_in, transcribe_chunk
from suite.transcripts.pipeline.decode import blocks, decode
from suite.transcripts.pipeline.pieces import end_to_end, renumbered
from suite.transcripts.pipeline.turns import Turn, turns_of
from suite.transcripts.selectors import pieces_before, voices_written
from suite.transcripts.services import chunk_keep, track_fail, track_finish

log = get_logger(__name__)
LEASE_SECONDS = 20.0
HEARTBEAT_SECONDS = 5.0


def speech_config() -> SpeechConfig:
    """The engines that the settings ask for."""
    return SpeechConfig(models_folder=settings.SPEECH_MODELS_ROOT, threads=settings.SPEECH_THREADS, **settings.SPEECH_ENGINES)


def transcribe(work: TrackWork) -> None:
    """Do `work`, or what is left of it; nothing where another worker has it or it is over."""
    if not work.lease(now=clock.now(), seconds=LEASE_SECONDS):
        return
    with _kept_alive(work):
        try:
            turns = list(_turns(work))
        except EngineError as error:
            log.warning("transcription_failed", work_id=str(work.id), permanent=error.permanent, attempts=work.attempts)
            if error.permanent or work.attempts >= TrackWork.ATTEMPTS_MAX:
                track_fail(work=work, reason=error.sentence, now=clock.now())
            return
        track_finish(work=work, turns=turns, now=clock.now())


def _turns(work: TrackWork) -> list[Turn]:
    track = work.track
    if track.blob is None:
        return []
    with tempfile.TemporaryDirectory() as folder:
        path = blob_path_or_copy(track.blob, Path(folder))
        speech = speech_in(blocks(path), activity=voice_activity())
        segments = _segments(work, path, speech)
        before = list(pieces_before(work))
        voices = _voices(work, path, before) if track.participation.shared_microphone and segments else None
    return turns_of(speaker_key=str(work.id), segments=segments, speech=speech, voices=voices, numbered=bool(before))


def _segments(work: TrackWork, path: Path, speech: list[Span]) -> list[Segment]:
    chunks = chunks_of(speech)
    TrackWork.objects.filter(pk=work.pk).update(chunks_total=len(chunks))
    known = {kept.index: kept.segments for kept in work.chunks.all()}
    engine = speech_to_text(speech_config())
    segments: list[Segment] = []
    for chunk in chunks:
        if chunk.index not in known:
            heard = transcribe_chunk(path, chunk, engine=engine)
            known[chunk.index] = [segment.as_json() for segment in heard]
            chunk_keep(work=work, index=chunk.index, segments=known[chunk.index], now=clock.now())
        segments += [Segment.from_json(row) for row in known[chunk.index]]
    return segments


def _voices(work: TrackWork, path: Path, before: Sequence[TrackWork]) -> list[SpeakerTurn]:
    """Who speaks when behind a shared microphone, after `before`, the earlier pieces; nobody says how many they are."""
    if work.voices is None:
        sounds, written = [], []
        since = 0.0
        for piece in before:
            sounds.append(_sound(piece))
            written += [(since + start, since + end, voice) for start, end, voice in voices_written(piece)]
            since += sounds[-1].seconds
        heard = diarizer(speech_config()).diarize(end_to_end([*sounds, decode(path)]), speakers=None)
        if before:
            heard = renumbered(heard, heard=written, since=since)
        work.voices = [[turn.start, turn.end, turn.voice] for turn in heard]
        work.save(update_fields=["voices"])
    return [SpeakerTurn(start, end, voice) for start, end, voice in work.voices]


def _sound(piece: TrackWork) -> Sound:
    if piece.track.blob is None:
        return end_to_end([])
    with tempfile.TemporaryDirectory() as folder:
        return decode(blob_path_or_copy(piece.track.blob, Path(folder)))


@contextmanager
def _kept_alive(work: TrackWork) -> Iterator[None]:
    """Renew the lease while the work goes on; a killed process stops renewing, and another takes over."""
    over = threading.Event()

    def renew() -> None:
        while not over.wait(HEARTBEAT_SECONDS):
            close_old_connections()
            work.renew(now=clock.now(), seconds=LEASE_SECONDS)
        close_old_connections()

    beat = threading.Thread(target=renew, name="lease", daemon=True)
    beat.start()
    try:
        yield
    finally:
        over.set()
        beat.join()
