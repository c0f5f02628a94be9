"""Opus packets of a tone, and what a decoder hears of a file."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

FRAME = 960


def tone(*, seconds: float, hertz: float = 440.0) -> list[bytes]:
    """20 ms Opus packets of a steady tone."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format, encoder.bit_rate = 48000, "mono", "s16", 32000
    time = np.arange(round(seconds * 50) * FRAME)
    wave = (np.sin(2 * np.pi * hertz * time / 48000) * 10000).astype(np.int16)
    packets = []
    for start in range(0, len(wave), FRAME):
        frame = av.AudioFrame.from_ndarray(wave[start : start + FRAME].reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48000, start
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets


def heard(path: Path) -> np.ndarray:
    """Loudness (root mean square, full scale 1) of each 20 ms of a file."""
    parts = []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            samples = frame.to_ndarray().astype(np.float64).reshape(-1)
            parts.append(samples / 32768 if frame.format.name.startswith("s16") else samples)
    wave = np.concatenate(parts)
    whole = len(wave) // FRAME * FRAME
    return np.sqrt((wave[:whole].reshape(-1, FRAME) ** 2).mean(axis=1))


def red(primary: bytes, *, repeated: list[tuple[int, bytes]], payload_type: int = 111) -> bytes:
    """A RED payload (RFC 2198): `repeated` are (samples before, packet), oldest first."""
    heads = b"".join(
        bytes((0x80 | payload_type,)) + ((before << 10) | len(packet)).to_bytes(3, "big") for before, packet in repeated
    )
    return heads + bytes((payload_type,)) + b"".join(packet for _, packet in repeated) + primary
