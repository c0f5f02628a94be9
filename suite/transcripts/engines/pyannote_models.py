"""The only file that imports pyannote.audio; `pyannote_engine` loads it when a task needs it, after the environment is set."""

from __future__ import annotations

import builtins
import collections
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from omegaconf.base import ContainerMetadata, Metadata
from omegaconf.listconfig import ListConfig
from omegaconf.nodes import AnyNode
from pyannote.audio.core.model import Introspection
from pyannote.audio.core.plda import PLDA
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.segmentation import PyanNet
from pyannote.audio.pipelines import SpeakerDiarization
from pyannote.audio.pipelines.clustering import AgglomerativeClustering
from torch.torch_version import TorchVersion

from suite.transcripts.engines.ge2e import VoiceEncoder
from suite.transcripts.engines.voices import joined_groups

SAFE = [
    *(TorchVersion, Introspection, Problem, Resolution, Specifications),
    *(AnyNode, ListConfig, Metadata, ContainerMetadata),
    *(typing.Any, collections.defaultdict, builtins.list, builtins.int, builtins.dict),
]
"""What the segmentation's checkpoint may name; anything else in it is refused, so that a model file runs no code."""
BATCH = 8
"""Windows read at once; 32 are no faster on one thread and take 100 MB more."""


class NoPLDA(PLDA):
    """pyannote.audio 4 asks for a PLDA whatever the clustering; agglomerative clustering never calls it."""

    def __init__(self) -> None:
        pass


class VoiceClustering(AgglomerativeClustering):
    """pyannote.audio's agglomerative clustering, then a joining of near groups that never met."""

    _windows: np.ndarray

    def filter_embeddings(self, *arguments: Any, **named: Any) -> Any:
        kept = super().filter_embeddings(*arguments, **named)
        self._windows = kept[1]  # which window each embedding is of; `cluster`, called next, is not told
        return kept

    def cluster(self, embeddings: np.ndarray, *arguments: Any, **named: Any) -> np.ndarray:
        vectors = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
        groups: np.ndarray = super().cluster(embeddings, *arguments, **named)
        if named.get("num_clusters") is not None:
            return groups  # the number of people is known: distance alone finds them
        return joined_groups(vectors, groups, self._windows)


@dataclass(frozen=True, slots=True)
class Models:
    """The two networks, loaded, and how their answers are grouped into voices."""

    segmentation: Any
    embedding: Any
    threshold: float
    smallest_cluster: int

    def pipeline(self, *, step: float) -> Any:
        """pyannote.audio's speaker diarization with a window each `step` seconds; cheap beside its use."""
        pipeline = SpeakerDiarization(
            segmentation=self.segmentation,
            segmentation_step=step / self.segmentation.specifications.duration,
            embedding=self.embedding,
            plda=NoPLDA(),
            clustering="AgglomerativeClustering",
            embedding_exclude_overlap=True,
            segmentation_batch_size=BATCH,
            embedding_batch_size=BATCH,
        )
        pipeline.clustering = VoiceClustering(metric="cosine")
        pipeline.instantiate(
            {
                "segmentation": {"threshold": 0.5, "min_duration_off": 0.0},
                "clustering": {"method": "centroid", "threshold": self.threshold, "min_cluster_size": self.smallest_cluster},
            }
        )
        return pipeline


def load_models(*, segmentation: Path, embedding: Path, threshold: float, smallest_cluster: int, threads: int) -> Models:
    """The networks of these two files, for `threads` threads; raises what torch raises where a file is not a model."""
    torch.set_num_threads(threads)
    return Models(_segmentation(segmentation), VoiceEncoder(embedding).eval(), threshold, smallest_cluster)


def _segmentation(path: Path) -> Any:
    with torch.serialization.safe_globals(SAFE):
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    shape = checkpoint["hyper_parameters"]
    model = PyanNet(sincnet=shape["sincnet"], lstm=shape["lstm"], linear=shape["linear"])
    model.specifications = checkpoint["pyannote.audio"]["specifications"]
    model.build()
    model.load_state_dict(checkpoint["state_dict"])
    return model.eval()
