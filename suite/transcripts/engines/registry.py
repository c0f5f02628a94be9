from __future__ import annotations

from functools import lru_cache

from django.utils.translation import gettext_lazy as _

from suite.transcripts.engines.base import Diarizer, EngineError, SpeechToText, VoiceActivity
from suite.transcripts.engines.config import SpeechConfig
from suite.transcripts.engines.faster_whisper_engine import FasterWhisper
from suite.transcripts.engines.http_engine import HttpSpeechToText
from suite.transcripts.engines.pyannote_engine import Pyannote
from suite.transcripts.engines.silero import SileroVoiceActivity


@lru_cache(maxsize=1)
def speech_to_text(config: SpeechConfig) -> SpeechToText:
    """The engine that `config` asks for; the same one each time in a process, its model loaded when it is first used."""
    return FasterWhisper(config) if config.speech_to_text == "faster-whisper" else HttpSpeechToText(config)


@lru_cache(maxsize=1)
def diarizer(config: SpeechConfig) -> Diarizer:
    """Who tells voices apart, as `speech_to_text`. Raises `EngineError` where the settings want nobody to."""
    if config.diarizer == "none":
        raise EngineError(_("Telling voices apart is switched off here."), permanent=True)
    return Pyannote(config)


def voice_activity() -> VoiceActivity:
    return SileroVoiceActivity()


def warm_up(config: SpeechConfig) -> None:
    """Load what a transcription will need, while people still speak. Raises `EngineError`."""
    engines: list[object] = [speech_to_text(config)]
    if config.diarizer != "none":
        engines.append(diarizer(config))
    for engine in engines:
        if hasattr(engine, "load"):
            engine.load()


def release() -> None:
    """Forget the loaded models, so that an idle worker gives their memory back."""
    speech_to_text.cache_clear()
    diarizer.cache_clear()
