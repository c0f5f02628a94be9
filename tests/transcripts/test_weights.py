from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from suite.transcripts.engines import weights
from suite.transcripts.engines.base import EngineError
from suite.transcripts.engines.config import SpeechConfig
from suite.transcripts.engines.registry import diarizer, speech_to_text
from tests import sounds


def parts(folder: Path) -> tuple[list[Path], str]:
    first, second = folder / "one", folder / "two"
    first.write_bytes(b"a" * 3_000_000)
    second.write_bytes(b"b" * 10)
    return [first, second], hashlib.sha256(first.read_bytes() + second.read_bytes()).hexdigest()


def test_parts_are_joined_once_by_many_at_the_same_time(tmp_path: Path) -> None:
    halves, sha256 = parts(tmp_path)
    (tmp_path / "config.json").write_text("{}")

    def join(_number: int) -> Path:
        return weights.joined(
            parts=halves, beside=[tmp_path / "config.json"], sha256=sha256, folder=tmp_path / "models", name="m"
        )

    with ThreadPoolExecutor(8) as pool:
        folders = set(pool.map(join, range(16)))

    (folder,) = folders
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.bin"]
    assert weights.sha256_of(folder / "model.bin") == sha256
    assert [path.name for path in (tmp_path / "models").iterdir()] == [folder.name]


def test_a_joined_model_that_was_damaged_is_made_again(tmp_path: Path) -> None:
    halves, sha256 = parts(tmp_path)
    folder = weights.joined(parts=halves, beside=[], sha256=sha256, folder=tmp_path / "models", name="m")
    (folder / "model.bin").write_bytes(b"cut")

    weights.joined(parts=halves, beside=[], sha256=sha256, folder=tmp_path / "models", name="m")

    assert weights.sha256_of(folder / "model.bin") == sha256


def test_parts_that_do_not_belong_together_leave_nothing_behind(tmp_path: Path) -> None:
    halves, sha256 = parts(tmp_path)

    with pytest.raises(EngineError) as refusal:
        weights.joined(parts=halves[::-1], beside=[], sha256=sha256, folder=tmp_path / "models", name="m")

    assert "belong together" in refusal.value.sentence
    assert list((tmp_path / "models").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    halves, sha256 = parts(tmp_path)
    (tmp_path / "models").write_text("a file where a folder should be")

    with pytest.raises(EngineError) as refusal:
        weights.joined(parts=halves, beside=[], sha256=sha256, folder=tmp_path / "models", name="m")

    assert "disk" in refusal.value.sentence


def test_a_missing_package_is_told() -> None:
    with pytest.raises(EngineError) as refusal:
        weights.packaged("no_such_package_of_models", "model.bin")

    assert "not installed" in refusal.value.sentence


@pytest.mark.parametrize("sha256", [None, "0" * 64])
def test_a_model_that_is_not_the_promised_one_is_not_loaded(tmp_path: Path, sha256: str | None) -> None:
    (tmp_path / "model.bin").write_bytes(b"something else")
    config = SpeechConfig(
        models_folder=tmp_path,
        whisper_folder=tmp_path,
        whisper_sha256=sha256,
        segmentation_path=tmp_path / "model.bin",
        segmentation_sha256=sha256,
    )

    for listen in (
        lambda: speech_to_text(config).transcribe(sounds.tone(2), language="fr", prompt=None),
        lambda: diarizer(config).diarize(sounds.tone(2), speakers=None),
    ):
        with pytest.raises(EngineError) as refusal:
            listen()
        assert "sha256" in refusal.value.sentence


def test_a_path_to_nothing_is_told(tmp_path: Path) -> None:
    config = SpeechConfig(models_folder=tmp_path, whisper_folder=tmp_path / "absent", whisper_sha256="0" * 64)

    with pytest.raises(EngineError) as refusal:
        speech_to_text(config).transcribe(sounds.tone(2), language="fr", prompt=None)

    assert "path" in refusal.value.sentence


def test_voices_are_not_told_apart_where_the_settings_say_so(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as refusal:
        diarizer(SpeechConfig(models_folder=tmp_path, diarizer="none"))

    assert refusal.value.permanent


def test_the_key_of_an_engine_is_never_printed(tmp_path: Path) -> None:
    assert "secret" not in repr(SpeechConfig(models_folder=tmp_path, http_key="secret"))
