"""Cutting a recording at a moment: an Ogg file of Opus (RFC 3533, RFC 7845) kept up to a packet's end, never beyond.

A recorder hears of a withdrawal a moment after it; what it wrote in that moment is left out here.
"""

from __future__ import annotations

import shutil
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Final

from suite.kernel.errors import BadInput

RATE: Final = 48_000  # Hz; a page's position is counted so (RFC 7845, 4)
HEADERS: Final = 2  # pages before the first sound
LAST: Final = 4
PAGE: Final = struct.Struct("<4sBBqIIIB")
CHECKSUM_AT: Final = 22
POLYNOMIAL: Final = 0x04C11DB7  # RFC 3533, 6
# RFC 6716, 3.1: samples of a frame at 48 kHz, by the table-of-contents byte's configuration.
FRAMES: Final = (480, 960, 1920, 2880) * 3 + (480, 960) * 2 + (120, 240, 480, 960) * 4


@dataclass(frozen=True, slots=True)
class _Page:
    at: int
    granule: int  # samples up to its end
    serial: int
    number: int
    packets: list[bytes]


@contextmanager
def cut_after(content: BinaryIO, *, seconds: float) -> Iterator[BinaryIO | None]:
    """The sound of `content` up to `seconds` after its first sample; `content` itself where it is not longer, None for none.

    Raises `BadInput` for what is no such file.
    """
    with tempfile.TemporaryFile() as cut:
        yield _cut(content, cut, seconds)


def _cut(content: BinaryIO, cut: BinaryIO, seconds: float) -> BinaryIO | None:
    content.seek(0)
    former, number = 0, 0
    while (page := _page(content)) is not None:
        if number >= HEADERS:
            if page.granule > seconds * RATE:
                return _up_to(content, cut, page, since=former, until=seconds)
            former = page.granule
        number += 1
    if number < HEADERS:
        raise BadInput
    content.seek(0)
    return content


def _up_to(content: BinaryIO, cut: BinaryIO, page: _Page, *, since: int, until: float) -> BinaryIO | None:
    """To `cut`: everything before `page` (which begins at sample `since`), and its packets that end before second `until`."""
    kept: list[bytes] = []
    end = since
    for packet in page.packets:
        length = _samples(packet)
        if end + length > until * RATE:
            break
        kept.append(packet)
        end += length
    if end == 0:
        return None
    content.seek(0)
    shutil.copyfileobj(_Bounded(content, page.at), cut)
    cut.write(_written(kept, granule=end, serial=page.serial, number=page.number))
    cut.seek(0)
    return cut


def _page(content: BinaryIO) -> _Page | None:
    at = content.tell()
    head = content.read(PAGE.size)
    if not head:
        return None
    if len(head) < PAGE.size:
        raise BadInput
    mark, version, _flags, granule, serial, number, _checksum, count = PAGE.unpack(head)
    lacing = content.read(count)
    body = content.read(sum(lacing))
    if mark != b"OggS" or version or len(lacing) < count or len(body) < sum(lacing):
        raise BadInput
    packets, start, length = [], 0, 0
    for one in lacing:
        length += one
        if one < 255:
            packets.append(body[start : start + length])
            start, length = start + length, 0
    return _Page(at=at, granule=granule, serial=serial, number=number, packets=packets)


def _written(packets: list[bytes], *, granule: int, serial: int, number: int) -> bytes:
    """The stream's last page."""
    lacing = b"".join(b"\xff" * (len(packet) // 255) + bytes((len(packet) % 255,)) for packet in packets)
    data = bytearray(PAGE.pack(b"OggS", 0, LAST, granule, serial, number, 0, len(lacing)) + lacing + b"".join(packets))
    data[CHECKSUM_AT : CHECKSUM_AT + 4] = _checksum(data).to_bytes(4, "little")
    return bytes(data)


def _checksum(data: bytearray) -> int:
    value = 0
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = ((value << 1) ^ (POLYNOMIAL if value & 0x80000000 else 0)) & 0xFFFFFFFF
    return value


def _samples(packet: bytes) -> int:
    """How long a packet sounds (RFC 6716, 3.2), in samples."""
    if not packet:
        return 0
    frame, code = FRAMES[packet[0] >> 3], packet[0] & 3
    if code == 3:
        return frame * (packet[1] & 0x3F) if len(packet) > 1 else 0
    return frame * (1 if code == 0 else 2)


class _Bounded:
    """The first `size` bytes of a file, to be read once."""

    def __init__(self, source: BinaryIO, size: int) -> None:
        self._source, self._left = source, size

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        return data
