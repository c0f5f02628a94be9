"""SRTP in place: libsrtp on the plane's own buffers, without the copies of pylibsrtp's `Session` methods."""

from __future__ import annotations

from socket import htonl
from typing import Any, Final

from pylibsrtp import Session
from pylibsrtp._binding import ffi, lib

TRAILER: Final = 148  # bytes that protection may add: tag, MKI, SRTCP index (libsrtp's SRTP_MAX_SRTCP_TRAILER_LEN)
STREAMS_MOST: Final = 512  # SSRCs of one peer; libsrtp keeps a replay window for each


class Buffer:
    """A byte array together with its address for libsrtp."""

    __slots__ = ("address", "data", "view")

    def __init__(self, size: int) -> None:
        self.data = bytearray(size)
        self.view = memoryview(self.data)
        self.address: Any = ffi.from_buffer(self.data)


class Srtp:
    """Both directions of one association. Every method returns the new length, or 0 where libsrtp refuses."""

    __slots__ = ("_inbound", "_length", "_outbound", "_seen", "_sessions")

    def __init__(self, inbound: Session, outbound: Session) -> None:
        self._sessions = (inbound, outbound)  # they own what the pointers point to
        self._inbound: Any = inbound._srtp[0]  # noqa: SLF001 -- the public methods copy three times (measured: 2 us)
        self._outbound: Any = outbound._srtp[0]  # noqa: SLF001 -- as above
        self._length: Any = ffi.new("int *")
        self._seen: set[int] = set()

    def unprotect(self, buffer: Buffer, length: int) -> int:
        """Authenticate and decrypt RTP, replays refused."""
        ssrc = int.from_bytes(buffer.data[8:12], "big")
        known = ssrc in self._seen
        if not known and len(self._seen) >= STREAMS_MOST:
            return 0
        size = self._length
        size[0] = length
        if lib.srtp_unprotect(self._inbound, buffer.address, size) != 0:
            return 0
        if not known:
            self._seen.add(ssrc)
        return int(size[0])

    def unprotect_control(self, buffer: Buffer, length: int) -> int:
        """Authenticate and decrypt RTCP, replays refused."""
        size = self._length
        size[0] = length
        if lib.srtp_unprotect_rtcp(self._inbound, buffer.address, size) != 0:
            return 0
        return int(size[0])

    def protect(self, buffer: Buffer, length: int) -> int:
        """Encrypt the RTP packet in the buffer, which must have room for `TRAILER` more bytes."""
        size = self._length
        size[0] = length
        if lib.srtp_protect(self._outbound, buffer.address, size) != 0:
            return 0
        return int(size[0])

    def protect_control(self, buffer: Buffer, length: int) -> int:
        """Encrypt the RTCP packet in the buffer, which must have room for `TRAILER` more bytes."""
        size = self._length
        size[0] = length
        if lib.srtp_protect_rtcp(self._outbound, buffer.address, size) != 0:
            return 0
        return int(size[0])

    def forget_outbound(self, ssrc: int) -> None:
        """Free the state of a stream that we no longer send."""
        lib.srtp_remove_stream(self._outbound, htonl(ssrc))
