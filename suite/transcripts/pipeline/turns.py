from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush

from suite.transcripts.engines.base import Segment, Span, SpeakerTurn, Word

GAP = 1.0
"""Seconds of silence after which the same speaker begins a new turn."""
LONGEST = 60.0
"""Seconds after which a turn ends with its sentence, so that nobody reads a page without a time."""
SLACK = 0.5
"""Seconds by which Whisper's word times may miss the speech they belong to."""
INVENTED = re.compile(
    r"amara\.org|sous-titr(es|age)\s+(réalisés?|par|fr|st)|st['’]\s*501|radio-canada|thanks? for watching"
    r"|merci d['’]avoir regardé|subtitles? by|untertitel (von|der|im auftrag)|ondertitel(d|ing) (door|amara)",
    re.IGNORECASE,
)
"""What Whisper writes over silence and music: the credits of the films that it learnt from."""
SENTENCE_END = (".", "?", "!", "…")


@dataclass(frozen=True, slots=True)
class Turn:
    """One speaker's words from `start` to `end` (seconds).

    `speaker_key` is the track's; `voice` counts the voices behind a shared microphone from 1, None where the track is one
    person's. `words` is empty where the engine gives no word times.
    """

    speaker_key: str
    voice: int | None
    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class _Said:
    """The least that has one time and one voice: a word, or a segment whose engine gives no words."""

    start: float
    end: float
    text: str
    word: Word | None
    voice: int | None = None


def turns_of(
    *,
    speaker_key: str,
    segments: Iterable[Segment],
    speech: Sequence[Span] | None = None,
    voices: Sequence[SpeakerTurn] | None = None,
    numbered: bool = False,
) -> list[Turn]:
    """Turns of one track, ordered.

    What lies outside `speech` (None: not known) was invented by the engine and is dropped. `voices` is what the diarizer
    heard behind a shared microphone, None for one person's track; voices are counted anew as their words first appear, unless
    they are `numbered` for good already.
    """
    said = [one for segment in segments for one in _said(segment) if speech is None or _heard(one, speech)]
    said.sort(key=lambda one: (one.start, one.end))
    if voices is not None:
        said = _voiced(said, one_at_a_time(voices))
    turns = [_turn(speaker_key, run) for run in _runs(said)]
    written = [turn for turn in turns if turn.text]
    return written if numbered else _renumbered(written)


def _said(segment: Segment) -> list[_Said]:
    if not segment.text.strip() or INVENTED.search(segment.text):
        return []
    if not segment.words:
        return [_Said(segment.start, segment.end, f" {segment.text.strip()}", None)]
    return [_Said(word.start, word.end, word.text, word) for word in segment.words]


def _heard(one: _Said, speech: Sequence[Span]) -> bool:
    place = bisect_left(speech, one.start, key=lambda span: span.end + SLACK)
    return place < len(speech) and speech[place].start - SLACK < one.end


def _voiced(said: list[_Said], turns: list[SpeakerTurn]) -> list[_Said]:
    return [replace(one, voice=_voice_of(one, turns)) for one in said]


def _voice_of(one: _Said, turns: list[SpeakerTurn]) -> int:
    """The voice that shares the most time with the word, else the nearest one; 1 where no voice was heard at all."""
    first = bisect_left(turns, one.start, key=lambda turn: turn.end)
    last = bisect_left(turns, one.end, key=lambda turn: turn.start)
    shared: dict[int, float] = {}
    for turn in turns[first:last]:
        shared[turn.voice] = shared.get(turn.voice, 0.0) + min(turn.end, one.end) - max(turn.start, one.start)
    if shared:
        return max(shared, key=lambda voice: (shared[voice], -voice))
    around = turns[max(0, first - 1) : first + 1]
    return min(around, key=lambda turn: max(turn.start - one.end, one.start - turn.end)).voice if around else 1


def one_at_a_time(turns: Iterable[SpeakerTurn]) -> list[SpeakerTurn]:
    """`turns` without overlap, ordered: where two speak at once, time goes to the one who speaks on for longer.

    So a speaker who begins before the other has ended keeps their first words, and a nod inside a long turn takes none.
    """
    out: list[SpeakerTurn] = []
    waiting = sorted(turns, key=lambda turn: turn.start, reverse=True)
    speaking: list[tuple[float, float, int]] = []  # (-end, start, voice): the latest end first
    at = 0.0
    while waiting or speaking:
        if not speaking:
            at = waiting[-1].start
        while waiting and waiting[-1].start <= at:
            turn = waiting.pop()
            heappush(speaking, (-turn.end, turn.start, turn.voice))
        end, voice = -speaking[0][0], speaking[0][2]
        until = min(end, waiting[-1].start) if waiting else end
        if until > at:
            if out and out[-1].voice == voice and out[-1].end == at:
                out[-1] = SpeakerTurn(out[-1].start, until, voice)
            else:
                out.append(SpeakerTurn(at, until, voice))
        at = max(at, until)
        while speaking and -speaking[0][0] <= at:
            heappop(speaking)
    return out


def _runs(said: list[_Said]) -> list[list[_Said]]:
    runs: list[list[_Said]] = []
    for one in said:
        run = runs[-1] if runs else None
        if run is None or run[-1].voice != one.voice or one.start - run[-1].end >= GAP or _is_long_enough(run):
            runs.append([one])
        else:
            run.append(one)
    return runs


def _is_long_enough(run: list[_Said]) -> bool:
    return run[-1].end - run[0].start > LONGEST and run[-1].text.rstrip().endswith(SENTENCE_END)


def _turn(speaker_key: str, run: list[_Said]) -> Turn:
    text = " ".join("".join(one.text for one in run).split())
    words = tuple(one.word for one in run if one.word is not None)
    return Turn(speaker_key, run[0].voice, run[0].start, max(one.end for one in run), text, words)


def _renumbered(turns: list[Turn]) -> list[Turn]:
    numbers: dict[int, int] = {}
    return [
        turn if turn.voice is None else replace(turn, voice=numbers.setdefault(turn.voice, len(numbers) + 1)) for turn in turns
    ]
