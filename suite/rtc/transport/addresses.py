"""The addresses that a worker listens on, and what clients are told of them (RFC 8839 candidates)."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import Final

EVERYWHERE: Final = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 -- compared, not bound
LOOPBACK: Final = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
# Addresses of documentation (RFC 5737, RFC 3849): a UDP socket that is connected to one chooses the route, and sends nothing.
FAR: Final = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
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

    `host` is the address to listen on, or one of `EVERYWHERE` for the default routes' of both families (`0.0.0.0`: IPv4
    alone). `public` is told first: clients reach it through address translation, those beside us the local one.
    `loopback` adds this machine's own. Raises `ValueError` where an address is none.
    """
    for given in (host, public):
        if given not in EVERYWHERE:
            ipaddress.ip_address(given)
    if host not in EVERYWHERE:
        local = (host,)
    else:
        families = [socket.AF_INET] if host == "0.0.0.0" else [socket.AF_INET, socket.AF_INET6]  # noqa: S104 -- compared
        local = tuple(found for family in families if (found := route_address(family))) or (LOOPBACK[socket.AF_INET],)
    own = tuple(LOOPBACK[family] for family in _families(local)) if loopback else ()
    told = tuple(dict.fromkeys(address for address in (public, *local, *own) if address))
    return Addresses(bound=tuple(dict.fromkeys((*local, *own))), told=told)


def route_address(family: socket.AddressFamily) -> str:
    """Our address on the default route of a family; empty where there is none, or none that others could reach."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((FAR[family], 9))
            found = str(probe.getsockname()[0])
        except OSError:
            return ""
    return "" if ipaddress.ip_address(found).is_loopback or ipaddress.ip_address(found).is_link_local else found


def family_of(address: str) -> socket.AddressFamily:
    """The family of an address in text."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _families(found: tuple[str, ...]) -> list[socket.AddressFamily]:
    return list(dict.fromkeys(family_of(address) for address in found))
