from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

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
    gap: float = GAP,
) -> list[Turn]:
    """Turns of one track, ordered.

    What lies outside `speech` (None: not known) was invented by the engine and is dropped. `voices` is what the diarizer
    heard behind a shared microphone, None for one person's track; voices are counted anew as their words first appear.
    """
    said = [one for segment in segments for one in _said(segment) if speech is None or _heard(one, speech)]
    said.sort(key=lambda one: (one.start, one.end))
    if voices is not None:
        said = _voiced(said, voices)
    turns = [_turn(speaker_key, run) for run in _runs(said, gap)]
    return _renumbered([turn for turn in turns if turn.text])


def _said(segment: Segment) -> list[_Said]:
    if not segment.text.strip() or INVENTED.search(segment.text):
        return []
    if not segment.words:
        return [_Said(segment.start, segment.end, f" {segment.text.strip()}", None)]
    return [_Said(word.start, word.end, word.text, word) for word in segment.words]


def _heard(one: _Said, speech: Sequence[Span]) -> bool:
    return any(span.start - SLACK < one.end and one.start < span.end + SLACK for span in speech)


def _voiced(said: list[_Said], voices: Sequence[SpeakerTurn]) -> list[_Said]:
    out: list[_Said] = []
    for one in said:
        before = out[-1].voice if out else None
        out.append(replace(one, voice=_voice_of(one, voices, before)))
    return out


def _voice_of(one: _Said, voices: Sequence[SpeakerTurn], before: int | None) -> int:
    """The voice that shares the most time with the word; who speaks already keeps it where two share it alike."""
    shared: dict[int, float] = {}
    for turn in voices:
        seconds = min(turn.end, one.end) - max(turn.start, one.start)
        if seconds > 0:
            shared[turn.voice] = shared.get(turn.voice, 0.0) + seconds
    if shared:
        return max(shared, key=lambda voice: (round(shared[voice], 2), voice == before, -voice))
    nearest = min(voices, key=lambda turn: max(turn.start - one.end, one.start - turn.end), default=None)
    return nearest.voice if nearest else before or 1


def _runs(said: list[_Said], gap: float) -> list[list[_Said]]:
    runs: list[list[_Said]] = []
    for one in said:
        run = runs[-1] if runs else None
        if run is None or run[-1].voice != one.voice or one.start - run[-1].end >= gap or _is_long_enough(run):
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
