"""People who speak, for tests: recordings with their texts, and ways to lay them on a track as a recorder would."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from suite.transcripts.engines.base import SAMPLE_RATE, Sound
from suite.transcripts.pipeline.decode import decode

RECORDINGS = Path(__file__).parent / "recordings"
"""Human voices; README.md beside them says whose, from where, under which licence."""
OPUS_RATE = 48_000
OPUS_FRAME = 960


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording of a human being: what is said in it, in which language (ISO 639-1), by whom; `seconds` long."""

    path: Path
    text: str
    language: str
    speaker: str
    seconds: float

    def sound(self) -> Sound:
        return decode(self.path)


def human_clips() -> list[Clip]:
    """Every single-speaker recording: three English speakers (two longer than 20 s) and a French one."""
    return [
        Clip(
            RECORDINGS / "sense_and_sensibility.ogg",
            "and mister john dashwood had then leisure to consider how much there might be prudently in his power to do "
            "for them he was not an ill disposed young man "
            "unless to be rather cold hearted and rather selfish is to be ill disposed "
            "had he married a more amiable woman he might have been made still more respectable than he was "
            "he might even have been made amiable himself",
            "en",
            "LibriVox reader",
            26.1,
        ),
        Clip(
            RECORDINGS / "acoustic_corpus.ogg",
            "this is the acoustic corpus i'm talking pretty fast here there's nothing going else going on we're just yknow "
            "there's some speech errors but who cares um this is me talking really slow and slightly lower in intensity "
            "uh we're just saying some words and here's some more words words words words um and that should be all thanks",
            "en",
            "Michael McAuliffe",
            26.7,
        ),
        Clip(
            RECORDINGS / "cold_corpus.ogg",
            "uh so this is the sick corpus uh i have a cold so i probably sound quite different than the uh acoustic corpus "
            "um the recording environment is also quite different and i'm saying a bunch of different words that i did not say "
            "in the original one uh and here's a long pause and i think this is probably good alright thanks",
            "en",
            "Michael McAuliffe",
            25.7,
        ),
        Clip(
            RECORDINGS / "wizard.ogg",
            "he began a confused complaint against the wizard who had vanished behind the curtain on the left",
            "en",
            "LibriSpeech 61",
            4.9,
        ),
        Clip(
            RECORDINGS / "jours_et_mois.ogg",
            "lundi mardi mercredi jeudi vendredi samedi dimanche janvier février mars avril mai juin juillet août septembre "
            "octobre novembre décembre",
            "fr",
            "June Wallack",
            19.2,
        ),
    ]


def clip(name: str) -> Clip:
    """The clip whose file is called `name` (without its ending)."""
    return next(each for each in human_clips() if each.path.stem == name)


def two_voices() -> Path:
    """pyannote's sample: Diane and Sheila on one line, 30 s; its references are `two_voices_rttm` and `two_voices_words`."""
    spec = importlib.util.find_spec("pyannote.audio")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "sample" / "sample.wav"


def two_voices_rttm() -> list[tuple[float, float, str]]:
    """(start, end, speaker) of each stretch of speech of `two_voices`, in seconds."""
    rows = [line.split() for line in two_voices().with_suffix(".rttm").read_text().splitlines() if line.strip()]
    return [(float(row[3]), float(row[3]) + float(row[4]), row[7]) for row in rows]


def two_voices_words() -> list[tuple[str, str]]:
    """(speaker, sentence) of `two_voices` in order."""
    rows = [line.split(maxsplit=5) for line in two_voices().with_suffix(".stm").read_text().splitlines() if line.strip()]
    return [(row[2], row[5]) for row in rows]


def plain(text: str) -> str:
    """`text` as word error rates are counted: no case, no punctuation, hyphens are spaces, titles in full."""
    words = text.lower().replace("’", "'").replace("-", " ").replace("mr.", "mister").replace("you know", "yknow")
    return " ".join("".join(letter for letter in words if letter.isalnum() or letter in "' ").split())


def laid_out(seconds: float, *parts: tuple[float, Sound]) -> Sound:
    """A track of `seconds` with each sound at its time and digital silence elsewhere."""
    samples = np.zeros(round(seconds * SAMPLE_RATE), np.float32)
    for at, sound in parts:
        start = round(at * SAMPLE_RATE)
        samples[start : start + len(sound.samples)] += sound.samples[: len(samples) - start]
    return Sound(samples)


def tone(seconds: float, *, hertz: float = 440.0) -> Sound:
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return Sound((0.5 * np.sin(2 * np.pi * hertz * times)).astype(np.float32))


def write_opus(path: Path, *parts: tuple[float, Sound], container: str = "ogg", options: dict[str, str] | None = None) -> Path:
    """A recorder's file: Opus packets of 20 ms with the time at which each was sent, and nothing between the parts."""
    with av.open(str(path), "w", format=container, options=options or {}) as out:
        stream: Any = out.add_stream("libopus", rate=OPUS_RATE, layout="mono")
        for at, sound in parts:
            encoder: Any = av.CodecContext.create("libopus", "w")
            encoder.sample_rate, encoder.layout, encoder.format = OPUS_RATE, "mono", "flt"
            encoder.time_base = Fraction(1, OPUS_RATE)
            for number, packet in enumerate(_packets(encoder, sound)):
                packet.stream = stream
                packet.time_base = Fraction(1, OPUS_RATE)
                packet.pts = packet.dts = round(at * OPUS_RATE) + number * OPUS_FRAME
                out.mux(packet)
    return path


def _packets(encoder: Any, sound: Sound) -> list[Any]:
    frame: Any = av.AudioFrame.from_ndarray(sound.samples[None], "flt", "mono")
    frame.sample_rate, frame.pts, frame.time_base = sound.sample_rate, 0, Fraction(1, sound.sample_rate)
    resampler = av.AudioResampler("flt", "mono", OPUS_RATE, OPUS_FRAME)
    frames = [*resampler.resample(frame), *resampler.resample(None)]
    return [packet for each in frames if each.samples == OPUS_FRAME for packet in encoder.encode(each)]
