"""The gate of the UDP front: STUN as an ICE-lite server answers it (RFC 8445, RFC 8489), and nothing else from strangers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import Any, Final

from suite.rtc.transport import stun

Address = tuple[Any, ...]  # host and port, and for IPv6 flow and scope

_STRANGERS: Final = 1024  # counters of the rate limit, a power of two
_STRANGER_RATE: Final = 100  # STUN requests a second taken of addresses that share a counter


def socket_name(address: Address) -> bytes:
    """An address as the system has it (`sockaddr_in`, `sockaddr_in6`), without IPv6's flow."""
    host, port = str(address[0]), int(address[1]).to_bytes(2, "big")
    if ":" not in host:
        return AF_INET.to_bytes(2, sys.byteorder) + port + inet_pton(AF_INET, host) + bytes(8)
    scope = int(address[3] if len(address) > 3 else 0).to_bytes(4, sys.byteorder)
    return AF_INET6.to_bytes(2, sys.byteorder) + port + bytes(4) + inet_pton(AF_INET6, host.partition("%")[0]) + scope


def address_of(name: bytes) -> Address:
    """The address of such a name, as Python's sockets give it."""
    port = int.from_bytes(name[2:4], "big")
    if int.from_bytes(name[:2], sys.byteorder) == AF_INET:
        return inet_ntop(AF_INET, name[4:8]), port
    return inet_ntop(AF_INET6, name[8:24]), port, 0, int.from_bytes(name[24:28], sys.byteorder)


def request_ufrag(data: bytes) -> tuple[stun.Request, str] | None:
    """A binding request and the ufrag of ours that it names; None for anything else, malformed things included.

    MESSAGE-INTEGRITY is present but not yet checked; FINGERPRINT is (RFC 8445, 7.3).
    """
    request = stun.read(data)
    if request is None or "MESSAGE-INTEGRITY" not in request.attributes or "FINGERPRINT" not in request.attributes:
        return None
    try:
        username = request.attributes.get("USERNAME", b"").decode()
    except UnicodeDecodeError:
        return None
    return (request, username.partition(":")[0]) if username else None


def response(request: stun.Request, address: Address, password: bytes) -> bytes:
    """The answer to a checked request: its address, signed; 487 where the peer believes that we are controlling."""
    return stun.answer(request.transaction_id, address, password, conflict="ICE-CONTROLLED" in request.attributes)


class StrangerLimit:
    """At most so many requests a second of addresses that have passed no check, in constant memory."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._second = -1
        self._counts = [0] * _STRANGERS

    def allows(self, host: str) -> bool:
        """Whether one more request of `host` is looked at in this second."""
        second = int(self._clock())
        if second != self._second:
            self._second = second
            self._counts = [0] * _STRANGERS
        slot = hash(host) & (_STRANGERS - 1)
        self._counts[slot] += 1
        return self._counts[slot] <= _STRANGER_RATE
