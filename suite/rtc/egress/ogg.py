"""Ogg pages that hold Opus (RFC 3533, RFC 7845): writing them, and mending a file whose writer has died."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

RATE: Final = 48000  # Hz; Opus in Ogg always counts so (RFC 7845, 4)
_PAGE: Final = struct.Struct("<4sBBqIIIB")
_CRC_AT: Final = 22
FIRST: Final = 2
LAST: Final = 4
_SEGMENTS: Final = 255


def _table() -> tuple[int, ...]:
    """RFC 3533, 6: polynomial 0x04c11db7, not reflected."""
    table = []
    for index in range(256):
        value = index << 24
        for _ in range(8):
            value = (value << 1) ^ (0x04C11DB7 if value & 0x80000000 else 0)
        table.append(value & 0xFFFFFFFF)
    return tuple(table)


_CRC: Final = _table()


def crc(data: bytes | bytearray) -> int:
    """The checksum of a page whose checksum field is 0."""
    value = 0
    table = _CRC
    for byte in data:
        value = ((value << 8) & 0xFFFFFFFF) ^ table[(value >> 24) ^ byte]
    return value


def page(*, packets: list[bytes], granule: int, serial: int, number: int, flags: int) -> bytes:
    """One page of whole packets; together they may take at most 255 segments."""
    lacing = bytearray()
    for packet in packets:
        lacing += b"\xff" * (len(packet) // 255) + bytes((len(packet) % 255,))
    head = _PAGE.pack(b"OggS", 0, flags, granule, serial, number, 0, len(lacing))
    data = bytearray(head + lacing + b"".join(packets))
    data[_CRC_AT : _CRC_AT + 4] = crc(data).to_bytes(4, "little")
    return bytes(data)


def segments(packet: bytes) -> int:
    """How many segments of a page a packet takes."""
    return len(packet) // 255 + 1


def opus_head(*, channels: int) -> bytes:
    """The identification header. Nothing is skipped: the first sample is the first that arrived."""
    return struct.pack("<8sBBHIHB", b"OpusHead", 1, channels, 0, RATE, 0, 0)


def opus_tags(comments: dict[str, str]) -> bytes:
    """The comment header."""
    vendor = b"suite"
    fields = [f"{name}={value}".encode() for name, value in comments.items()]
    body = b"".join(struct.pack("<I", len(one)) + one for one in fields)
    return b"OpusTags" + struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(fields)) + body


class OggWriter:
    """Writes one Opus stream. Packets gather to pages of a second, so that a dead writer leaves all but the last one."""

    def __init__(self, target: BinaryIO, *, serial: int, channels: int, comments: dict[str, str]) -> None:
        self._target = target
        self._serial = serial
        self._number = 0
        self._granule = 0
        self._page_began = 0
        self._packets: list[bytes] = []
        self._segments = 0
        self.size = 0
        self._put([opus_head(channels=channels)], granule=0, flags=FIRST)
        self._put([opus_tags(comments)], granule=0, flags=0)
        target.flush()

    @property
    def samples(self) -> int:
        """Length of what was written, at 48 kHz."""
        return self._granule

    def write(self, packet: bytes, samples: int) -> None:
        """Append a packet that decodes to `samples` at 48 kHz."""
        needed = segments(packet)
        if self._segments + needed > _SEGMENTS or self._granule - self._page_began >= RATE:
            self.flush()
        self._packets.append(packet)
        self._segments += needed
        self._granule += samples

    def flush(self) -> None:
        """Hand what has gathered to the operating system."""
        if self._packets:
            self._put(self._packets, granule=self._granule, flags=0)
            self._clear()
        self._target.flush()

    def close(self) -> None:
        """Write the last page, marked as such, and make the file durable."""
        self._put(self._packets, granule=self._granule, flags=LAST)
        self._clear()
        self._target.flush()
        os.fsync(self._target.fileno())

    def _clear(self) -> None:
        self._packets = []
        self._segments = 0
        self._page_began = self._granule

    def _put(self, packets: list[bytes], *, granule: int, flags: int) -> None:
        data = page(packets=packets, granule=granule, serial=self._serial, number=self._number, flags=flags)
        self._target.write(data)
        self._number += 1
        self.size += len(data)


@dataclass(frozen=True, slots=True)
class Found:
    """A whole page in a file."""

    at: int
    size: int
    granule: int
    number: int
    serial: int
    flags: int


def pages(data: bytes) -> Iterator[Found]:
    """The whole pages at the start of `data`; ends at the first that is cut, changed or missing."""
    at = 0
    while at + _PAGE.size <= len(data):
        mark, version, flags, granule, serial, number, checksum, count = _PAGE.unpack_from(data, at)
        lacing = data[at + _PAGE.size : at + _PAGE.size + count]
        size = _PAGE.size + count + sum(lacing)
        if mark != b"OggS" or version or len(lacing) < count or at + size > len(data):
            return
        blank = bytearray(data[at : at + size])
        blank[_CRC_AT : _CRC_AT + 4] = bytes(4)
        if crc(blank) != checksum:
            return
        yield Found(at=at, size=size, granule=granule, number=number, serial=serial, flags=flags)
        at += size


def mend(target: BinaryIO) -> int:
    """Cut a file after its last whole page and close its stream; its length in samples, 0 where there is no sound."""
    target.seek(0)
    data = target.read()
    found = list(pages(data))
    if len(found) < 3:
        return 0
    last = found[-1]
    end = last.at + last.size
    target.truncate(end)
    target.seek(end)
    if not last.flags & LAST:
        target.write(page(packets=[], granule=last.granule, serial=last.serial, number=last.number + 1, flags=LAST))
    target.flush()
    os.fsync(target.fileno())
    return last.granule
