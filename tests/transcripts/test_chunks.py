from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as some

from suite.transcripts.engines.base import Sound, Span
from suite.transcripts.pipeline.chunks import Chunk, chunks_of, speech_in
from suite.transcripts.pipeline.decode import Block


def spans(lengths: list[tuple[float, float]]) -> list[Span]:
    """Speech from (silence before it, its length) in seconds."""
    found, at = [], 0.0
    for silence, length in lengths:
        found.append(Span(at + silence, at + silence + length))
        at += silence + length
    return found


@given(
    some.lists(some.tuples(some.floats(0.05, 40), some.floats(0.1, 90)), max_size=60), some.sampled_from([20.0, 60.0, 300.0])
)
def test_chunks_hold_all_speech_once(lengths: list[tuple[float, float]], longest: float) -> None:
    speech = spans(lengths)

    chunks = chunks_of(speech, longest=longest)

    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    assert all(0 <= chunk.start < chunk.end and chunk.end - chunk.start <= longest + 1e-6 for chunk in chunks)
    assert all(before.end <= after.start + 1e-6 for before, after in pairwise(chunks))
    heard = sum(span.overlap(chunk.start, chunk.end) for chunk in chunks for span in speech)
    assert abs(heard - sum(span.seconds for span in speech)) < 1e-3
    assert chunks == chunks_of(speech, longest=longest)


def test_a_cut_falls_in_the_longest_silence_of_the_second_half() -> None:
    speech = spans([(1, 100), (4, 90), (3, 50), (0.5, 40), (0.5, 80)])

    first, second = chunks_of(speech, longest=300)

    assert (first.start, second.end) == (0.8, 369.2)
    assert first.end == 195.2
    assert second.start == 197.8


def test_speech_that_never_pauses_is_cut_within() -> None:
    chunks = chunks_of([Span(0, 700)], longest=300)

    assert len(chunks) == 3
    assert max(chunk.end - chunk.start for chunk in chunks) <= 300


def test_a_silent_track_has_no_chunk() -> None:
    assert chunks_of([]) == []


def test_chunks_are_named_by_their_place() -> None:
    assert chunks_of([Span(5, 6)]) == [Chunk(0, 4.8, 6.2)]


def test_speech_over_a_block_s_edge_is_one_span() -> None:
    class Ears:
        def detect(self, sound: Sound) -> list[Span]:
            return [Span(2.0, 4.0)] if sound.samples[0] else [Span(0.0, 1.0)]

    parts = [Block(0.0, Sound(np.ones(64_000, np.float32))), Block(4.0, Sound(np.zeros(64_000, np.float32)))]

    assert speech_in(parts, activity=Ears()) == [Span(2.0, 5.0)]
