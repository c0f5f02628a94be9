"""Packets on a stream: two bytes of length before each (RFC 4571), as ICE over TCP has them (RFC 6544)."""

from __future__ import annotations

import struct
from typing import Final

from suite.rtc.core.errors import RemoteError

LENGTH: Final = struct.Struct(">H")
LONGEST: Final = 2048  # bytes of one packet; no peer that means well sends more than a path's MTU


class Frames:
    """Cuts a stream of bytes into packets, and keeps no more than one of them."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes | memoryview) -> list[bytes]:
        """The packets that `data` completes; raises `RemoteError` at one longer than `LONGEST`."""
        buffer = self._buffer
        buffer += data
        found, at = [], 0
        while len(buffer) - at >= LENGTH.size:
            (length,) = LENGTH.unpack_from(buffer, at)
            if length > LONGEST:
                raise RemoteError("a packet on a stream is too long")
            end = at + LENGTH.size + length
            if len(buffer) < end:
                break
            if length:
                found.append(bytes(buffer[at + LENGTH.size : end]))
            at = end
        del buffer[:at]
        return found

    @property
    def rest(self) -> bytes:
        """The beginning of a packet that is not whole."""
        return bytes(self._buffer)


def framed(packet: bytes | memoryview) -> bytes:
    """A packet as it is written to a stream."""
    return LENGTH.pack(len(packet)) + packet
