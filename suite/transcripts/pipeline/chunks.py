from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from suite.transcripts.engines.base import Segment, Span, SpeechToText, VoiceActivity
from suite.transcripts.pipeline.decode import Block, decode

LONGEST = 300.0
"""Seconds: what a killed worker does again at most; ten of Whisper's windows, so cutting costs it nothing."""
MARGIN = 0.2
"""Seconds kept on both sides of speech where there is room: a word's first sound is soft."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a track that is transcribed by itself. The same track always gives the same chunks, so `index` names one."""

    index: int
    start: float
    end: float


def speech_in(blocks: Iterable[Block], *, activity: VoiceActivity) -> list[Span]:
    """Where somebody speaks in the whole track; speech that goes on over a block's edge is one span. Raises `EngineError`."""
    spans: list[Span] = []
    for block in blocks:
        for span in activity.detect(block.sound):
            start, end = span.start + block.start, span.end + block.start
            if spans and start - spans[-1].end < 1e-3:
                spans[-1] = Span(spans[-1].start, end)
            else:
                spans.append(Span(start, end))
    return spans


def chunks_of(speech: Iterable[Span], *, longest: float = LONGEST) -> list[Chunk]:
    """Cut a track at its silences into chunks of at most `longest` seconds that hold all of its `speech`.

    Cuts at the longest silence of a chunk's second half; only speech that never pauses for `longest` seconds is cut within.
    """
    left = _bounded(speech, longest - 2 * MARGIN)
    runs: list[list[Span]] = []
    while left:
        fit = 1
        while fit < len(left) and left[fit].end - left[0].start <= longest - 2 * MARGIN:
            fit += 1
        if fit < len(left):
            fit = _best_cut(left, fit)
        runs.append(left[:fit])
        left = left[fit:]
    edges = [0.0]  # where one chunk may end and the next begin: the middle of the silence between them
    edges += [(run[-1].end + after[0].start) / 2 for run, after in pairwise(runs)]
    edges.append(float("inf"))
    return [
        Chunk(index, max(run[0].start - MARGIN, edges[index]), min(run[-1].end + MARGIN, edges[index + 1]))
        for index, run in enumerate(runs)
    ]


def transcribe_chunk(
    source: Path | BinaryIO, chunk: Chunk, *, engine: SpeechToText, language: str | None = None, prompt: str | None = None
) -> list[Segment]:
    """What is said in `chunk` of `source`, in the track's own seconds. The same again if asked again; raises `EngineError`."""
    sound = decode(source, start=chunk.start, end=chunk.end)
    return [segment.shifted(chunk.start) for segment in engine.transcribe(sound, language=language, prompt=prompt)]


def _bounded(speech: Iterable[Span], longest: float) -> list[Span]:
    parts: list[Span] = []
    for span in speech:
        start = span.start
        while span.end - start > longest:
            parts.append(Span(start, start + longest))
            start += longest
        parts.append(Span(start, span.end))
    return parts


def _best_cut(spans: list[Span], fit: int) -> int:
    """How many of the `fit` spans to take, so that the cut falls in a long silence and not in the first half."""
    half = (spans[0].start + spans[fit - 1].end) / 2
    places = [place for place in range(1, fit + 1) if spans[place - 1].end >= half]
    return max(places, key=lambda place: spans[place].start - spans[place - 1].end, default=fit)
