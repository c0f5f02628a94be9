"""What speech engines speak: sound in, times and words out.

All times are seconds from the sound's first sample. No engine knows of Django, meetings or people.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from suite.kernel.errors import Unavailable

if TYPE_CHECKING:  # numpy comes with the speech packages only; whoever merely names a Sound must not need them
    import numpy as np

SAMPLE_RATE = 16_000
"""Hz; what Whisper, Silero and pyannote's segmentation were trained on."""


class EngineError(Unavailable):
    """The one error of engines and of decoding; `permanent` says that trying again will not help."""

    code = "speech.unavailable"
    message = _("The speech engine is not answering. The sound is kept and the transcript will be tried again.")

    def __init__(self, detail: str | Promise | None = None, *, permanent: bool, **fields: object) -> None:
        super().__init__(detail, **fields)
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class Sound:
    """Mono sound: `samples` is float32 of shape (n,) between -1 and 1, at `sample_rate` Hz."""

    samples: np.ndarray = field(repr=False)
    sample_rate: int = SAMPLE_RATE

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.sample_rate

    def between(self, start: float, end: float) -> Sound:
        """The part from `start` to `end` (seconds), cut to what there is; shares its memory."""
        return Sound(
            self.samples[max(0, round(start * self.sample_rate)) : max(0, round(end * self.sample_rate))], self.sample_rate
        )


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in which somebody speaks."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start

    def overlap(self, start: float, end: float) -> float:
        """Seconds shared with `start` to `end`; 0 where they only touch."""
        return max(0.0, min(self.end, end) - max(self.start, start))


@dataclass(frozen=True, slots=True)
class Word:
    """One word with its spacing (`text` starts with a space where one belongs) and the engine's trust in it, 0 to 1."""

    start: float
    end: float
    text: str
    probability: float

    def shifted(self, seconds: float) -> Word:
        return Word(self.start + seconds, self.end + seconds, self.text, self.probability)


@dataclass(frozen=True, slots=True)
class Segment:
    """What an engine heard in one breath; `words` is empty where the engine gives none, `language` is ISO 639-1."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
    language: str | None = None

    def shifted(self, seconds: float) -> Segment:
        words = tuple(word.shifted(seconds) for word in self.words)
        return Segment(self.start + seconds, self.end + seconds, self.text, words, self.language)

    def as_json(self) -> dict[str, Any]:
        """What a database row keeps of it, for a worker that resumes."""
        return asdict(self)

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """The segment that `as_json` wrote."""
        return cls(**{**row, "words": tuple(Word(**word) for word in row["words"])})


@dataclass(frozen=True, slots=True)
class SpeakerTurn:
    """One voice from `start` to `end`; voices count from 1 in the order in which they are first heard."""

    start: float
    end: float
    voice: int


class SpeechToText(Protocol):
    def transcribe(self, sound: Sound, *, language: str | None, prompt: str | None) -> list[Segment]:
        """Write down what is said in `sound`.

        `language` is ISO 639-1, None lets the engine find out; `prompt` holds names and words to expect. Raises `EngineError`.
        """
        ...


class Diarizer(Protocol):
    def diarize(self, sound: Sound, *, speakers: int | None) -> list[SpeakerTurn]:
        """Say who speaks when, ordered by start, overlapping speech kept; `speakers` is None where nobody knows.

        Raises `EngineError`.
        """
        ...


class VoiceActivity(Protocol):
    def detect(self, sound: Sound) -> list[Span]:
        """Where somebody speaks, ordered, without overlap. Raises `EngineError`."""
        ...


def numbered_by_appearance(turns: Iterable[tuple[float, float, object]]) -> list[SpeakerTurn]:
    """Speaker turns of (start, end, any label), ordered, with voices counted from 1 as they are first heard."""
    voices: dict[object, int] = {}
    ordered = sorted(turns, key=lambda turn: turn[:2])
    return [SpeakerTurn(start, end, voices.setdefault(label, len(voices) + 1)) for start, end, label in ordered]
