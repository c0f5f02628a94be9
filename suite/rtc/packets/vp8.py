"""VP8's payload descriptor (RFC 7741, 4.2): the two counters that a switch between layers must not break."""

from __future__ import annotations


def locate(buffer: bytes | bytearray, at: int, end: int) -> tuple[int, int, int, int]:
    """Where the picture id, TL0PICIDX and the temporal layer stand, counted from `at`, and the picture id's width in bits.

    0 stands for one that is absent; all are 0 where the descriptor is cut short.
    """
    if end - at < 2 or not buffer[at] & 0x80:
        return 0, 0, 0, 0
    flags = buffer[at + 1]
    offset = 2
    picture = width = zero = layer = 0
    if flags & 0x80:
        if at + offset >= end:
            return 0, 0, 0, 0
        picture = offset
        width = 15 if buffer[at + offset] & 0x80 else 7
        offset += 2 if width == 15 else 1
    if flags & 0x40:
        zero = offset
        offset += 1
    if flags & 0x30:
        layer = offset if flags & 0x20 else 0
        offset += 1
    return (picture, zero, layer, width) if at + offset < end else (0, 0, 0, 0)


def read_picture(buffer: bytes | bytearray, at: int, width: int) -> int:
    """The picture id at `at`."""
    return ((buffer[at] & 0x7F) << 8) | buffer[at + 1] if width == 15 else buffer[at] & 0x7F


def write_picture(buffer: bytearray, at: int, width: int, picture: int) -> None:
    """Write a picture id in the width that the descriptor has."""
    if width == 15:
        buffer[at] = 0x80 | (picture >> 8) & 0x7F
        buffer[at + 1] = picture & 0xFF
    else:
        buffer[at] = picture & 0x7F
