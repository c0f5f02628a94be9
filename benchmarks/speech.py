"""A meeting of 96 seconds with three tracks (two people, one shared microphone), from files to named turns, on one thread.

`python -m benchmarks.speech` prints one line of JSON: word and diarization error rates, CPU and wall seconds over seconds of
sound, peak memory, the machine and the date. Human voices only (tests/recordings/README.md).
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jiwer

from benchmarks.report import begin, say
from suite.transcripts.engines import registry
from suite.transcripts.engines.base import SpeakerTurn
from suite.transcripts.engines.config import SpeechConfig
from suite.transcripts.pipeline.chunks import chunks_of, speech_in, transcribe_chunk
from suite.transcripts.pipeline.decode import blocks, decode
from suite.transcripts.pipeline.merge import Track, merged
from suite.transcripts.pipeline.turns import Turn, turns_of
from tests import sounds

LENGTH = 96.0


@dataclass(frozen=True, slots=True)
class Recorded:
    """A track's file, the second of the meeting at which its first sample was sent, and what is said in it."""

    path: Path
    offset: float
    text: str


def meeting(folder: Path) -> dict[str, Recorded]:
    """The three tracks as a recorder leaves them."""
    awa = sounds.clip("sense_and_sensibility")
    bruno = (sounds.clip("acoustic_corpus"), sounds.clip("cold_corpus"))
    layout = {
        "awa": ((1.0, awa.sound()),),
        "bruno": ((14.0, bruno[0].sound()), (66.0, bruno[1].sound())),
        "salle-101": ((34.0, decode(sounds.two_voices())),),
    }
    texts = {
        "awa": awa.text,
        "bruno": f"{bruno[0].text} {bruno[1].text}",
        "salle-101": " ".join(text for _who, text in sounds.two_voices_words()),
    }
    return {
        name: Recorded(sounds.write_opus(folder / f"{name}.mka", *parts, container="matroska"), parts[0][0], texts[name])
        for name, parts in layout.items()
    }


def transcribe(path: Path, key: str, config: SpeechConfig, *, shared: bool) -> list[Turn]:
    """One track as the Celery task does it."""
    speech = speech_in(blocks(path), activity=registry.voice_activity())
    engine = registry.speech_to_text(config)
    segments = [segment for chunk in chunks_of(speech) for segment in transcribe_chunk(path, chunk, engine=engine)]
    voices = registry.diarizer(config).diarize(decode(path), speakers=None) if shared else None
    return turns_of(speaker_key=key, segments=segments, speech=speech, voices=voices)


def word_error_rate(reference: str, heard: str) -> float:
    return float(jiwer.wer(sounds.plain(reference), sounds.plain(heard) or "-"))


def diarization_error_rate(turns: list[SpeakerTurn]) -> float:
    """Of pyannote's sample, no collar, overlapping speech counted."""
    from pyannote.core import Annotation, Segment, Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate

    reference, found = Annotation(), Annotation()
    for number, (start, end, who) in enumerate(sounds.two_voices_rttm()):
        reference[Segment(start, end), number] = who
    for number, turn in enumerate(turns):
        found[Segment(turn.start, turn.end), number] = turn.voice
    return float(DiarizationErrorRate()(reference, found, uem=Timeline([Segment(0, 30)])))


@contextmanager
def measured(into: dict[str, Any], name: str, seconds: float) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    into[f"{name}_wall_s"] = round(time.perf_counter() - wall, 2)
    into[f"{name}_cpu_s"] = round(time.process_time() - cpu, 2)
    if seconds:
        into[f"{name}_rtf_cpu"] = round((time.process_time() - cpu) / seconds, 3)


def run(config: SpeechConfig) -> dict[str, Any]:
    out = begin("speech")
    out |= {"threads": config.threads, "beam": config.whisper_beam_size, "meeting_s": LENGTH}
    with measured(out, "load", 0):
        registry.warm_up(config)
    with tempfile.TemporaryDirectory() as folder:
        tracks = meeting(Path(folder))
        with measured(out, "meeting", LENGTH):
            turns = {key: transcribe(each.path, key, config, shared=key == "salle-101") for key, each in tracks.items()}
            whole = merged(Track(tracks[key].offset, each) for key, each in turns.items())
        out["turns"] = len(whole)
        out["voices_found"] = len({turn.voice for turn in turns["salle-101"]})
        out["wer"] = {key: round(word_error_rate(each.text, _text(turns[key])), 3) for key, each in tracks.items()}
    engine = registry.speech_to_text(config)
    out["wer_clips"] = {}
    for clip in sounds.human_clips():
        heard = engine.transcribe(clip.sound(), language=None, prompt=None)
        out["wer_clips"][clip.path.stem] = round(word_error_rate(clip.text, " ".join(segment.text for segment in heard)), 3)
    sample = decode(sounds.two_voices())
    with measured(out, "diarize", sample.seconds):
        voices = registry.diarizer(config).diarize(sample, speakers=None)
    out["der"] = round(diarization_error_rate(voices), 4)
    out["peak_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return out


def _text(turns: list[Turn]) -> str:
    return " ".join(turn.text for turn in turns)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=Path("var/models"), help="where joined models are kept")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--beam", type=int, default=1)
    given = parser.parse_args()
    say(run(SpeechConfig(models_folder=given.models, threads=given.threads, whisper_beam_size=given.beam)))
