from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechConfig:
    """Which engines listen, with which models; the app builds it from its settings and passes it.

    A model's path left empty means the small one that an installed package ships; a path given needs its sha256, which is
    checked each time the model is loaded.
    """

    models_folder: Path
    """Where models that packages ship in parts are joined; written once, then only read."""
    threads: int = 1
    """CPU threads for each engine: the share of the machine that its worker may take."""

    speech_to_text: Literal["faster-whisper", "http"] = "faster-whisper"
    languages: tuple[str, ...] = ("fr", "en", "de", "nl", "es", "it", "pt")
    """What people here may speak (ISO 639-1); a language that is not told is found among these. Empty: any."""
    whisper_folder: Path | None = None
    """CTranslate2's folder: model.bin, config.json, tokenizer.json, vocabulary.*; None: the packages' base model."""
    whisper_sha256: str | None = None
    """Of model.bin in `whisper_folder`."""
    whisper_device: str = "cpu"
    whisper_compute_type: str = "int8"
    whisper_beam_size: int = 1

    http_url: str = ""
    """Base of an OpenAI-compatible audio API; `/audio/transcriptions` is added."""
    http_key: str = field(default="", repr=False)
    http_model: str = "large-v2"
    http_timeouts: tuple[float, float] = (60.0, 600.0)
    """Seconds to connect, seconds to wait for an answer."""

    diarizer: Literal["pyannote", "none"] = "pyannote"
    segmentation_path: Path | None = None
    segmentation_sha256: str | None = None
    embedding_path: Path | None = None
    embedding_sha256: str | None = None
    clustering_threshold: float = 0.45
    """Distance under which windows are one group, before groups become voices (`voices.py`); 0.40 to 0.50 give the same."""
    smallest_cluster: int = 5
    """Fewer windows (each 0.5 s) than this are no voice of their own."""
