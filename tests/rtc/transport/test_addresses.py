"""Several addresses, both families: a peer is answered from the address that it asked."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from aioice import stun

from suite.rtc.core.media import AddDowntrack, Receive, SelectLayer, TransportConnected
from suite.rtc.transport.addresses import addresses, family_of, is_own, route_address
from suite.rtc.transport.doors import open_doors
from suite.rtc.transport.plane import MediaPlane
from tests.rtc.peer import MID, OPUS, Control, Peer, rtp, until

HOSTS = ["127.0.0.1", "127.0.0.2", "::1"]


@pytest.fixture(params=["", "python"], ids=["compiled", "python"])
async def everywhere(
    request: pytest.FixtureRequest, control: Control, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[MediaPlane]:
    """A plane on several addresses; compiled where there is a kernel."""
    monkeypatch.setenv("RTC_KERNEL", request.param)
    started = await MediaPlane.start(host=HOSTS[0], port=0, advertise=None, report=control, also=HOSTS[1:])
    yield started
    await started.close()


class From(Peer):
    """A peer that knows one of our addresses, and hears nothing from the others: its socket is connected."""

    def __init__(self, plane: MediaPlane, name: str, host: str) -> None:
        super().__init__(plane, name)
        self.loop.remove_reader(self.socket.fileno())
        self.socket.close()
        self.socket = socket.socket(family_of(host), socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.connect((host, plane.port))
        self.loop.add_reader(self.socket.fileno(), self._readable)

    def raw(self, data: bytes) -> None:
        self.socket.send(data)


@pytest.mark.parametrize("host", HOSTS)
async def test_media_flows_through_the_address_that_was_asked(everywhere: MediaPlane, control: Control, host: str) -> None:
    publisher, subscriber = From(everywhere, "p", HOSTS[0]), From(everywhere, "s", host)
    for peer in (publisher, subscriber):
        await peer.connect()
        await control.wait(lambda report, name=peer.name: report == TransportConnected(name))
    assert subscriber.answers[0].attributes["XOR-MAPPED-ADDRESS"] == subscriber.socket.getsockname()[:2]
    everywhere.apply(Receive("p", "0", "TR_a", "audio", (OPUS,), extensions={MID: 1}))
    everywhere.apply(AddDowntrack(1, "s", "TR_a", "audio", "0", 5001, None, (OPUS,)))
    everywhere.apply(SelectLayer(1, 0))
    publisher.send_rtp(rtp(ssrc=10, sequence=7, payload_type=111, payload=b"sound", extensions={1: b"0"}))
    await until(lambda: subscriber.rtp)
    for peer in (publisher, subscriber):
        await peer.close()


async def test_a_nominated_pair_decides_where_one_socket_asks_several_addresses(
    everywhere: MediaPlane, control: Control
) -> None:
    peer = Peer(everywhere, "a", host="127.0.0.1")
    peer.server = (HOSTS[0], everywhere.port)
    await peer.connect(data=False)
    await control.wait(lambda report: report == TransportConnected("a"))
    heard: list[str] = []
    peer.loop.remove_reader(peer.socket.fileno())
    for host, nominate in ((HOSTS[1], False), (HOSTS[1], True), (HOSTS[0], False)):
        peer.server = (host, everywhere.port)
        peer.check(nominate=nominate)
        await until(lambda: _heard(peer.socket, heard))
        assert heard == [host]  # the answer comes from where it was asked
        heard.clear()
    association = everywhere.association("a")
    assert association is not None
    assert association.line.address is not None
    everywhere.send(b"\x80record", association.line.address)
    await until(lambda: _heard(peer.socket, heard))
    assert heard == [HOSTS[1]]  # the nominated one
    await peer.close()


def _heard(sock: socket.socket, heard: list[str]) -> bool:
    try:
        data, address = sock.recvfrom(2048)
    except BlockingIOError:
        return False
    if data[0] < 4 or data[0] == 0x80:
        if data[0] < 4:
            stun.parse_message(data)
        heard.append(address[0])
    return bool(heard)


async def test_an_address_that_is_forgotten_leaves_nothing(everywhere: MediaPlane, control: Control) -> None:
    peer = From(everywhere, "s", HOSTS[2])
    await peer.connect(data=False)
    assert everywhere._doors._others
    everywhere.close_transport("s")
    await until(lambda: peer.dtls.state == "closed")  # the last words reach it by its own family
    await until(lambda: not everywhere._doors._others)
    await peer.close()
    await asyncio.sleep(0)


def test_doors_share_one_port_or_none_is_open() -> None:
    doors = open_doors(HOSTS, 0)
    assert len({door.getsockname()[1] for door in doors.sockets}) == 1
    with pytest.raises(OSError, match="in use"):
        open_doors(["127.0.0.3", "127.0.0.2"], doors.sockets[0].getsockname()[1])
    free = open_doors(["127.0.0.3"], doors.sockets[0].getsockname()[1])  # what was opened before the refusal is closed
    free.close()
    doors.close()


def test_what_is_bound_and_what_clients_are_told() -> None:
    one = addresses(host="127.0.0.1", public="203.0.113.7", loopback=False)
    assert (one.bound, one.told) == (("127.0.0.1",), ("203.0.113.7", "127.0.0.1"))
    every = addresses(host="", public="203.0.113.7", loopback=True)
    assert every.told[0] == "203.0.113.7"
    assert {"127.0.0.1"} <= set(every.told)
    assert "203.0.113.7" not in every.bound
    routes = [route_address(family) for family in (socket.AF_INET, socket.AF_INET6)]
    assert {address for address in routes if address} <= set(every.told)
    assert set(every.told[1:]) <= set(every.bound)
    public = addresses(host="0.0.0.0", public="127.0.0.9", loopback=False)
    assert "127.0.0.9" in public.bound  # one of ours is listened on
    both = addresses(host="127.0.0.1, ::1", public="203.0.113.7,2001:db8::7", loopback=False)
    assert both.bound == ("127.0.0.1", "::1")
    assert both.told == ("203.0.113.7", "2001:db8::7", "127.0.0.1", "::1")
    with pytest.raises(ValueError, match="does not appear"):
        addresses(host="media.example.org", public="", loopback=False)


def test_candidates_of_both_families_and_transports() -> None:
    found = addresses(host="127.0.0.1", public="2001:db8::7", loopback=False).candidates(udp_port=7882, tcp_port=7881)
    words = [one.split(" ") for one in found]
    assert [(w[2], w[4], w[5], w[6:]) for w in words] == [
        ("udp", "2001:db8::7", "7882", ["typ", "host"]),
        ("udp", "127.0.0.1", "7882", ["typ", "host"]),
        ("tcp", "2001:db8::7", "7881", ["typ", "host", "tcptype", "passive"]),
        ("tcp", "127.0.0.1", "7881", ["typ", "host", "tcptype", "passive"]),
    ]
    priorities = [int(w[3]) for w in words]
    assert priorities == sorted(priorities, reverse=True)
    assert len({w[0] for w in words}) == 4
    assert len(addresses(host="127.0.0.1", public="", loopback=True).candidates(udp_port=1, tcp_port=0)) == 1


def test_whether_an_address_is_ours() -> None:
    assert is_own("127.0.0.1")
    assert not is_own("203.0.113.7")
