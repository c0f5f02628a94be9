"""DTLS records after the handshake, without a task: OpenSSL is called where a datagram is read or written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from OpenSSL import SSL

_RECORD: Final = 2048  # bytes, more than a datagram
_PER_DATAGRAM: Final = 16  # records


class RecordsClosed(Exception):
    """The peer has said that it closes."""


class Records:
    """Takes over a connection on which aiortc's DTLS has finished its handshake."""

    def __init__(self, connection: SSL.Connection, *, send: Callable[[bytes], None]) -> None:
        self._connection = connection
        self._send = send

    def opened(self, datagram: bytes) -> list[bytes]:
        """What the records of a datagram say; ones that do not verify say nothing. Raises `RecordsClosed`."""
        connection = self._connection
        connection.bio_write(datagram)
        said: list[bytes] = []
        try:
            said.extend(connection.recv(_RECORD) for _ in range(_PER_DATAGRAM))
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError as closed:
            raise RecordsClosed from closed
        except SSL.Error:  # a handshake's record that does not belong here, or a fatal alert
            if connection.get_shutdown():
                raise RecordsClosed from None
        self.flush()
        return said

    def put(self, data: bytes) -> bool:
        """Send `data` in a record; False where the connection is going away."""
        try:
            self._connection.send(data)
            self._send(self._connection.bio_read(_RECORD))
        except SSL.Error:
            return False
        return True

    def flush(self) -> None:
        """Send what DTLS itself has to say: its last flight again, where the peer has not seen it."""
        try:
            while True:
                self._send(self._connection.bio_read(_RECORD))
        except SSL.Error:
            return

    def timed_out(self) -> float | None:
        """Let DTLS repeat a flight that is due; when to ask again, in seconds, None for never (as in DTLS 1.2)."""
        try:
            self._connection.DTLSv1_handle_timeout()
        except SSL.Error:
            return None
        self.flush()
        return self._connection.DTLSv1_get_timeout()
