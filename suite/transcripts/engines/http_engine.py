from __future__ import annotations

import io
import json
import wave
from typing import Any

from django.utils.translation import gettext_lazy as _

from suite.transcripts.engines.base import EngineError, Segment, Sound, Word
from suite.transcripts.engines.config import SpeechConfig

BUSY = frozenset({408, 425, 429})
"""Answers of the 400s that ask to come back later (RFC 9110 15.5.9, RFC 8470 5.2, RFC 6585 4)."""
LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes; a five-minute chunk with its words takes well under one megabyte."""


class HttpSpeechToText:
    """Another machine's speech to text, over OpenAI's audio API (`POST …/audio/transcriptions`, multipart, `verbose_json`).

    An answer of the 400s says that this sound will never be understood: permanent. All else is worth another try.
    """

    def __init__(self, config: SpeechConfig) -> None:
        self._config = config

    def load(self) -> None:
        """The model is elsewhere. Raises `EngineError` where no address is set."""
        if not self._config.http_url:
            raise EngineError(_("No address is set for the speech engine."), permanent=False)

    def transcribe(self, sound: Sound, *, language: str | None, prompt: str | None) -> list[Segment]:
        self.load()
        if not len(sound.samples):
            return []
        form: list[tuple[str, str]] = [
            ("model", self._config.http_model),
            ("response_format", "verbose_json"),
            ("timestamp_granularities[]", "segment"),
            ("timestamp_granularities[]", "word"),
            ("temperature", "0"),
        ]
        form += [(name, value) for name, value in (("language", language), ("prompt", prompt)) if value]
        return _segments(self._ask(form, as_wave(sound)), language, sound.seconds)

    def _ask(self, form: list[tuple[str, str]], sound: bytes) -> Any:
        import requests

        try:
            with requests.post(
                f"{self._config.http_url.rstrip('/')}/audio/transcriptions",
                data=form,
                files={"file": ("sound.wav", sound, "audio/wav")},
                headers={"Authorization": f"Bearer {self._config.http_key}"} if self._config.http_key else {},
                timeout=self._config.http_timeouts,
                allow_redirects=False,  # a redirect would carry the sound to a host that nobody configured
                stream=True,
            ) as answer:
                if answer.status_code != 200:
                    permanent = 400 <= answer.status_code < 500 and answer.status_code not in BUSY | {401, 403, 404}
                    raise EngineError(
                        _("The speech engine refuses this sound.") if permanent else None,
                        permanent=permanent,
                        status=answer.status_code,
                    )
                body = answer.raw.read(LARGEST_ANSWER + 1, decode_content=True)
                if len(body) > LARGEST_ANSWER:
                    raise EngineError(permanent=False, bytes=len(body))
                return json.loads(body)
        except (requests.RequestException, OSError, ValueError) as error:
            raise EngineError(permanent=False) from error


def as_wave(sound: Sound) -> bytes:
    """`sound` as a WAV file of 16-bit samples."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sound.sample_rate)
        file.writeframes((sound.samples.clip(-1, 1) * 32767).astype("<i2").tobytes())
    return out.getvalue()


def _segments(answer: Any, language: str | None, limit: float) -> list[Segment]:
    try:
        spoken = language or _code(answer.get("language"))
        loose = [_word(word, limit) for word in answer.get("words") or ()]
        found = [
            Segment(
                *_times(row, limit),
                str(row["text"]).strip(),
                tuple(_word(word, limit) for word in row.get("words") or ()) or _within(loose, row),
                spoken,
            )
            for row in answer.get("segments") or ()
        ]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EngineError(permanent=False) from error
    return sorted((each for each in found if each.text), key=lambda each: each.start)


def _times(row: Any, limit: float) -> tuple[float, float]:
    start = min(max(0.0, float(row["start"])), limit)
    return start, max(start, min(float(row["end"]), limit))


def _word(row: Any, limit: float) -> Word:
    text = str(row["word"] if "word" in row else row["text"])
    probability = row.get("probability", row.get("score", 1.0))
    return Word(*_times(row, limit), text if text.startswith(" ") else f" {text}", float(probability))


def _within(words: list[Word], segment: Any) -> tuple[Word, ...]:
    """The answer's words whose middle lies in `segment`: OpenAI's own server lists words beside segments, not in them."""
    start, end = float(segment["start"]), float(segment["end"])
    return tuple(word for word in words if start <= (word.start + word.end) / 2 < end)


def _code(name: object) -> str | None:
    """ISO 639-1 of what the engine calls the language; OpenAI's own server writes English names."""
    names = {
        "french": "fr",
        "english": "en",
        "german": "de",
        "dutch": "nl",
        "spanish": "es",
        "italian": "it",
        "portuguese": "pt",
    }
    text = str(name or "").lower()
    return names.get(text, text if len(text) == 2 else None)
