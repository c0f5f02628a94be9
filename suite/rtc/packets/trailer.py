"""LiveKit's packet trailer: what a publisher's page says of a frame, behind the frame's own bytes.

`… tag, length, value, … | length of all of it | LKTS`, all but the last four bytes inverted; encryption leaves it outside. It
is cut off where the whole of it stands in the frame's last packet with something of the frame before it. Where it
spans two packets the first has left already: it stays, and decoders pass over it.
"""

from __future__ import annotations

from typing import Final

from suite.rtc.packets import codecs

MAGIC: Final = b"LKTS"
ENVELOPE: Final = 5  # bytes of the length and the magic
_AGGREGATE: Final = 24  # of H264's kinds of payload (RFC 6184, 5.2)
_FRAGMENT: Final = 28


def cut(arena: bytearray, form: int, at: int, end: int) -> int:
    """Where a frame's last packet, whose payload is `arena[at:end]`, ends without its trailer; `end` where it has none."""
    if end - at < ENVELOPE or arena[end - 4 : end] != MAGIC:
        return end
    size = arena[end - ENVELOPE] ^ 0xFF
    if not ENVELOPE <= size < end - _described(arena, form, at, end):
        return end
    if form == codecs.H264 and arena[at] & 31 == _AGGREGATE and not _shorten(arena, at, end, size):
        return end
    return end - size


def _described(data: bytearray, form: int, at: int, end: int) -> int:
    """Where the frame's bytes begin behind the payload descriptor; `end` or more where it cannot be read."""
    first = data[at]
    match form:
        case codecs.H264:
            kind = first & 31
            return at + 1 if kind <= _AGGREGATE else at + 2 if kind == _FRAGMENT else end
        case codecs.H265:  # RFC 7798, 4.4: one unit, or a piece of one
            kind = first >> 1 & 63
            return at + 2 if kind < 48 else at + 3 if kind == 49 else end
        case codecs.AV1:
            return at + 1 if first & 0x30 == 0x10 else end  # one element: its length is not said (AV1 RTP, 4.4)
        case codecs.VP8:
            return _vp8(data, at, end)
        case codecs.VP9:
            return _vp9(data, at, end)
    return end


def _vp8(data: bytearray, at: int, end: int) -> int:
    """RFC 7741, 4.2."""
    first, at = data[at], at + 1
    if not first & 0x80:
        return at
    if at >= end:
        return end
    flags, at = data[at], at + 1
    if flags & 0x80:
        at += 2 if at < end and data[at] & 0x80 else 1
    return at + bool(flags & 0x40) + bool(flags & 0x30)


def _vp9(data: bytearray, at: int, end: int) -> int:
    """RFC 9628, 4.2."""
    first, at = data[at], at + 1
    if first & 0x80:
        at += 2 if at < end and data[at] & 0x80 else 1
    if first & 0x20:
        at += 1 if first & 0x10 else 2
    if first & 0x50 == 0x50:
        for _ in range(3):
            more, at = at < end and data[at] & 1, at + 1
            if not more:
                break
    return _structured(data, at, end) if first & 0x02 else at


def _structured(data: bytearray, at: int, end: int) -> int:
    """RFC 9628, 4.2.1: the scalability structure."""
    if at >= end:
        return end
    structure, at = data[at], at + 1
    if structure & 0x10:
        at += 4 * ((structure >> 5) + 1)
    if structure & 0x08:
        if at >= end:
            return end
        pictures, at = data[at], at + 1
        while pictures and at < end:
            at += 1 + (data[at] >> 2 & 3)
            pictures -= 1
    return at


def _shorten(data: bytearray, at: int, end: int, size: int) -> bool:
    """Let the last unit of an aggregate (RFC 6184, 5.7.1) be `size` bytes shorter; False where it has not as many."""
    at += 1
    while at + 2 <= end:
        whole = (data[at] << 8) | data[at + 1]
        if at + 2 + whole == end and whole > size:
            data[at : at + 2] = (whole - size).to_bytes(2, "big")
            return True
        at += 2 + whole
    return False
