"""SRTP in place: by the compiled kernel, or by libsrtp on the plane's own buffers without the copies of pylibsrtp's methods."""

from __future__ import annotations

from socket import htonl
from typing import Any, Final, Protocol

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from pylibsrtp import Session
from pylibsrtp._binding import ffi, lib

TRAILER: Final = 148  # bytes that protection may add: tag, MKI, SRTCP index (libsrtp's SRTP_MAX_SRTCP_TRAILER_LEN)
SALT: Final = 12  # bytes of AES-GCM's master salt (RFC 7714, 12)
STREAMS_MOST: Final = 512  # SSRCs of one peer; libsrtp keeps a replay window for each


class Buffer:
    """A byte array together with its address, for libsrtp and for the compiled kernel."""

    __slots__ = ("address", "data", "pointer", "view")

    def __init__(self, size: int) -> None:
        self.data = bytearray(size)
        self.view = memoryview(self.data)
        self.address: Any = ffi.from_buffer(self.data)
        self.pointer = int(ffi.cast("intptr_t", self.address))


class Protection(Protocol):
    """Both directions of one association. Every method returns the new length, or 0 where it is refused."""

    def unprotect(self, buffer: Buffer, length: int) -> int:
        """Authenticate and decrypt RTP, replays refused."""

    def unprotect_control(self, buffer: Buffer, length: int) -> int:
        """Authenticate and decrypt RTCP, replays refused."""

    def protect(self, buffer: Buffer, length: int, turns: int) -> int:
        """Encrypt the RTP packet in the buffer, which must have room for `TRAILER` more bytes."""

    def protect_control(self, buffer: Buffer, length: int) -> int:
        """Encrypt the RTCP packet in the buffer, which must have room for `TRAILER` more bytes."""

    def forget_outbound(self, ssrc: int) -> None:
        """Free the state of a stream that we no longer send."""

    def close(self) -> None:
        """Free the keys."""


class Srtp:
    """libsrtp's, whatever the profile; it counts the turns of each stream itself."""

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

    def protect(self, buffer: Buffer, length: int, turns: int) -> int:
        """Encrypt the RTP packet in the buffer, which must have room for `TRAILER` more bytes."""
        del turns
        size = self._length
        size[0] = length
        return size[0] if lib.srtp_protect(self._outbound, buffer.address, size) == 0 else 0

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

    def close(self) -> None:
        """Nothing to do: the sessions go with this."""


class KernelSrtp:
    """The compiled kernel's, for AES-GCM."""

    __slots__ = ("_kernel", "inbound", "outbound")

    def __init__(self, kernel: Any, inbound: bytes, outbound: bytes) -> None:
        """Master keys with their salts, as DTLS exports them (RFC 5764, 4.2). Raises `ValueError` where OpenSSL refuses."""
        self._kernel = kernel
        self.inbound, self.outbound = (
            self._session(master, sends=sends) for master, sends in ((inbound, False), (outbound, True))
        )

    def _session(self, master: bytes, *, sends: bool) -> int:
        key, salt = master[:-SALT], master[-SALT:]
        keys = session_keys(key, salt)
        session = self._kernel.session_new(keys[0], keys[1], keys[2], keys[3], len(key), sends)
        if not session:
            raise ValueError("OpenSSL refuses the keys")
        return int(session)

    def unprotect(self, buffer: Buffer, length: int) -> int:
        return int(self._kernel.unprotect(self.inbound, buffer.pointer, length))

    def unprotect_control(self, buffer: Buffer, length: int) -> int:
        return int(self._kernel.unprotect_control(self.inbound, buffer.pointer, length))

    def protect(self, buffer: Buffer, length: int, turns: int) -> int:
        return int(self._kernel.protect(self.outbound, buffer.pointer, length, turns))

    def protect_control(self, buffer: Buffer, length: int) -> int:
        return int(self._kernel.protect_control(self.outbound, buffer.pointer, length))

    def forget_outbound(self, ssrc: int) -> None:
        """Nothing to do: an outgoing stream has no state here but its row."""

    def close(self) -> None:
        """Free the keys; nobody may use them any more."""
        for session in (self.inbound, self.outbound):
            self._kernel.session_free(session)
        self.inbound = self.outbound = 0


def session_keys(key: bytes, salt: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """RTP's key and salt and RTCP's, out of a master key and salt (RFC 3711, 4.3; RFC 7714, 11: AES-CM, no rate)."""

    def derived(label: int, size: int) -> bytes:
        start = bytearray(salt + bytes(16 - len(salt)))
        start[7] ^= label
        return Cipher(algorithms.AES(key), modes.CTR(bytes(start))).encryptor().update(bytes(size))

    return derived(0, len(key)), derived(2, SALT), derived(3, len(key)), derived(5, SALT)
