"""The UDP sockets of a worker: one for each address that it listens on, all on one port.

A peer is answered from the address that it asked, or its ICE drops the answer: a socket bound to every address would let
the route choose. Which door a peer's address uses is settled by its checks, and is one number in the kernel's row.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Final

from suite.rtc.transport.addresses import family_of
from suite.rtc.transport.gate import Address

_BUFFER: Final = 4 * 1024 * 1024  # bytes
_TRIES: Final = 16  # ports that may be taken on another address, where the system chooses


class Doors:
    """The sockets, and through which of them each peer's address is reached; the first where nothing else is known."""

    def __init__(self, sockets: Sequence[socket.socket]) -> None:
        self.sockets = tuple(sockets)
        self._first = self.sockets[0]
        self._others: dict[Address, socket.socket] = {}

    def through(self, address: Address) -> socket.socket:
        """The socket that reaches a peer's address."""
        return self._others.get(address, self._first) if self._others else self._first

    def use(self, address: Address, door: socket.socket) -> None:
        """Reach the address through `door` from now on."""
        if door is self._first:
            self._others.pop(address, None)
        else:
            self._others[address] = door

    def forget(self, address: Address) -> None:
        """The address is nobody's any more."""
        self._others.pop(address, None)

    def close(self) -> None:
        """Close them all."""
        for one in self.sockets:
            one.close()


def open_doors(hosts: Sequence[str], port: int) -> Doors:
    """Listen on `port` of each of `hosts`, 0 for one that is free on all; raises `OSError` where it is taken."""
    for _ in range(_TRIES if not port and len(hosts) > 1 else 1):
        opened: list[socket.socket] = []
        try:
            for host in hosts:
                opened.append(_open(host, opened[0].getsockname()[1] if opened else port))
        except OSError as error:
            failure = error
            for one in opened:
                one.close()
        else:
            return Doors(opened)
    raise failure


def _open(host: str, port: int) -> socket.socket:
    sock = socket.socket(family_of(host), socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)  # noqa: FBT003 -- the standard library's
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            sock.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock
