from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from suite.transcripts.pipeline.turns import Turn


@dataclass(frozen=True, slots=True)
class Track:
    """One recorded track: its turns in its own seconds, and when it began on the meeting's clock (`offset`, seconds)."""

    offset: float
    turns: Sequence[Turn]


def merged(tracks: Iterable[Track]) -> list[Turn]:
    """All tracks' turns on the meeting's clock, in the order in which they begin; overlapping speech stays as it was.

    The order is the same whatever the order of `tracks`.
    """
    turns = [_shifted(turn, track.offset) for track in tracks for turn in track.turns]
    return sorted(turns, key=lambda turn: (turn.start, turn.end, turn.speaker_key, turn.voice or 0, turn.text))


def _shifted(turn: Turn, offset: float) -> Turn:
    words = tuple(word.shifted(offset) for word in turn.words)
    return replace(turn, start=turn.start + offset, end=turn.end + offset, words=words)
