"""What the publisher sends and what the readers answer.

A packet's payload is VP8-shaped (RFC 7741: a descriptor with a 15-bit picture id, TL0PICIDX and the temporal layer) or sound's,
then the clock of its sending, its count, whose it is, filling, and a hash over all four, so that a reader knows a whole packet
from a broken one.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import Final

PAYLOAD: Final = 1100  # bytes
PACKETS: Final = 250  # a second
FRAMES: Final = 30  # a second
PAYLOAD_TYPE: Final = 96
RTX_PAYLOAD_TYPE: Final = 97
TRANSPORT_ID: Final = 3  # header extension ids, in every offer of ours
SEND_TIME_ID: Final = 2
MID_ID: Final = 1
RID_ID: Final = 4
REPAIRED_RID_ID: Final = 5
LEVEL_ID: Final = 6
SOUND_PAYLOAD_TYPE: Final = 111
FEEDBACK_EVERY: Final = 0.1  # s
REPORT_EVERY: Final = 1.0  # s
KEYFRAME_EVERY: Final = 10.0  # s
LOST: Final = 0.01  # share of the packets that a reader says it did not get
_HEAD: Final = struct.Struct("!BBHBBB")  # descriptor: flags, flags, picture id, TL0PICIDX, temporal layer; frame header
_BODY: Final = struct.Struct("!QII")  # ns of the wall clock, count, source
_HASH: Final = 8  # bytes
DESCRIPTOR: Final = _HEAD.size  # bytes that a server may rewrite
LEAST: Final = _BODY.size + _HASH  # bytes of a payload without its head
_FILLING: Final = bytes(index * 7 & 0xFF for index in range(PAYLOAD))


@dataclass(frozen=True)
class Load:
    """`frames`: packets come as encoders send them, those of a frame back to back; `feedback`: readers answer."""

    name: str
    frames: bool
    feedback: bool


LOADS: Final = {
    "plain": Load("plain", frames=False, feedback=False),
    "frames": Load("frames", frames=True, feedback=False),
    "full": Load("full", frames=True, feedback=True),
}


@dataclass(frozen=True)
class Read:
    """What a whole payload says of itself."""

    sent_at: int  # ns of the wall clock
    count: int
    source: int


def payload(*, count: int, frame: int, first: bool, keyframe: bool, now: int) -> bytes:
    """The payload of the packet `count`, sent at `now` (ns of the wall clock)."""
    head = descriptor(picture=frame, zero=frame, first=first, keyframe=keyframe)
    return sealed(head, count=count, source=0, now=now, size=PAYLOAD)


def descriptor(*, picture: int, zero: int, first: bool, keyframe: bool, temporal: int = 0) -> bytes:
    """What VP8's payload begins with, the first byte of the frame included, which says whether it is a keyframe."""
    p = 0 if keyframe and first else 1
    return _HEAD.pack(0x90 if first else 0x80, 0xE0, 0x8000 | picture & 0x7FFF, zero & 0xFF, temporal << 6, p)


def sealed(head: bytes, *, count: int, source: int, now: int, size: int) -> bytes:
    """A payload of `size` bytes, but `LEAST` more than its head at least, that `read` knows from a broken one."""
    body = _BODY.pack(now, count & 0xFFFFFFFF, source)
    body += _FILLING[: max(0, size - len(head) - LEAST)]
    return head + body + hashlib.blake2b(body, digest_size=_HASH).digest()


def read(payload: bytes, *, head: int = DESCRIPTOR) -> Read | None:
    """What a payload says; None where it is not whole."""
    if len(payload) < head + LEAST:
        return None
    body = payload[head:-_HASH]
    if hashlib.blake2b(body, digest_size=_HASH).digest() != payload[-_HASH:]:
        return None
    return Read(*_BODY.unpack_from(body))
