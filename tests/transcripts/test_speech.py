"""The real models on human voices; figures are printed (`-rP`), the limits here only catch a breakage."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks import speech as benchmark
from suite.transcripts.engines import registry
from suite.transcripts.engines.base import SAMPLE_RATE, Segment, Sound, SpeakerTurn
from suite.transcripts.engines.config import SpeechConfig
from suite.transcripts.pipeline.chunks import Chunk, chunks_of, speech_in, transcribe_chunk
from suite.transcripts.pipeline.decode import blocks, decode
from suite.transcripts.pipeline.merge import Track, merged
from suite.transcripts.pipeline.turns import turns_of
from tests import sounds

pytestmark = [
    pytest.mark.speech,
    pytest.mark.slow,
    pytest.mark.patient,
    pytest.mark.xdist_group("speech"),  # the models load once
]


@pytest.fixture(scope="module")
def config() -> SpeechConfig:
    """Models are joined under var/, once for all runs."""
    return SpeechConfig(models_folder=Path(__file__).parents[2] / "var" / "models")


@pytest.fixture(scope="module")
def voices(config: SpeechConfig) -> list[SpeakerTurn]:
    """Who speaks when in pyannote's sample, without being told how many."""
    return registry.diarizer(config).diarize(decode(sounds.two_voices()), speakers=None)


@pytest.mark.parametrize("clip", sounds.human_clips(), ids=lambda clip: clip.path.stem)
def test_words_of_each_person(config: SpeechConfig, clip: sounds.Clip) -> None:
    sound = clip.sound()
    engine = registry.speech_to_text(config)
    began = time.process_time()

    found = engine.transcribe(sound, language=None, prompt=None)

    rate = benchmark.word_error_rate(clip.text, " ".join(segment.text for segment in found))
    print(f"{clip.path.stem}: WER {rate:.1%}, CPU {(time.process_time() - began) / sound.seconds:.2f} of real time")
    assert {segment.language for segment in found} == {clip.language}
    assert rate < 0.3
    words = [word for segment in found for word in segment.words]
    assert all(0 <= word.start <= word.end <= sound.seconds + 0.1 for word in words)


def test_two_voices_are_found_without_being_told(voices: list[SpeakerTurn]) -> None:
    rate = benchmark.diarization_error_rate(voices)
    print(f"two voices: DER {rate:.1%}")
    assert {turn.voice for turn in voices} == {1, 2}
    assert voices[0].voice == 1
    assert rate < 0.15


@pytest.mark.parametrize("name", ["sense_and_sensibility", "acoustic_corpus", "jours_et_mois"])
def test_one_person_is_one_voice(config: SpeechConfig, name: str) -> None:
    assert {turn.voice for turn in registry.diarizer(config).diarize(sounds.clip(name).sound(), speakers=None)} == {1}


def test_four_people_are_found_without_being_told(config: SpeechConfig) -> None:
    """Two on a telephone, one who reads, one who chats: pyannote's sample and two clips, one after the other."""
    people = [decode(sounds.two_voices()), sounds.clip("sense_and_sensibility").sound(), sounds.clip("cold_corpus").sound()]
    starts = [0.0, 30.5, 57.1]

    found = registry.diarizer(config).diarize(sounds.laid_out(83.0, *zip(starts, people, strict=True)), speakers=None)

    assert {turn.voice for turn in found} == {1, 2, 3, 4}


def test_a_number_of_people_that_is_told_is_kept(config: SpeechConfig) -> None:
    found = registry.diarizer(config).diarize(decode(sounds.two_voices()), speakers=2)

    assert benchmark.diarization_error_rate(found) < 0.15


def test_a_telephone_call_behind_one_microphone_becomes_named_voices(config: SpeechConfig, voices: list[SpeakerTurn]) -> None:
    segments = registry.speech_to_text(config).transcribe(decode(sounds.two_voices()), language="en", prompt=None)

    turns = turns_of(speaker_key="salle-101", segments=segments, voices=voices)

    who = {turn.voice for turn in turns if "Chicago also" in turn.text}, {turn.voice for turn in turns if "Sheila" in turn.text}
    assert who[0] | who[1] == {1, 2}
    assert not who[0] & who[1]


@pytest.mark.parametrize("kind", ["silence", "noise", "hum"])
def test_nobody_speaking_gives_no_words(config: SpeechConfig, kind: str) -> None:
    rng = np.random.default_rng(3)
    samples = {
        "silence": np.zeros(20 * SAMPLE_RATE),
        "noise": rng.normal(0, 0.02, 20 * SAMPLE_RATE),
        "hum": 0.1 * np.sin(np.arange(20 * SAMPLE_RATE) * 2 * np.pi * 50 / SAMPLE_RATE),
    }[kind]
    sound = Sound(samples.astype(np.float32))

    speech = registry.voice_activity().detect(sound)
    segments = registry.speech_to_text(config).transcribe(sound, language="fr", prompt=None)

    assert turns_of(speaker_key="a", segments=segments, speech=speech) == []
    assert registry.diarizer(config).diarize(sound, speakers=None) == []


