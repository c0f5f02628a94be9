"""SCTP's bytes (RFC 9260, section 3): the common header, chunks, parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from struct import Struct, error
from typing import Final, NamedTuple

from google_crc32c import extend, value

from suite.rtc.sctp.errors import Malformed

DATA: Final = 0
INIT: Final = 1
INIT_ACK: Final = 2
SACK: Final = 3
HEARTBEAT: Final = 4
HEARTBEAT_ACK: Final = 5
ABORT: Final = 6
SHUTDOWN: Final = 7
SHUTDOWN_ACK: Final = 8
ERROR: Final = 9
COOKIE_ECHO: Final = 10
COOKIE_ACK: Final = 11
SHUTDOWN_COMPLETE: Final = 14
RECONFIG: Final = 130
FORWARD_TSN: Final = 192

# Flags of DATA: the last and the first fragment, unordered, acknowledge at once.
LAST: Final = 1
FIRST: Final = 2
UNORDERED: Final = 4
IMMEDIATE: Final = 8

PARAMETER_COOKIE: Final = 7
PARAMETER_ZERO_CHECKSUM: Final = 0x8001
PARAMETER_EXTENSIONS: Final = 0x8008
PARAMETER_FORWARD_TSN: Final = 0xC000
ZERO_CHECKSUM_OVER_DTLS: Final = 1  # RFC 9653, section 8: the method that DTLS is

COMMON: Final = Struct("!HHII")
CHUNK: Final = Struct("!BBH")
DATA_HEAD: Final = Struct("!BBHIHHI")  # with the chunk's own head: flags, length, TSN, stream, sequence, protocol
DATA_BODY: Final = Struct("!IHHI")
_INIT: Final = Struct("!IIHHI")
_SACK: Final = Struct("!IIHH")
_PAIR: Final = Struct("!HH")
_TSN: Final = Struct("!I")
_CHECKSUM: Final = Struct("<I")  # the one little-endian field (RFC 9260, appendix A)
_PORTS: Final = Struct("!HHI")

COMMON_SIZE: Final = 12
DATA_HEAD_SIZE: Final = 16
PADDING: Final = (b"", b"\0\0\0", b"\0\0", b"\0")  # by length modulo 4


def unwrap(wire: int, near: int) -> int:
    """The sequence number that 32 bits on the wire stand for, next to one that is known."""
    return near + ((wire - near + 0x80000000) & 0xFFFFFFFF) - 0x80000000


class Sealer:
    """Puts chunks into packets for one peer; the header's share of the checksum is computed once."""

    def __init__(self, *, source: int, destination: int, tag: int) -> None:
        self._head = _PORTS.pack(source, destination, tag)
        self._begun = value(self._head + bytes(4))
        self._zero = self._head + bytes(4)

    def seal(self, chunks: Iterable[bytes | memoryview], *, zero: bool = False) -> bytes:
        """A packet of `chunks`, each padded; without a checksum where the peer takes that (RFC 9653)."""
        body = b"".join(chunks)
        if zero:
            return self._zero + body
        return b"".join((self._head, _CHECKSUM.pack(extend(self._begun, body)), body))


def has_checksum(packet: bytes) -> bool:
    """Whether the packet's checksum is right."""
    return int(_CHECKSUM.unpack_from(packet, 8)[0]) == int(extend(value(packet[:8] + bytes(4)), packet[COMMON_SIZE:]))


