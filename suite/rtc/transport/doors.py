"""The UDP sockets of a worker: one for each address that it listens on, all on one port.

A peer is answered from the address that it asked, or its ICE drops the answer: a socket bound to every address would let
the route choose. Which door a peer's address uses is settled by its checks, and is one number in the kernel's row.
"""

from __future__ import annotations

import os
import resource
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

    def connect(self, address: Address) -> socket.socket | None:
        """A socket of a peer's own, on the port of the door that reaches it; None where the system gives none.

        Sending through it costs a third less: its route is known, and its packets are numbered without regard to others'.
        """
        door = self.through(address)
        made = socket.socket(door.family, socket.SOCK_DGRAM)
        try:
            made.setblocking(False)  # noqa: FBT003 -- the standard library's
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                made.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if door.family == socket.AF_INET6:
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            # The door shares its port for this moment only, so that no other program can ever take a part of it. What
            # arrives between the two calls may be anybody's, and is read as what comes through the door.
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                made.bind(door.getsockname())
            finally:
                door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
            made.connect(address)
        except OSError:
            made.close()
            return None
        return made

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


def own_sockets_most() -> int:
    """How many peers may have a socket of their own: half of the descriptors that this process may open.

    Before Linux 6.13 the system looks at each of them for every packet that arrives, so they are few there.
    """
    release = [int(part) if part.isdigit() else 0 for part in os.uname().release.split("-")[0].split(".")[:2]]
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2
    return most if release >= [6, 13] else min(most, 128)
