"""The Python twin of the inbox: each datagram is read by itself, from the doors and from the peers' own sockets."""

from __future__ import annotations

import asyncio
import socket
import time
from functools import partial
from typing import Final

from suite.rtc.kernel.rows import DATAGRAM
from suite.rtc.transport.association import Association
from suite.rtc.transport.gate import Address
from suite.rtc.transport.inbox import Owner
from suite.rtc.transport.srtp import Buffer

_PER_WAKE: Final = 128  # datagrams read before other tasks get their turn


class Reader:
    """Watches sockets, and knows whose the addresses are that have passed a check; the same methods as `Inbox` has."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._buffer = Buffer(DATAGRAM)  # longer ones are cut, and then fail their authentication
        self._watched: set[socket.socket] = set()
        self._by_address: dict[Address, Association] = {}

    def watch(self, sock: socket.socket, door: socket.socket, *, patient: bool = False) -> None:
        """Read this socket from now on; checks that come through it are answered through `door`."""
        del patient
        if sock not in self._watched:
            self._watched.add(sock)
            self._loop.add_reader(sock.fileno(), partial(self._readable, sock, door))

    def unwatch(self, sock: socket.socket) -> None:
        """Read it no longer; to be called before it is closed."""
        self._watched.discard(sock)
        self._loop.remove_reader(sock.fileno())

    def close(self) -> None:
        """Stop reading."""
        for sock in tuple(self._watched):
            self.unwatch(sock)

    def claim(self, address: Address, association: Association) -> None:
        """What comes from the address is the association's."""
        self._by_address[address] = association

    def release(self, address: Address) -> None:
        """What comes from the address is nobody's."""
        self._by_address.pop(address, None)

    def forget(self, association: Association) -> None:
        """The association is gone; its addresses have been released."""

    def _readable(self, sock: socket.socket, door: socket.socket) -> None:
        data, receive = self._buffer.data, sock.recvfrom_into
        now = time.monotonic()
        for _ in range(_PER_WAKE):
            try:
                length, address = receive(data)
            except OSError:
                return
            if not length:
                self._owner.count("udp_empty")
                continue
            try:
                self._datagram(length, address, now, door)
            except Exception:  # noqa: BLE001 -- a fault of ours in one datagram may not cost the others theirs; it is logged
                self._owner.fault(now)

    def _datagram(self, length: int, address: Address, now: float, door: socket.socket) -> None:
        buffer = self._buffer
        first = buffer.data[0]
        association = self._by_address.get(address)
        if association is not None and association.line.floods(now):
            self._owner.count("udp_flood")
        elif first < 4:
            self._owner.check(bytes(buffer.view[:length]), address, now, door)
        elif association is None:
            self._owner.count("udp_stranger")
        elif 127 < first < 192:
            association.media(buffer, length, now)
        elif 19 < first < 64:
            association.record(bytes(buffer.view[:length]))
        else:
            self._owner.count("udp_unknown")
