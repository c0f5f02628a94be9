"""Frames of real encoders, and the packets that would carry them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import av
import numpy as np

WIDTH, HEIGHT, RATE = 320, 192, 30
STEP: Final = 3000  # ticks of 90 kHz from one frame to the next
SIZE: Final = 300  # bytes of a payload: small, so that frames take several
ENCODERS: Final = {
    "video/vp8": ("libvpx", {"deadline": "realtime", "lag-in-frames": "0"}),
    "video/vp9": ("libvpx-vp9", {"deadline": "realtime", "lag-in-frames": "0"}),
    "video/h264": ("libx264", {"tune": "zerolatency", "preset": "ultrafast"}),
    "video/h265": ("libx265", {"tune": "zerolatency", "preset": "ultrafast", "x265-params": "log-level=none:pools=none"}),
}


def encoded(
    mime: str, *, frames: int, every: int, width: int = WIDTH, height: int = HEIGHT, more: dict[str, str] | None = None
) -> list[bytes]:
    """`frames` of a picture that changes, a keyframe each `every`; `more` are options of the encoder."""
    name, options = ENCODERS[mime]
    context = av.CodecContext.create(name, "w")
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base, context.framerate, context.gop_size = Fraction(1, RATE), RATE, every
    context.bit_rate, context.options = 2_000_000, {**options, **(more or {})}
    context.thread_count = 1  # several tests at once, on two cores
    noise = np.random.default_rng(1).integers(0, 255, (height, width * 3, 3), np.uint8)
    found = []
    for number in range(frames):
        frame = av.VideoFrame.from_ndarray(noise[:, number : number + width].copy(), format="rgb24").reformat(format="yuv420p")
        frame.pts = number
        found += context.encode(frame)
    return [bytes(packet) for packet in (*found, *context.encode(None))]


def packets(mime: str, frame: bytes) -> list[bytes]:
    """The payloads that carry a frame."""
    carried = {"video/vp8": _vp8, "video/vp9": _vp9, "video/h264": _h264, "video/h265": _h265, "video/av1": _av1}
    return list(carried[mime](frame))


def _parts(data: bytes) -> Iterator[tuple[bytes, bool, bool]]:
    for at in range(0, len(data), SIZE):
        yield data[at : at + SIZE], at == 0, at + SIZE >= len(data)


def _vp8(frame: bytes) -> Iterator[bytes]:
    """With a 15-bit picture id, TL0PICIDX and a temporal layer, as Chromium writes them."""
    for part, first, _ in _parts(frame):
        yield bytes((0x80 | 0x10 * first, 0xE0, 0x80, 7, 9, 0x20)) + part


def _vp9(frame: bytes) -> Iterator[bytes]:
    """In flexible mode, with a 7-bit picture id, layers, one reference, and the structure at keyframes."""
    predicted = bool(frame[0] & 0x04)
    for part, first, last in _parts(frame):
        structure = bytes((0x18, 1, 64, 0, 192, 1, 0x04, 1)) if first and not predicted else b""
        head = 0x80 | 0x20 | 0x10 | 0x40 * predicted | 0x08 * first | 0x04 * last | 0x02 * bool(structure)
        yield bytes((head, 5, 0)) + bytes((1 << 1,)) * predicted + structure + part


def _h264(frame: bytes) -> Iterator[bytes]:
    """Parameter sets together (STAP-A), slices in fragments (FU-A)."""
    units = [unit.removesuffix(b"\0") for unit in frame.split(b"\0\0\1") if unit.strip(b"\0")]
    sets = [unit for unit in units if unit[0] & 31 in {6, 7, 8} and len(unit) < SIZE]
    if sets:
        yield bytes((24,)) + b"".join(len(unit).to_bytes(2, "big") + unit for unit in sets)
    for unit in units:
        if unit[0] & 31 not in {1, 5}:
            continue
        if len(unit) <= SIZE:
            yield unit
            continue
        for part, first, last in _parts(unit[1:]):
            yield bytes((unit[0] & 0xE0 | 28, 0x80 * first | 0x40 * last | unit[0] & 31)) + part


def _h265(frame: bytes) -> Iterator[bytes]:
    """Parameter sets together (an aggregation packet), slices in fragments."""
    units = [unit.removesuffix(b"\0") for unit in frame.split(b"\0\0\1") if unit.strip(b"\0")]
    sets = [unit for unit in units if 32 <= unit[0] >> 1 & 63 <= 34]
    if sets:
        yield bytes((48 << 1, 1)) + b"".join(len(unit).to_bytes(2, "big") + unit for unit in sets)
    for unit in units:
        kind = unit[0] >> 1 & 63
        if kind > 21:
            continue
        if len(unit) <= SIZE:
            yield unit
            continue
        for part, first, last in _parts(unit[2:]):
            yield bytes((unit[0] & 0x81 | 49 << 1, unit[1], 0x80 * first | 0x40 * last | kind)) + part


def _units(frame: bytes) -> Iterator[bytes]:
    """AV1's units without their sizes."""
    at = 0
    while at < len(frame):
        head = 2 if frame[at] & 4 else 1
        size, after, shift = 0, at + head, 0
        while True:
            size |= (frame[after] & 0x7F) << shift
            shift, after = shift + 7, after + 1
            if not frame[after - 1] & 0x80:
                break
        yield bytes((frame[at] & ~2 & 0xFF,)) + frame[at + 1 : at + head] + frame[after : after + size]
        at = after + size


def _av1(frame: bytes) -> Iterator[bytes]:
    """A unit a packet, or several packets a unit; a temporal delimiter is sent, as nobody should."""
    begins = True
    for unit in _units(frame):
        for part, first, last in _parts(unit):
            yield bytes((0x80 * (not first) | 0x40 * (not last) | 0x10 | 0x08 * begins,)) + part
            begins = False