def chunks(packet: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Type, flags, and where the body begins and ends, of each chunk."""
    at, size = COMMON_SIZE, len(packet)
    while at < size:
        if size - at < 4:
            raise Malformed("a chunk is cut off")
        kind, flags, length = CHUNK.unpack_from(packet, at)
        end = at + length
        if length < 4 or end > size:
            raise Malformed("a chunk's length is wrong")
        yield kind, flags, at + 4, end
        at = end + (-length & 3)


def chunk(kind: int, body: bytes = b"", flags: int = 0) -> bytes:
    """A chunk, padded."""
    return CHUNK.pack(kind, flags, 4 + len(body)) + body + PADDING[len(body) & 3]


def parameters(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and value of each parameter or error cause."""
    at, size = 0, len(body)
    while size - at >= 4:
        kind, length = _PAIR.unpack_from(body, at)
        if length < 4 or at + length > size:
            raise Malformed("a parameter's length is wrong")
        yield kind, body[at + 4 : at + length]
        at += length + (-length & 3)


def parameter(kind: int, body: bytes = b"") -> bytes:
    """A parameter or error cause, padded."""
    return _PAIR.pack(kind, 4 + len(body)) + body + PADDING[len(body) & 3]


class Introduction(NamedTuple):
    """What INIT and INIT ACK say of a side."""

    tag: int
    window: int  # bytes
    streams_out: int
    streams_in: int
    tsn: int
    forward_tsn: bool = False
    reset: bool = False
    zero_checksum: bool = False
    cookie: bytes = b""

    def written(self) -> bytes:
        """The chunk's body; the cookie stands first, which makes it an INIT ACK's."""
        body = _INIT.pack(self.tag, self.window, self.streams_out, self.streams_in, self.tsn)
        if self.cookie:
            body += parameter(PARAMETER_COOKIE, self.cookie)
        if self.forward_tsn:
            body += parameter(PARAMETER_FORWARD_TSN)
        kinds = [kind for kind, there in ((FORWARD_TSN, self.forward_tsn), (RECONFIG, self.reset)) if there]
        if kinds:
            body += parameter(PARAMETER_EXTENSIONS, bytes(kinds))
        if self.zero_checksum:
            body += parameter(PARAMETER_ZERO_CHECKSUM, _TSN.pack(ZERO_CHECKSUM_OVER_DTLS))
        return body


def introduction(body: bytes) -> Introduction:
    """Read the body of an INIT or INIT ACK."""
    if len(body) < _INIT.size:
        raise Malformed("an INIT is cut off")
    tag, window, streams_out, streams_in, tsn = _INIT.unpack_from(body)
    if not tag or not streams_out or not streams_in:
        raise Malformed("an INIT without a tag or streams")
    cookie, forward_tsn, reset, zero_checksum = b"", False, False, False
    for kind, given in parameters(body[_INIT.size :]):
        if kind == PARAMETER_COOKIE:
            cookie = given
        elif kind == PARAMETER_FORWARD_TSN:
            forward_tsn = True
        elif kind == PARAMETER_EXTENSIONS:
            forward_tsn |= FORWARD_TSN in given
            reset |= RECONFIG in given
        elif kind == PARAMETER_ZERO_CHECKSUM:
            zero_checksum = given == _TSN.pack(ZERO_CHECKSUM_OVER_DTLS)
        elif not kind & 0x8000:  # RFC 9260, 3.2.1: an unknown parameter of this kind ends the reading
            break
    return Introduction(tag, window, streams_out, streams_in, tsn, forward_tsn, reset, zero_checksum, cookie)


def sack(*, tsn: int, window: int, gaps: Iterable[tuple[int, int]], duplicates: Iterable[int]) -> bytes:
    """A SACK; `gaps` are blocks of what came beyond `tsn`, first and last as offsets from it."""
    blocks = b"".join(_PAIR.pack(first, last) for first, last in gaps)
    twice = b"".join(_TSN.pack(number & 0xFFFFFFFF) for number in duplicates)
    body = _SACK.pack(tsn & 0xFFFFFFFF, window, len(blocks) // 4, len(twice) // 4) + blocks + twice
    return CHUNK.pack(SACK, 0, 4 + len(body)) + body


def sack_read(packet: bytes, start: int, end: int) -> tuple[int, int, list[tuple[int, int]]]:
    """The TSN, the window and the blocks of a SACK; refuses blocks that do not rise."""
    if end - start < _SACK.size:
        raise Malformed("a SACK is cut off")
    tsn, window, count, twice = _SACK.unpack_from(packet, start)
    if not count and not twice:
        return tsn, window, []
    at = start + _SACK.size
    if at + 4 * (count + twice) > end:
        raise Malformed("a SACK's blocks are cut off")
    blocks, before = [], 0
    for first, last in _PAIR.iter_unpack(packet[at : at + 4 * count]):
        if first <= before or last < first:
            raise Malformed("a SACK's blocks do not rise")
        blocks.append((first, last))
        before = last
    return tsn, window, blocks


def forward_tsn(tsn: int, streams: Iterable[tuple[int, int]]) -> bytes:
    """A FORWARD TSN with the last skipped sequence number of each ordered stream (RFC 3758, 3.2)."""
    return chunk(FORWARD_TSN, _TSN.pack(tsn & 0xFFFFFFFF) + b"".join(_PAIR.pack(*pair) for pair in streams))


def forward_tsn_read(body: bytes) -> tuple[int, list[tuple[int, int]]]:
    """The TSN and the streams of a FORWARD TSN."""
    if len(body) < 4 or len(body) % 4:
        raise Malformed("a FORWARD TSN is cut off")
    return _TSN.unpack_from(body)[0], list(_PAIR.iter_unpack(body[4:]))


def number(body: bytes) -> int:
    """The 32 bits that a body begins with."""
    try:
        return int(_TSN.unpack_from(body)[0])
    except error as fault:
        raise Malformed("a number is cut off") from fault
