"""Packets that carry nothing and probe a line: padding on a stream of retransmissions (RFC 4588, RFC 3550 5.1)."""

from __future__ import annotations

from typing import Final

from suite.rtc.packets.downtrack import Downtrack
from suite.rtc.packets.rtp import HEADER, SEND_TIME, TRANSPORT_SEQUENCE

MOST: Final = 255  # bytes of padding that one packet can have


def can_pad(downtrack: Downtrack) -> bool:
    """Whether what is sent for nothing would be told of: on a stream of its own, with a transport-wide number."""
    return bool(downtrack.sends_again_as_rtx() and downtrack.ids and downtrack.ids[TRANSPORT_SEQUENCE])


def pad(downtrack: Downtrack, arena: bytearray, size: int, *, now: float, transport_sequence: int) -> int:
    """Write a packet with `size` bytes of padding (1 to `MOST`) into `arena`; its length."""
    extensions = downtrack.template_of_all
    wide = extensions[:1] == b"\x10"
    downtrack.rtx_sequence += 1
    downtrack.written = downtrack.rtx_sequence
    at = 12 + len(extensions)
    sequence = downtrack.rtx_sequence & 0xFFFF
    HEADER.pack_into(arena, 0, 0xB0, downtrack.rtx_payload_type, sequence, downtrack.last_timestamp, downtrack.rtx_ssrc)
    arena[12:at] = extensions
    value = 12 + 5 + wide
    if downtrack.ids[SEND_TIME]:
        arena[value : value + 3] = (int(now * 262144) & 0xFFFFFF).to_bytes(3, "big")
        value += 4 + wide
    arena[value : value + 2] = transport_sequence.to_bytes(2, "big")
    arena[at : at + size] = bytes(size - 1) + bytes((size,))
    return at + size
