"""The head of a data track's packet, as LiveKit defines it (pkg/rtc/datatrack/packet.go of livekit-server 1.13.5).

`version 3 | start 1 | final 1 | extensions 1 | reserved 10 | handle 16 | sequence 16 | frame 16 | timestamp 32`, and where
there are extensions their size in words less one (16) and each as `id 8 | size 8 | value`, padded with zeros.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

HEAD: Final = 12  # bytes
_EXTENSIONS: Final = 0x04
_SIZE: Final = Struct("!H")


def handle(packet: bytes) -> int | None:
    """The track's handle; None for what is no packet of a data track."""
    if len(packet) < HEAD:
        return None
    if packet[0] & _EXTENSIONS and not _has_sound_extensions(packet):
        return None
    return int(_SIZE.unpack_from(packet, 2)[0])


def with_handle(packet: bytes, number: int) -> bytes:
    """The packet under another handle."""
    return packet[:2] + _SIZE.pack(number) + packet[4:]


def _has_sound_extensions(packet: bytes) -> bool:
    if len(packet) < HEAD + 2:
        return False
    at = HEAD + 2
    end: int = HEAD + (_SIZE.unpack_from(packet, HEAD)[0] + 1) * 4
    if end > len(packet):
        return False
    while at < end and packet[at]:
        if at + 2 > end:
            return False
        at += 2 + packet[at + 1]
    return at <= end
