"""The addresses that a worker listens on, and what clients are told of them (RFC 8839 candidates)."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

EVERYWHERE: Final = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 -- compared, not bound
LOOPBACK: Final = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
# Addresses of documentation (RFC 5737, RFC 3849): a UDP socket that is connected to one chooses the route, and sends nothing.
FAR: Final = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
BOUND_MOST: Final = 8  # sockets of one worker
UDP_PRIORITY: Final = 2_130_706_431  # host candidates, RFC 8445 5.1.2.1: the later ones have less
TCP_PRIORITY: Final = 1_671_430_143  # LiveKit's: below any UDP candidate


@dataclass(frozen=True, slots=True)
class Addresses:
    """`bound` is listened on; `told` is what clients are told, in the order of preference."""

    bound: tuple[str, ...]
    told: tuple[str, ...]

    def candidates(self, *, udp_port: int, tcp_port: int) -> tuple[str, ...]:
        """SDP's candidate attributes, without their `a=`; no TCP where its port is 0."""
        found = [
            f"candidate:{n} 1 udp {UDP_PRIORITY - 256 * (n - 1)} {address} {udp_port} typ host"
            for n, address in enumerate(self.told, start=1)
        ]
        if tcp_port:
            found += [
                f"candidate:{100 + n} 1 tcp {TCP_PRIORITY - 256 * (n - 1)} {address} {tcp_port} typ host tcptype passive"
                for n, address in enumerate(self.told, start=1)
            ]
        return tuple(found)


def addresses(*, host: str, public: str, loopback: bool) -> Addresses:
    """Where to listen and what to tell.

    `host` is the address to listen on, or several with commas between, or one of `EVERYWHERE` for all of this machine's
    (`0.0.0.0`: IPv4's alone), of which clients are told those of the default routes. `public` (one, or one a family) is told
    first: clients reach it through address translation, and those beside us the local one. `loopback` adds 127.0.0.1 and
    ::1. Raises `ValueError` where an address is none.
    """
    publics = _checked(public)
    others: list[str] = []
    if host not in EVERYWHERE:
        local = _checked(host)
    else:
        families = [socket.AF_INET] if host == "0.0.0.0" else [socket.AF_INET, socket.AF_INET6]  # noqa: S104 -- compared
        local = [found for family in families if (found := route_address(family))] or [LOOPBACK[socket.AF_INET]]
        others = own_addresses(families)
        local += [one for one in publics if is_own(one)]
    own = [LOOPBACK[family] for family in dict.fromkeys(map(family_of, local))] if loopback else []
    told = tuple(dict.fromkeys((*publics, *local, *own)))
    return Addresses(bound=tuple(dict.fromkeys((*local, *own, *others)))[:BOUND_MOST], told=told)


def _checked(given: str) -> list[str]:
    return [str(ipaddress.ip_address(one.strip())) for one in given.split(",") if one.strip()]


def own_addresses(families: Sequence[socket.AddressFamily]) -> list[str]:
    """Those of this machine's interfaces that others can reach."""
    import psutil  # noqa: PLC0415 -- a worker that is told its address has no need of it

    found = [one.address for given in psutil.net_if_addrs().values() for one in given if one.family in families]
    return [address for address in found if "%" not in address and is_reachable(address)]


def is_reachable(address: str) -> bool:
    """Whether others could reach it: no loopback, and no address of one link."""
    said = ipaddress.ip_address(address)
    return not (said.is_loopback or said.is_link_local)


def is_own(address: str) -> bool:
    """Whether it is an address of this machine."""
    with socket.socket(family_of(address), socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def route_address(family: socket.AddressFamily) -> str:
    """Our address on the default route of a family; empty where there is none, or none that others could reach."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((FAR[family], 9))
            found = str(probe.getsockname()[0])
        except OSError:
            return ""
    return found if is_reachable(found) else ""


def family_of(address: str) -> socket.AddressFamily:
    """The family of an address in text."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET
