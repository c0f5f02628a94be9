"""Redundant audio (RFC 2198): the primary out of a packet, and what it repeats of earlier ones."""

from __future__ import annotations

from typing import Final

DEEPEST: Final = 4  # packets before one that it may repeat
Block = tuple[int, int, int, int]  # payload type, timestamp offset, start, end


def blocks(buffer: bytes | bytearray, at: int, end: int) -> list[Block]:
    """The blocks of a payload, the primary last; empty where it is not one."""
    heads: list[tuple[int, int, int]] = []
    while True:
        if at >= end or len(heads) > 8:
            return []
        first = buffer[at]
        if not first & 0x80:
            at += 1
            break
        if at + 4 > end:
            return []
        word = int.from_bytes(buffer[at : at + 4], "big")
        heads.append((first & 0x7F, (word >> 10) & 0x3FFF, word & 0x3FF))
        at += 4
    found: list[Block] = []
    for payload_type, offset, size in heads:
        if at + size > end:
            return []
        found.append((payload_type, offset, at, at + size))
        at += size
    found.append((first & 0x7F, 0, at, end))
    return found


def with_payload_type(payload: bytes, payload_type: int) -> bytes:
    """The same payload with every block under the subscriber's payload type for Opus."""
    changed = bytearray(payload)
    at = 0
    while at < len(changed):
        more = changed[at] & 0x80
        changed[at] = more | payload_type
        if not more:
            return bytes(changed)
        at += 4
    return b""


def recovered(buffer: bytes | bytearray, at: int, end: int, *, missing: int, after: int) -> list[bytes]:
    """The packets just before one that its payload `buffer[at:end]` repeats, the oldest first, whole and without extensions.

    `missing` packets before it have not come, and `after` is the timestamp of the last that has: what is not later than that
    was not lost. Each block repeats one packet, the last the one before (libwebrtc's and RFC 2198's order).
    """
    found: list[bytes] = []
    timestamp, sequence = int.from_bytes(buffer[4:8], "big"), int.from_bytes(buffer[2:4], "big")
    for distance, (payload_type, offset, start, stop) in enumerate(reversed(blocks(buffer, at, end)[:-1]), 1):
        when = (timestamp - offset) & 0xFFFFFFFF
        if distance > missing or start == stop or not 0 < (when - after) & 0xFFFFFFFF < 0x80000000:
            break
        head = bytes((0x80, buffer[1] & 0x7F)) + ((sequence - distance) & 0xFFFF).to_bytes(2, "big")
        found.append(head + when.to_bytes(4, "big") + bytes(buffer[8:12]) + bytes((payload_type,)) + bytes(buffer[start:stop]))
    return found[::-1]
