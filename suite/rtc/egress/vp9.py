"""Of a picture of VP9 in spatial layers, only the largest is shown.

An encoder marks each layer's frame as shown, and libvpx shows the last of a superframe. FFmpeg, and whatever plays with it,
shows each, one size after the other. `show_frame` is a bit of the header (VP9 specification 0.6, 6.2): without it another
follows (`intra_only`) in frames that are no keyframes, so what is behind moves by a bit, up to the header's end.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

FRAMES_MOST: Final = 8  # of one picture
LONGEST: Final = 256  # bytes of a header, at most
_SRGB: Final = 7
_FEATURES: Final = (9, 7, 2, 0)  # bits of a segment's features, with their signs
Size = tuple[int, int]


class Malformed(Exception):
    """A payload that cannot be read."""


def superframe(frames: Sequence[bytes | bytearray]) -> bytes:
    """One frame, or those of a picture's layers with an index of their sizes (Annex B). Raises `Malformed`."""
    if len(frames) == 1:
        return bytes(frames[0])
    if not 0 < len(frames) <= FRAMES_MOST:
        raise Malformed("too many layers")
    width = max(1, (max(map(len, frames)).bit_length() + 7) // 8)
    marker = bytes((0xC0 | width - 1 << 3 | len(frames) - 1,))
    return b"".join((*frames, marker, *(len(one).to_bytes(width, "little") for one in frames), marker))


def split(data: bytes) -> list[bytes]:
    """The reverse."""
    marker = data[-1]
    count, width = (marker & 7) + 1, (marker >> 3 & 3) + 1
    index = len(data) - 2 - count * width
    if marker & 0xE0 != 0xC0 or index < 0 or data[index] != marker:
        return [data]
    found, at = [], 0
    for number in range(count):
        place = index + 1 + number * width
        size = int.from_bytes(data[place : place + width], "little")
        found.append(data[at : at + size])
        at += size
    if at != index or not all(found):
        raise Malformed("an index that does not fit")
    return found


class _Bits:
    def __init__(self, data: bytes) -> None:
        head = data[:LONGEST]
        self._value, self._length = int.from_bytes(head, "big"), 8 * len(head)
        self.at = 0

    def take(self, width: int) -> int:
        self.at += width
        if self.at > self._length:
            raise Malformed("a header that is cut short")
        return self._value >> (self._length - self.at) & ((1 << width) - 1)

    def until(self, end: int, *, since: int = 0) -> tuple[int, int]:
        """The bits from `since` on, and how many."""
        return self._value >> (self._length - end) & ((1 << end - since) - 1), end - since


@dataclass(frozen=True, slots=True)
class _Header:
    """`shows` is where the bit stands, `ends` where the header does; -1 where there is no need to know."""

    size: Size
    refreshed: int  # which of the eight references become this frame
    is_key: bool
    is_shown: bool
    shows: int
    ends: int = -1


def _read(data: bytes, kept: Sequence[Size]) -> _Header | None:
    """A frame's header, with the sizes of the frames that are `kept` as references; None of one that shows a former one."""
    bits = _Bits(data)
    if bits.take(2) != 2:
        raise Malformed("no frame")
    profile = bits.take(1) | bits.take(1) << 1
    if profile == 3:
        bits.take(1)
    if bits.take(1):
        return None
    is_key = not bits.take(1)
    shows = bits.at
    is_shown, resilient = bool(bits.take(1)), bool(bits.take(1))
    if is_key:
        _color(bits, profile)
        return _Header(_size(bits), 0xFF, is_key, is_shown, shows)
    intra = False if is_shown else bool(bits.take(1))
    if not resilient:
        bits.take(2)
    if intra:
        _color(bits, profile)
        refreshed = bits.take(8)
        return _Header(_size(bits), refreshed, is_key, is_shown, shows)
    refreshed = bits.take(8)
    references = [bits.take(4) >> 1 for _ in range(3)]
    size = next((kept[one] for one in references if bits.take(1)), None) or _size(bits)
    if bits.take(1):
        bits.take(32)
    bits.take(1)
    if not bits.take(1):
        bits.take(2)
    bits.take(2 if resilient else 4)
    _skip(bits, size)
    return _Header(size, refreshed, is_key, is_shown, shows, bits.at)


def _color(bits: _Bits, profile: int) -> None:
    """The sync code, and what a frame without references says of its colours."""
    if bits.take(24) != 0x498342:
        raise Malformed("no sync code")
    if profile >= 2:
        bits.take(1)
    if bits.take(3) != _SRGB:
        bits.take(4 if profile in {1, 3} else 1)
    elif profile in {1, 3}:
        bits.take(1)


def _size(bits: _Bits) -> Size:
    return bits.take(16) + 1, bits.take(16) + 1


def _skip(bits: _Bits, size: Size) -> None:
    """The loop filter, quantization, segmentation and tiles of a frame, and the length of the next header."""
    bits.take(9)
    if bits.take(1) and bits.take(1):
        for _ in range(6):
            if bits.take(1):
                bits.take(7)
    bits.take(8)
    for _ in range(3):
        if bits.take(1):
            bits.take(5)
    if bits.take(1):
        _skip_segments(bits)
    _skip_tiles(bits, size[0])
    bits.take(16)


def _skip_tiles(bits: _Bits, width: int) -> None:
    blocks = (((width + 7) >> 3) + 7) >> 3
    least = most = 0
    while 64 << least < blocks:
        least += 1
    while blocks >> most + 1 >= 4:
        most += 1
    while least < most and bits.take(1):
        least += 1
    if bits.take(1):
        bits.take(1)


def _skip_segments(bits: _Bits) -> None:
    if bits.take(1):
        for _ in range(7):
            if bits.take(1):
                bits.take(8)
        temporal = bits.take(1)
        for _ in range(3):
            if temporal and bits.take(1):
                bits.take(8)
    if bits.take(1):
        bits.take(1)
        for _ in range(8):
            for width in _FEATURES:
                if bits.take(1):
                    bits.take(width)


def _hidden(data: bytes, header: _Header) -> bytes:
    if header.is_key:
        at, bit = divmod(header.shows, 8)
        return data[:at] + bytes((data[at] & ~(0x80 >> bit),)) + data[at + 1 :]
    bits, split_at = _Bits(data), header.shows + 2
    before, _ = bits.until(split_at)
    after, width = bits.until(header.ends, since=split_at)
    value = (before & ~2) << 1 + width | after
    length = header.ends + 1
    return (value << -length % 8).to_bytes((length + 7) // 8, "big") + data[(header.ends + 7) // 8 :]


class TopLayers:
    """The pictures of one film, from a keyframe on."""

    def __init__(self) -> None:
        self._kept: list[Size] = [(0, 0)] * 8

    def shown(self, data: bytes) -> bytes:
        """A picture of which the last layer alone is shown; as it is where it cannot be read."""
        try:
            frames = split(data)
            headers = [self._keep(one) for one in frames]
            for at, (header, after) in enumerate(itertools.pairwise(headers)):
                # Layers of one size would be read differently: motion is predicted from a former frame that was shown.
                if header is not None and header.is_shown and after is not None and after.size != header.size:
                    frames[at] = _hidden(frames[at], header)
            return superframe(frames)
        except Malformed:
            return data

    def _keep(self, frame: bytes) -> _Header | None:
        header = _read(frame, self._kept)
        if header is not None:
            self._kept = [header.size if header.refreshed >> slot & 1 else kept for slot, kept in enumerate(self._kept)]
        return header
