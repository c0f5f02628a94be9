"""What a recorder must know of an Opus packet (RFC 6716, 3): how long it is, and how to stand in for one that never came."""

from __future__ import annotations

from typing import Final

_SILK: Final = (480, 960, 1920, 2880)
_HYBRID: Final = (480, 960)
_CELT: Final = (120, 240, 480, 960)
FRAME: Final = 960  # samples of 20 ms at 48 kHz
MOST: Final = 5760  # samples of one packet at most, 120 ms
SILENCE: Final = bytes((0xF8, 0xFF, 0xFE))  # 20 ms of digital silence, full band, mono
# Digital silence and its length, the longest first: 120 ms (six frames of one size), 20 ms, 2.5 ms.
SILENCES: Final = ((bytes((0xFB, 6)) + b"\xff\xfe" * 6, 5760), (SILENCE, 960), (bytes((0xE0, 0xFF, 0xFE)), 120))


def frame_samples(toc: int) -> int:
    """Samples of one frame at 48 kHz."""
    config = toc >> 3
    if config < 12:
        return _SILK[config & 3]
    if config < 16:
        return _HYBRID[config & 1]
    return _CELT[config & 3]


def samples(packet: bytes) -> int:
    """Samples that a packet decodes to, at 48 kHz; 0 where it is no Opus packet."""
    if not packet:
        return 0
    count = (1, 2, 2, 0)[packet[0] & 3]
    if not count:
        count = packet[1] & 63 if len(packet) > 1 else 0
    total = count * frame_samples(packet[0])
    return total if total <= MOST else 0


def is_stereo(packet: bytes) -> bool:
    """Whether a packet holds two channels."""
    return bool(packet[0] & 4)


def concealed(toc: int) -> bytes:
    """A frame that asks the decoder to conceal a lost one: the former table of contents, no data (RFC 7845, 4.1)."""
    return bytes((toc & 0xFC,))
