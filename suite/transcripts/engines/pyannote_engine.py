from __future__ import annotations

import os
import warnings
from pathlib import Path
from threading import Lock
from typing import Any

from django.utils.translation import gettext_lazy as _

from suite.transcripts.engines.base import EngineError, Sound, SpeakerTurn, numbered_by_appearance
from suite.transcripts.engines.config import SpeechConfig
from suite.transcripts.engines.threads import limit_threads
from suite.transcripts.engines.weights import packaged, verified

SEGMENTATION_SHA256 = "0b5b3216d60a2d32fc086b47ea8c67589aaeb26b7e07fcbe620d6d0b83e209ea"
"""pyannote's segmentation network (PyanNet, windows of 5 s, three voices at once) as whisperx 3.8.6 ships it."""
EMBEDDING_SHA256 = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"
"""The GE2E speaker encoder as Resemblyzer 0.1.4 ships it (Apache-2.0)."""
SHORTEST = 1.0
"""Seconds; in less, one voice is all that can be told."""

STEP = 0.5
"""Seconds from one window of 5 s to the next: pyannote's own choice."""
MOST_WINDOWS = 7200
"""An hour at that step. Grouping takes the square of it in memory (0.3 GB here), so longer sound is read in wider steps."""


class Pyannote:
    """pyannote.audio's diarization on the processor, from local files alone. Loaded at the first call, then kept."""

    def __init__(self, config: SpeechConfig) -> None:
        self._config = config
        self._models: Any = None
        self._loading = Lock()

    def load(self) -> None:
        """Have the models in memory. Raises `EngineError` where one is absent or not the promised one."""
        with self._loading:
            if self._models is None:
                self._models = self._open()

    def diarize(self, sound: Sound, *, speakers: int | None) -> list[SpeakerTurn]:
        if sound.seconds < SHORTEST:
            return []
        self.load()
        import torch

        waveform = torch.from_numpy(sound.samples).unsqueeze(0)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # torch warns of rounding where a window holds one frame of a voice
                found = self._models.pipeline(step=max(STEP, sound.seconds / MOST_WINDOWS))(
                    {"waveform": waveform, "sample_rate": sound.sample_rate, "uri": "track"}, num_speakers=speakers
                )
        except (RuntimeError, ValueError) as error:
            raise EngineError(_("The voices of this sound could not be told apart."), permanent=True) from error
        tracks = found.speaker_diarization.itertracks(yield_label=True)
        return numbered_by_appearance((float(turn.start), float(turn.end), label) for turn, _track, label in tracks)

    def _open(self) -> Any:
        paths = (
            _weights(
                self._config.segmentation_path,
                self._config.segmentation_sha256,
                SEGMENTATION_SHA256,
                "whisperx",
                "assets/pytorch_model.bin",
            ),
            _weights(
                self._config.embedding_path, self._config.embedding_sha256, EMBEDDING_SHA256, "resemblyzer", "pretrained.pt"
            ),
        )
        limit_threads(self._config.threads)
        os.environ["PYANNOTE_METRICS_ENABLED"] = "0"  # it reports each use to its makers otherwise
        os.environ["HF_HUB_OFFLINE"] = "1"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # torchcodec is built for CUDA; sound is decoded by PyAV and passed as samples
                from suite.transcripts.engines.pyannote_models import load_models
        except (ImportError, OSError) as error:
            raise EngineError(
                _("The engine that tells voices apart cannot be loaded. Whoever runs Suite installs it with “make run”."),
                permanent=False,
            ) from error
        try:
            return load_models(
                segmentation=paths[0],
                embedding=paths[1],
                threshold=self._config.clustering_threshold,
                smallest_cluster=self._config.smallest_cluster,
                threads=self._config.threads,
            )
        except (RuntimeError, ValueError, KeyError, OSError) as error:
            raise EngineError(_("The models that tell voices apart cannot be loaded."), permanent=False) from error


def _weights(path: Path | None, sha256: str | None, default_sha256: str, package: str, name: str) -> Path:
    return verified(packaged(package, name), default_sha256) if path is None else verified(path, sha256)