def test_words_stand_at_their_time_after_a_hole_in_the_track(config: SpeechConfig, tmp_path: Path) -> None:
    clip = sounds.clip("wizard").sound()
    path = sounds.write_opus(tmp_path / "track.mka", (0.0, sounds.tone(1)), (47.0, clip), container="matroska")

    (turn,) = benchmark.transcribe(path, "late", config, shared=False)

    assert "complaint against the wizard" in turn.text
    assert turn.start == pytest.approx(47.1, abs=0.5)
    assert turn.end == pytest.approx(51.6, abs=0.5)


def test_a_meeting_of_three_tracks(config: SpeechConfig, tmp_path: Path) -> None:
    tracks = benchmark.meeting(tmp_path)
    registry.warm_up(config)
    began = time.process_time()

    turns = {key: benchmark.transcribe(each.path, key, config, shared=key == "salle-101") for key, each in tracks.items()}
    whole = merged(Track(tracks[key].offset, each) for key, each in turns.items())

    spent = time.process_time() - began
    for key, each in tracks.items():
        rate = benchmark.word_error_rate(each.text, " ".join(turn.text for turn in turns[key]))
        print(f"{key}: WER {rate:.1%}")
        assert rate < 0.35
    print(f"{benchmark.LENGTH:.0f} s of meeting in {spent:.1f} s of CPU")
    for turn in whole:
        print(f"{turn.start:6.1f} {turn.speaker_key}{f', voix {turn.voice}' if turn.voice else ''}: {turn.text}")
    assert [turn.start for turn in whole] == sorted(turn.start for turn in whole)
    starts = {key: min(turn.start for turn in whole if turn.speaker_key == key) for key in tracks}
    assert starts == pytest.approx({"awa": 1.1, "bruno": 14.9, "salle-101": 40.6}, abs=0.5)
    assert {turn.voice for turn in turns["salle-101"]} == {1, 2}
    assert {turn.voice for turn in turns["awa"] + turns["bruno"]} == {None}


def test_a_track_is_heard_in_pieces_each_the_same_when_asked_again(config: SpeechConfig, tmp_path: Path) -> None:
    """So a worker that is killed leaves the same transcript: `tests/journeys/test_transcription_survives.py` kills one."""
    clips = sounds.clip("sense_and_sensibility"), sounds.clip("cold_corpus")
    parts = zip((0.0, 30.0), (clip.sound() for clip in clips), strict=True)
    track = sounds.write_opus(tmp_path / "track.mka", *parts, container="matroska")
    chunks = chunks_of(speech_in(blocks(track), activity=registry.voice_activity()), longest=20)

    def heard(chunk: Chunk) -> list[Segment]:
        return transcribe_chunk(track, chunk, engine=registry.speech_to_text(config), language="en")

    pieces = [heard(chunk) for chunk in chunks]

    assert len(pieces) >= 3
    assert heard(chunks[1]) == pieces[1]
    turns = turns_of(speaker_key="a", segments=[segment for piece in pieces for segment in piece])
    words = " ".join(turn.text for turn in turns)
    assert benchmark.word_error_rate(" ".join(clip.text for clip in clips), words) < 0.15


def test_a_torchaudio_that_cannot_be_loaded_is_told(config: SpeechConfig, tmp_path: Path) -> None:
    """Its wheel is built for CUDA: where the set-up left its libraries in place, the import ends in an OSError."""
    (tmp_path / "torchaudio").mkdir()
    (tmp_path / "torchaudio" / "__init__.py").write_text("raise OSError('libc10_cuda.so: cannot open shared object file')")
    code = (
        "import django; django.setup()\n"
        "from pathlib import Path\n"
        "from suite.transcripts.engines.base import EngineError\n"
        "from suite.transcripts.engines.config import SpeechConfig\n"
        "from suite.transcripts.engines.registry import diarizer\n"
        "try:\n"
        f"    diarizer(SpeechConfig(models_folder=Path({str(config.models_folder)!r}))).load()\n"
        "except EngineError as error:\n"
        "    print(error.sentence)\n"
    )
    root = Path(__file__).parents[2]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "suite.config.settings", "PYTHONPATH": f"{tmp_path}:{root}"}

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=root, check=False)

    assert "make run" in ended.stdout, ended.stderr
