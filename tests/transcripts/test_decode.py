from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from suite.transcripts.engines.base import SAMPLE_RATE, EngineError, Sound
from suite.transcripts.pipeline.decode import blocks, decode
from tests import sounds

NEAR = 0.025
"""Seconds: one Opus packet and the ramp of the measurement."""


def edges(sound: Sound) -> list[float]:
    """The seconds at which a tone begins or ends."""
    power = np.convolve(sound.samples**2, np.ones(160) / 160, "same")
    loud = np.concatenate([[False], np.sqrt(power) > 0.1, [False]])
    return [float(at) / SAMPLE_RATE for at in np.flatnonzero(np.diff(loud.astype(np.int8)))]


@pytest.mark.parametrize(
    ("container", "options"),
    [("matroska", {}), ("webm", {}), ("ogg", {"page_duration": "20000"})],
    ids=["matroska", "webm", "ogg with a page a packet"],
)
def test_a_hole_in_the_track_becomes_silence(tmp_path: Path, container: str, options: dict[str, str]) -> None:
    parts = ((0.0, sounds.tone(2)), (5.0, sounds.tone(1)), (6.3, sounds.tone(0.5)), (60.0, sounds.tone(1)))
    path = sounds.write_opus(tmp_path / "track", *parts, container=container, options=options)

    found = decode(path)

    assert found.seconds == pytest.approx(61.0, abs=NEAR)
    assert edges(found) == pytest.approx([0, 2, 5, 6, 6.3, 6.8, 60, 61], abs=NEAR)


def test_many_small_holes_do_not_add_up(tmp_path: Path) -> None:
    parts = [(number * 1.06, sounds.tone(1.0)) for number in range(60)]
    path = sounds.write_opus(tmp_path / "track", *parts, container="matroska")

    starts = edges(decode(path))[::2]

    assert starts == pytest.approx([at for at, _tone in parts], abs=NEAR)


def test_a_part_is_the_same_as_in_the_whole() -> None:
    clip = sounds.clip("cold_corpus")
    whole = decode(clip.path)

    part = decode(clip.path, start=3.0, end=7.5)

    assert np.array_equal(part.samples, whole.between(3.0, 7.5).samples)
    assert part.seconds == 4.5


def test_blocks_follow_one_another_without_a_gap() -> None:
    path = sounds.clip("cold_corpus").path
    parts = list(blocks(path, seconds=4.0))

    assert [part.start for part in parts] == [0.0, 4.0, 8.0, 12.0, 16.0, 20.0, 24.0]
    assert all(before.start + before.sound.seconds == after.start for before, after in pairwise(parts))
    assert np.array_equal(np.concatenate([part.sound.samples for part in parts]), decode(path).samples)


def test_a_telephone_recording_is_brought_to_16_khz() -> None:
    found = decode(sounds.two_voices())

    assert found.sample_rate == SAMPLE_RATE
    assert found.samples.dtype == np.float32
    assert found.seconds == pytest.approx(30.0, abs=0.01)


@pytest.mark.parametrize("content", [b"", b"OggS", b"\x00" * 4096, b"RIFF$\x00\x00\x00WAVEfmt ", b"<html>" * 100])
def test_what_is_no_sound_is_refused_for_good(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "sound"
    path.write_bytes(content)

    with pytest.raises(EngineError) as refusal:
        decode(path)

    assert refusal.value.permanent
    assert "Please" in refusal.value.sentence


def test_a_file_cut_in_the_middle_gives_what_there_is(tmp_path: Path) -> None:
    path = tmp_path / "cut.ogg"
    whole = sounds.clip("cold_corpus").path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])

    assert 10 < decode(path).seconds < 16


def test_damage_in_the_middle_is_silence_or_a_refusal(tmp_path: Path) -> None:
    whole = bytearray(sounds.clip("cold_corpus").path.read_bytes())
    rng = np.random.default_rng(7)
    for number in range(12):
        spoiled = bytearray(whole)
        for at in rng.integers(0, len(whole), 40):
            spoiled[at] ^= int(rng.integers(1, 256))
        path = tmp_path / f"{number}.ogg"
        path.write_bytes(spoiled)
        with suppress(EngineError):
            assert decode(path, longest=3600).seconds <= 3600


def test_a_recording_without_end_is_refused(tmp_path: Path) -> None:
    path = sounds.write_opus(tmp_path / "track", (0.0, sounds.tone(1)), (900.0, sounds.tone(1)), container="matroska")

    with pytest.raises(EngineError, match=r"speech\.unavailable") as refusal:
        decode(path, longest=600)

    assert refusal.value.permanent
    assert "too long" in refusal.value.sentence
