"""VP9's payload descriptor (RFC 9628, 4.2): which layer of its picture a packet's frame is.

Picture ids are passed on as they come: references are told as distances between them (P_DIFF), or by their place in a
group (non-flexible mode), so that a number that closed up over a picture that is left out would name another.
"""

from __future__ import annotations

from typing import Final

from suite.rtc.packets.dependency import DEEPEST

BY_DESCRIPTOR: Final = 2  # of a packet's `layered`: its payload descriptor tells the layer, no dependency descriptor does
BEGINS: Final = 0x08
ENDS: Final = 0x04
PREDICTED: Final = 0x40  # by earlier pictures

_PICTURE: Final = 0x80
_LAYERS: Final = 0x20
_FLEXIBLE: Final = 0x10


def _present(spatial: int, temporal: int) -> int:
    """The pairs of layers (`dependency.py`) in which a frame is needed: all that are as high."""
    return sum((0xF << temporal & 0xF) << 4 * higher for higher in range(spatial, DEEPEST + 1))


PRESENT: Final = [[_present(spatial, temporal) for temporal in range(DEEPEST + 1)] for spatial in range(DEEPEST + 1)]
# The pairs in which a spatial layer is the highest; who gets all has the publisher's own marker.
TOPS: Final = [0x000F, 0x00FF, 0x0FFF, 0x0FFF]


def locate(buffer: bytes | bytearray, at: int, end: int) -> tuple[int, int, int, int] | None:
    """Where the picture id, the layers and TL0PICIDX stand, counted from `at`, and the picture id's width in bits.

    0 stands for one that is absent; None where the descriptor is cut short.
    """
    if at >= end:
        return None
    first, offset = buffer[at], 1
    picture = width = layers = zero = 0
    if first & _PICTURE:
        if at + offset >= end:
            return None
        picture = offset
        width = 15 if buffer[at + offset] & 0x80 else 7
        offset += 2 if width == 15 else 1
    if first & _LAYERS:
        layers = offset
        offset += 1
        if not first & _FLEXIBLE:
            zero = offset
            offset += 1
    return (picture, layers, zero, width) if at + offset < end else None
