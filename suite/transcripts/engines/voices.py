"""How windows of speech become voices.

The speaker encoder is small: one person who tires drifts further apart (cosine distance up to 0.39) than two women on one
telephone line (0.14), so no single distance tells people apart. The segmentation knows more: two voices that it heard in the
same five seconds, again and again, are two people. So windows are grouped finely first, then groups near each other are joined,
except where they met. On twelve human mixtures of one to six people this brought the mean diarization error from 28.5 %
(distance alone, 0.45) to 10.0 %, the same for any fine distance from 0.40 to 0.50 and any joining distance from 0.25 to 0.35.
"""

from __future__ import annotations

import numpy as np

NEAR = 0.3
"""Cosine distance under which groups that never met are one person."""
MEETINGS, SHARE = 4, 0.2
"""Windows (of 5 s, each 0.5 s), and part of the smaller group's windows, that two groups must share to be two people."""


def joined_groups(vectors: np.ndarray, groups: np.ndarray, windows: np.ndarray) -> np.ndarray:
    """`groups` (n,), numbered from 0, after joining the nearest pairs of `vectors` (n, size; unit length) that did not meet.

    `windows` (n,) says of which window each vector is: two groups meet where both hold a vector of one window.
    """
    names, groups = np.unique(groups, return_inverse=True)
    member = np.arange(len(names))[:, None] == groups[None, :]
    present: np.ndarray = np.zeros((len(names), int(windows.max(initial=0)) + 1), dtype=np.int32)
    for group in range(len(names)):
        present[group, windows[member[group]]] = 1
    alive: np.ndarray = np.ones(len(names), dtype=bool)
    while alive.sum() > 1:
        sizes = member.sum(axis=1)
        centres = member.astype(np.float32) @ vectors
        centres /= np.linalg.norm(centres, axis=1, keepdims=True).clip(1e-9)
        met = present @ present.T
        apart = (met >= MEETINGS) & (met >= SHARE * np.minimum(sizes[:, None], sizes[None, :]))
        distance = np.where(apart | ~(alive[:, None] & alive[None, :]), np.inf, 1 - centres @ centres.T)
        np.fill_diagonal(distance, np.inf)
        one, other = np.unravel_index(int(distance.argmin()), distance.shape)
        if distance[one, other] >= NEAR:
            break
        member[one] |= member[other]
        present[one] |= present[other]
        member[other], alive[other] = False, False
    numbers: np.ndarray = np.unique(member.argmax(axis=0), return_inverse=True)[1]
    return numbers
