"""One microphone's recording in several pieces: the recorder died in between, the people behind it did not change.

Voices are told apart over all pieces laid end to end, and those that were heard before keep the numbers that they have.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from suite.transcripts.engines.base import Sound, SpeakerTurn

Heard = tuple[float, float, int]
"""Start and end (seconds of all pieces laid end to end) of words written down under a voice's number."""


def end_to_end(sounds: Sequence[Sound]) -> Sound:
    """All of `sounds` as one."""
    import numpy as np

    return Sound(np.concatenate([np.zeros(0, np.float32), *(sound.samples for sound in sounds)]))


def renumbered(turns: Sequence[SpeakerTurn], *, heard: Iterable[Heard], since: float) -> list[SpeakerTurn]:
    """What of `turns` (of all pieces laid end to end) lies after second `since`, in the last piece's seconds.

    A voice that shares the most time with the words of a number in `heard` has that number; others count on from there.
    """
    words = list(heard)
    numbers = _known(turns, words)
    last = max((number for _start, _end, number in words), default=0)
    found = []
    for turn in turns:
        if turn.end <= since:
            continue
        if turn.voice not in numbers:
            last += 1
            numbers[turn.voice] = last
        found.append(SpeakerTurn(max(0.0, turn.start - since), turn.end - since, numbers[turn.voice]))
    return found


def _known(turns: Sequence[SpeakerTurn], words: Sequence[Heard]) -> dict[int, int]:
    """Each voice's number, given once: the pair that shares the most time first."""
    shared: dict[tuple[int, int], float] = {}
    for start, end, number in words:
        for turn in turns:
            overlap = min(end, turn.end) - max(start, turn.start)
            if overlap > 0:
                pair = turn.voice, number
                shared[pair] = shared.get(pair, 0.0) + overlap
    numbers: dict[int, int] = {}
    for voice, number in sorted(shared, key=lambda pair: (-shared[pair], pair)):
        if voice not in numbers and number not in numbers.values():
            numbers[voice] = number
    return numbers
