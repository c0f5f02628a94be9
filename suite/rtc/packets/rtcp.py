"""RTCP as bytes (RFC 3550, RFC 4585, RFC 5104, REMB, transport-cc): what the plane reads and writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from struct import Struct
from typing import Final

SENDER_REPORT: Final = 200
RECEIVER_REPORT: Final = 201
SOURCE_DESCRIPTION: Final = 202
TRANSPORT_FEEDBACK: Final = 205
PAYLOAD_FEEDBACK: Final = 206
NACK: Final = 1  # of TRANSPORT_FEEDBACK
TRANSPORT_WIDE: Final = 15
PLI: Final = 1  # of PAYLOAD_FEEDBACK
FIR: Final = 4
APPLICATION: Final = 15  # REMB

_HEADER: Final = Struct("!BBH")
_FEEDBACK: Final = Struct("!BBHII")
_SENDER: Final = Struct("!BBHIQIII")
_BLOCK: Final = Struct("!IIIIII")
_PAIR: Final = Struct("!HH")


def packets(compound: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Each packet of a compound as (type, count or format, body after the 4-byte header); ends where it is no longer one."""
    at, end = 0, len(compound)
    while at + 4 <= end:
        first, kind, words = _HEADER.unpack_from(compound, at)
        stop = at + 4 + 4 * words
        if first >> 6 != 2 or stop > end:
            return
        body = compound[at + 4 : stop]
        if first & 0x20 and body:
            if not 0 < body[-1] <= len(body):
                return
            body = body[: -body[-1]]
        yield kind, first & 31, body
        at = stop


def report_blocks(body: bytes, count: int, *, sender: bool) -> Iterator[tuple[int, int, int, int, int, int]]:
    """Reception report blocks as (ssrc, fraction lost of 256, highest sequence, jitter, last report, delay since it)."""
    at = 24 if sender else 4
    for _ in range(count):
        if at + 24 > len(body):
            return
        ssrc, lost, highest, jitter, last, delay = _BLOCK.unpack_from(body, at)
        yield ssrc, lost >> 24, highest, jitter, last, delay
        at += 24


def lost_sequences(body: bytes) -> Iterator[int]:
    """The sequence numbers that a NACK asks for (RFC 4585, 6.2.1)."""
    for at in range(8, len(body) - 3, 4):
        first, mask = _PAIR.unpack_from(body, at)
        yield first
        while mask:
            low = mask & -mask
            yield (first + low.bit_length()) & 0xFFFF
            mask ^= low


def keyframe_targets(form: int, body: bytes) -> Iterator[int]:
    """The SSRCs that a PLI or a FIR asks a keyframe of."""
    if form == PLI and len(body) >= 8:
        yield int.from_bytes(body[4:8], "big")
    elif form == FIR:
        for at in range(8, len(body) - 7, 8):
            yield int.from_bytes(body[at : at + 4], "big")


def remb_rate(body: bytes) -> int | None:
    """The bit rate of a REMB (draft-alvestrand-rmcat-remb); None where it is none."""
    if len(body) < 16 or body[8:12] != b"REMB":
        return None
    exponent = body[13] >> 2
    mantissa = ((body[13] & 3) << 16) | (body[14] << 8) | body[15]
    return min(mantissa << exponent, 10_000_000_000)


def picture_loss(sender: int, media: int) -> bytes:
    """A PLI: please send a keyframe."""
    return _FEEDBACK.pack(0x80 | PLI, PAYLOAD_FEEDBACK, 2, sender, media)


def nack(sender: int, media: int, lost: Iterable[int]) -> bytes:
    """A generic NACK for the sequence numbers `lost`, in rising order."""
    pairs: list[list[int]] = []
    for sequence in lost:
        ahead = (sequence - pairs[-1][0]) & 0xFFFF if pairs else 0
        if pairs and 0 < ahead <= 16:
            pairs[-1][1] |= 1 << (ahead - 1)
        elif not pairs or ahead:
            pairs.append([sequence & 0xFFFF, 0])
    body = b"".join(_PAIR.pack(first, mask) for first, mask in pairs)
    return _FEEDBACK.pack(0x80 | NACK, TRANSPORT_FEEDBACK, 2 + len(pairs), sender, media) + body


def remb(sender: int, bit_rate: int, ssrcs: list[int]) -> bytes:
    """A REMB: what we can take of these streams together."""
    exponent = max(0, bit_rate.bit_length() - 18)
    mantissa = bit_rate >> exponent
    body = b"REMB" + bytes((len(ssrcs), (exponent << 2) | (mantissa >> 16), (mantissa >> 8) & 0xFF, mantissa & 0xFF))
    body += b"".join(ssrc.to_bytes(4, "big") for ssrc in ssrcs)
    return _FEEDBACK.pack(0x80 | APPLICATION, PAYLOAD_FEEDBACK, 2 + len(body) // 4, sender, 0) + body


def sender_report(*, ssrc: int, ntp: int, timestamp: int, packets: int, octets: int, name: bytes) -> bytes:
    """A sender report with its CNAME; `ntp` is 64 bits, 32 of them the fraction of a second."""
    report = _SENDER.pack(0x80, SENDER_REPORT, 6, ssrc, ntp, timestamp, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF)
    item = ssrc.to_bytes(4, "big") + bytes((1, len(name))) + name + b"\0"
    item += bytes(-len(item) % 4)
    return report + _HEADER.pack(0x81, SOURCE_DESCRIPTION, len(item) // 4) + item


def receiver_report(sender: int, blocks: list[tuple[int, int, int, int, int, int, int]]) -> bytes:
    """A receiver report of at most 31 blocks: (ssrc, fraction of 256, lost, highest sequence, jitter, last report, delay)."""
    body = b"".join(
        _BLOCK.pack(ssrc, (fraction << 24) | (max(0, lost) & 0xFFFFFF), highest & 0xFFFFFFFF, jitter, last, delay)
        for ssrc, fraction, lost, highest, jitter, last, delay in blocks[:31]
    )
    return _HEADER.pack(0x80 | min(31, len(blocks)), RECEIVER_REPORT, 1 + len(body) // 4) + sender.to_bytes(4, "big") + body
