"""Voices as vectors: the GE2E speaker encoder (Wan et al., 2018, "Generalized end-to-end loss for speaker verification").

Its weights are those of Resemblyzer 0.1.4: three LSTM layers of 256 over mel frames of 40 bands (windows of 25 ms, each
10 ms), read in pieces of 160 frames, a linear layer, ReLU, and unit length. The file is built when torch is there only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812  # the name that all of torch's documentation uses
from pyannote.audio.core.model import Model
from pyannote.audio.core.task import Problem, Resolution, Specifications
from torchaudio.functional import melscale_fbanks

BANDS, SIZE = 40, 256
WINDOW, HOP = 400, 160
"""Samples at 16 kHz: 25 ms and 10 ms."""
PIECE, STEP, SHORTEST = 160, 40, 25
"""Mel frames of 10 ms: 1.6 s read at once, a piece begins each 0.4 s, under 0.25 s no voice can be told."""
LOUDNESS = 10 ** (-30 / 20)
"""Softer sound is raised to -30 dBFS, louder sound left: what the weights were trained on."""


class VoiceEncoder(Model):
    """pyannote.audio's shape of an embedding model: (batch, 1, samples) and (batch, frames) of weights to (batch, 256)."""

    def __init__(self, weights: Path, *, sample_rate: int = 16_000) -> None:
        super().__init__(sample_rate=sample_rate, num_channels=1)
        self.lstm = torch.nn.LSTM(BANDS, SIZE, num_layers=3, batch_first=True)
        self.linear = torch.nn.Linear(SIZE, SIZE)
        state = torch.load(weights, map_location="cpu", weights_only=True)["model_state"]
        mine = self.state_dict().keys()
        self.load_state_dict({name: value for name, value in state.items() if name in mine})
        bank = melscale_fbanks(WINDOW // 2 + 1, 0.0, sample_rate / 2, BANDS, sample_rate, norm="slaney", mel_scale="slaney")
        self.register_buffer("bank", bank, persistent=False)
        self.register_buffer("hann", torch.hann_window(WINDOW), persistent=False)
        self.specifications = Specifications(problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=5.0)

    @property
    def dimension(self) -> int:
        return SIZE

    def forward(self, waveforms: Any, weights: Any = None) -> Any:
        """One vector a sound, of unit length; not-a-number where the weights leave less than a quarter of a second.

        Raises `ValueError` where the sound itself is that short: pyannote.audio finds the least length so.
        """
        sounds = waveforms[:, 0]
        if weights is None and sounds.shape[1] < SHORTEST * HOP:
            raise ValueError("a voice needs a quarter of a second")
        pieces: list[Any] = []
        owners: list[int] = []
        out = torch.full((len(sounds), SIZE), float("nan"))
        for index, sound in enumerate(sounds):
            kept = sound if weights is None else sound[_mask(weights[index], sound.shape[0])]
            if kept.shape[0] >= SHORTEST * HOP:
                mine = self._pieces(kept)
                pieces += mine
                owners += [index] * len(mine)
        if pieces:
            vectors = self._read(pieces)
            for index in set(owners):
                own = [place for place, owner in enumerate(owners) if owner == index]
                out[index] = F.normalize(vectors[own].mean(dim=0), dim=0)
        return out

    def _pieces(self, sound: Any) -> list[Any]:
        mel = self._mel(sound)
        if mel.shape[0] <= PIECE:
            return [mel]
        return [mel[start : start + PIECE] for start in range(0, mel.shape[0] - PIECE + 1, STEP)]

    def _mel(self, sound: Any) -> Any:
        gain = (LOUDNESS / sound.square().mean().sqrt().clamp_min(1e-6)).clamp_min(1.0)
        spectrum = torch.stft(
            sound * gain, WINDOW, HOP, WINDOW, self.hann, center=True, pad_mode="constant", return_complex=True
        )
        return spectrum.abs().square().T @ self.bank

    def _read(self, pieces: list[Any]) -> Any:
        """All pieces through the network, those of equal length together: a batch costs little more than one."""
        vectors = torch.empty(len(pieces), SIZE)
        lengths: dict[int, list[int]] = {}
        for place, piece in enumerate(pieces):
            lengths.setdefault(piece.shape[0], []).append(place)
        for places in lengths.values():
            _, (hidden, _) = self.lstm(torch.stack([pieces[place] for place in places]))
            vectors[places] = F.normalize(F.relu(self.linear(hidden[-1])), dim=1)
        return vectors


def _mask(weights: Any, samples: int) -> Any:
    """Which of `samples` samples count, from weights for each frame of the segmentation (one row is enough)."""
    row = weights if weights.ndim == 1 else weights[0]
    return F.interpolate(row[None, None], size=samples, mode="nearest")[0, 0] > 0.5
