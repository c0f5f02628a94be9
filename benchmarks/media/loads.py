"""What the publisher sends and what the readers answer.

A packet's payload is VP8-shaped (RFC 7741: a descriptor with a 15-bit picture id, TL0PICIDX and temporal layer 0), then the
clock of its sending, its count, filling, and a hash over the three, so that a reader knows a whole packet from a broken one.
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
FEEDBACK_EVERY: Final = 0.1  # s
REPORT_EVERY: Final = 1.0  # s
KEYFRAME_EVERY: Final = 10.0  # s
LOST: Final = 0.01  # share of the packets that a reader says it did not get
_HEAD: Final = struct.Struct("!BBHBBB")  # descriptor: flags, flags, picture id, TL0PICIDX, temporal layer; frame header
_BODY: Final = struct.Struct("!QI")  # ns of the wall clock, count
_HASH: Final = 8  # bytes
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


def payload(*, count: int, frame: int, first: bool, keyframe: bool, now: int) -> bytes:
    """The payload of the packet `count`, sent at `now` (ns of the wall clock)."""
    head = _HEAD.pack(0x90 if first else 0x80, 0xE0, 0x8000 | frame & 0x7FFF, frame & 0xFF, 0, 0 if keyframe and first else 1)
    body = _BODY.pack(now, count & 0xFFFFFFFF)
    filling = _FILLING[: PAYLOAD - len(head) - len(body) - _HASH]
    return head + body + filling + hashlib.blake2b(body + filling, digest_size=_HASH).digest()


def read(payload: bytes) -> tuple[int, int] | None:
    """When a payload was sent (ns) and its count; None where it is not whole."""
    if len(payload) != PAYLOAD:
        return None
    body = payload[_HEAD.size : -_HASH]
    if hashlib.blake2b(body, digest_size=_HASH).digest() != payload[-_HASH:]:
        return None
    now, count = _BODY.unpack_from(body)
    return now, count
