"""lib0's encoding, which Yjs and y-websocket speak: a bounded reader that parses or raises one error, and a writer.

Source: https://github.com/dmonad/lib0, `encoding.js` and `decoding.js`.
"""

from __future__ import annotations

from suite.documents.errors import UnreadableUpdate

INTEGER_MAX = 2**53 - 1  # JavaScript's safe integers


class Reader:
    """Reads from `data`; every method raises `UnreadableUpdate` at its end or at what cannot be."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    @property
    def ended(self) -> bool:
        return self.at >= len(self.data)

    def byte(self) -> int:
        if self.at >= len(self.data):
            raise UnreadableUpdate
        value = self.data[self.at]
        self.at += 1
        return value

    def uint(self) -> int:
        value = shift = 0
        while True:
            part = self.byte()
            value |= (part & 127) << shift
            if part < 128:
                break
            shift += 7
            if shift > 56:
                raise UnreadableUpdate
        if value > INTEGER_MAX:
            raise UnreadableUpdate
        return value

    def skip(self, count: int) -> None:
        self.at += count
        if self.at > len(self.data):
            raise UnreadableUpdate

    def bytes(self) -> bytes:
        length = self.uint()
        start = self.at
        self.skip(length)
        return self.data[start : self.at]

    def text(self) -> str:
        try:
            return self.bytes().decode()
        except UnicodeDecodeError as error:
            raise UnreadableUpdate from error

    def utf16_length(self) -> int:
        """Skip a text and give its length as JavaScript counts it."""
        return len(self.text().encode("utf-16-le")) // 2


def uint(value: int) -> bytes:
    parts = bytearray()
    while value > 127:
        parts.append(128 | (value & 127))
        value >>= 7
    parts.append(value)
    return bytes(parts)


def sized(data: bytes) -> bytes:
    """`data` after its length."""
    return uint(len(data)) + data
