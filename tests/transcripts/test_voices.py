from __future__ import annotations

import numpy as np

from suite.transcripts.engines.voices import joined_groups


def around(angle: float, count: int) -> np.ndarray:
    """`count` unit vectors about `angle` (radians) in the plane."""
    angles = angle + np.linspace(-0.02, 0.02, count)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def groups(*counts: int) -> np.ndarray:
    return np.repeat(np.arange(len(counts)), counts)


def test_one_person_who_drifts_is_one_voice() -> None:
    vectors = np.concatenate([around(angle, 10) for angle in (0.0, 0.4, 0.8)])

    assert set(joined_groups(vectors, groups(10, 10, 10), np.arange(30))) == {0}


def test_people_who_are_heard_together_stay_two_however_alike() -> None:
    vectors = np.concatenate([around(0.0, 10), around(0.1, 10)])
    windows = np.concatenate([np.arange(10), np.arange(5, 15)])

    assert joined_groups(vectors, groups(10, 10), windows).tolist() == [0] * 10 + [1] * 10


def test_a_single_meeting_of_two_groups_is_the_segmentation_s_slip() -> None:
    vectors = np.concatenate([around(0.0, 10), around(0.1, 10)])
    windows = np.concatenate([np.arange(10), np.arange(9, 19)])

    assert set(joined_groups(vectors, groups(10, 10), windows)) == {0}


def test_voices_far_apart_are_not_joined() -> None:
    vectors = np.concatenate([around(0.0, 10), around(1.2, 10)])

    assert len(set(joined_groups(vectors, groups(10, 10), np.arange(20)))) == 2


def test_meetings_are_remembered_after_groups_were_joined() -> None:
    """Three pieces of one person each met the other; the pieces join, and the other stays apart."""
    vectors = np.concatenate([around(0.0, 6), around(0.05, 6), around(0.25, 12)])
    windows = np.concatenate([np.arange(0, 6), np.arange(6, 12), np.arange(0, 12)])

    assert joined_groups(vectors, groups(6, 6, 12), windows).tolist() == [0] * 12 + [1] * 12
