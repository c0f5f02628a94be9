"""Which part of a file a request asks for (RFC 9110, 14): one range of bytes, or the whole."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

HEADER_MOST: Final = 100  # characters; what is longer asks for many ranges or for nothing that exists
RANGE: Final = re.compile(r"bytes=[ \t]*([0-9]*)-([0-9]*)[ \t]*", re.IGNORECASE)


class OutOfRange(Exception):
    """The range begins behind the file's end."""


@dataclass(frozen=True, slots=True)
class Part:
    """`length` bytes from byte `start`."""

    start: int
    length: int

    def content_range(self, size: int) -> str:
        return f"bytes {self.start}-{self.start + self.length - 1}/{size}"


def part_asked(*, asked: str, condition: str, tag: str, size: int) -> Part | None:
    """The part that `Range: asked` names of a file of `size` bytes whose entity tag is `tag`; None for the whole.

    Many ranges, another unit and what is no range are answered with the whole, as is an `If-Range: condition` that names
    another entity (13.1.5, 14.2). Raises `OutOfRange` for what lies outside (14.1.2).
    """
    found = RANGE.fullmatch(asked) if len(asked) <= HEADER_MOST else None
    if found is None or (condition and condition.strip() != tag):
        return None
    first, last = found.groups()
    if not first and not last:
        return None
    if not first:  # the last so many bytes
        length = min(int(last), size)
        if length == 0:
            raise OutOfRange
        return Part(size - length, length)
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise OutOfRange
    end = min(int(last), size - 1) if last else size - 1
    return Part(start, end - start + 1)
