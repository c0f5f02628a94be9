"""Packets that carry nothing: padding that probes a line (RFC 4588, RFC 3550 5.1), and what begins a stream."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from suite.rtc.core.media import Codec
from suite.rtc.packets import codecs
from suite.rtc.packets.downtrack import Downtrack
from suite.rtc.packets.rtp import HEADER, SEND_TIME, TRANSPORT_SEQUENCE

MOST: Final = 255  # bytes of padding that one packet can have
PADDING: Final = bytes(19) + bytes((20,))
SILENCE: Final = {"audio/opus": b"\xf8\xff\xfe", "audio/pcmu": b"\xff" * 160, "audio/pcma": b"\xd5" * 160}  # 20 ms
_PLAIN, _PADDED, _EXTENDED, _MARKER = 0x80, 0xA0, 0x10, 0x80


def can_pad(downtrack: Downtrack) -> bool:
    """Whether what is sent for nothing would be told of: on a stream of its own, with a transport-wide number."""
    return bool(downtrack.sends_again_as_rtx() and downtrack.ids and downtrack.ids[TRANSPORT_SEQUENCE])


def pad(downtrack: Downtrack, arena: bytearray, size: int, *, now: float, transport_sequence: int) -> int:
    """Write a packet with `size` bytes of padding (1 to `MOST`) into `arena`; its length."""
    downtrack.rtx_sequence += 1
    downtrack.written = downtrack.rtx_sequence
    sequence = downtrack.rtx_sequence & 0xFFFF
    HEADER.pack_into(arena, 0, _PADDED, downtrack.rtx_payload_type, sequence, downtrack.last_timestamp, downtrack.rtx_ssrc)
    at = _extensions(downtrack, arena, now, transport_sequence)
    arena[at : at + size] = bytes(size - 1) + bytes((size,))
    return at + size


def begin(downtrack: Downtrack, source: Codec, arena: bytearray, *, now: float, transport_sequence: int) -> int:
    """Write a packet of a stream that has had no media into `arena`, padding or silence; its length, 0 without a codec.

    `source` is what the publisher sends, or is to send. What follows goes on behind it without a gap.
    """
    sound = "audio/opus" if source.mime == "audio/red" else source.mime
    codec = codecs.matching(replace(source, mime=sound), downtrack.codecs)
    if codec is None:
        return 0
    if downtrack.last_time >= 0:
        downtrack.last_timestamp = (
            downtrack.last_timestamp + int((now - downtrack.last_time) * codec.clock_rate)
        ) % 0x100000000
    downtrack.last_time = now
    downtrack.last_sequence += 1
    downtrack.written = downtrack.last_sequence
    content = SILENCE.get(codec.mime, PADDING)
    HEADER.pack_into(
        arena, 0, _PADDED if content is PADDING else _PLAIN, _MARKER | codec.payload_type,
        downtrack.last_sequence & 0xFFFF, downtrack.last_timestamp, downtrack.ssrc,
    )  # fmt: skip
    at = _extensions(downtrack, arena, now, transport_sequence)
    arena[at : at + len(content)] = content
    return at + len(content)


def _extensions(downtrack: Downtrack, arena: bytearray, now: float, transport_sequence: int) -> int:
    """Write the extensions that every packet has behind the header; where the payload begins."""
    extensions = downtrack.template_of_all
    wide = extensions[:1] == b"\x10"
    at = 12 + len(extensions)
    if extensions:
        arena[0] |= _EXTENDED
    arena[12:at] = extensions
    value = 12 + 5 + wide
    if downtrack.ids[SEND_TIME]:
        arena[value : value + 3] = (int(now * 262144) & 0xFFFFFF).to_bytes(3, "big")
        value += 4 + wide
    if downtrack.ids[TRANSPORT_SEQUENCE]:
        arena[value : value + 2] = transport_sequence.to_bytes(2, "big")
    return at
