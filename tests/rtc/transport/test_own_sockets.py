"""A peer's own socket: where its address is settled, on the port of its door, nobody else's; with the kernel and without."""

from __future__ import annotations

import asyncio
import math
import socket
from pathlib import Path

import pytest

from suite.rtc.core.media import (
    AddDowntrack,
    Channel,
    ChannelOpened,
    CloseTransport,
    Receive,
    RestartIce,
    SelectLayer,
    SendData,
    TransportConnected,
)
from suite.rtc.kernel.rows import SLOTS
from suite.rtc.transport.line import PeerLine
from suite.rtc.transport.loop import KernelLoop
from suite.rtc.transport.plane import MediaPlane
from tests.rtc.peer import DEADLINE, MID, OPUS, Control, Join, Peer, rtp, until

LOOPS = {"kernel": KernelLoop, "another": asyncio.SelectorEventLoop}
pytestmark = pytest.mark.usefixtures("twin")
compiled = pytest.mark.parametrize("twin", ["c"], indirect=True)  # what it alone does


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def line(plane: MediaPlane, name: str) -> PeerLine:
    association = plane.association(name)
    assert association is not None
    return association.line


def own_socket(plane: MediaPlane, name: str) -> socket.socket | None:
    """The peer's own, which is what it is sent through."""
    found, _ = plane._own_sockets.get(line(plane, name).address, (None, None))
    if found is not None:
        assert line(plane, name).sends_through(found)
    return found


def sent(plane: MediaPlane, name: str) -> int:
    """How many packets left for the peer, by its own socket or by the kernel."""
    return line(plane, name).counted()["udp_sent"]


async def hears(plane: MediaPlane, control: Control, publisher: Peer, subscriber: Peer, *, number: int) -> None:
    for peer in (publisher, subscriber):
        await control.wait(lambda report, name=peer.name: report == TransportConnected(name))
    plane.apply(Receive(publisher.name, "0", "TR_a", "audio", (OPUS,), extensions={MID: 1}))
    plane.apply(AddDowntrack(1, subscriber.name, "TR_a", "audio", "0", 5001, None, (OPUS,)))
    plane.apply(SelectLayer(1, 0))
    before = len(subscriber.rtp)
    for sequence in (number, number + 1):
        publisher.send_rtp(rtp(ssrc=10, sequence=sequence, payload_type=111, payload=b"sound", extensions={1: b"0"}))
    await until(lambda: len(subscriber.rtp) >= before + 2)


async def test_a_peer_is_sent_to_through_its_own_socket(plane: MediaPlane, control: Control, join: Join) -> None:
    publisher, subscriber = await join("p"), await join("s")
    await hears(plane, control, publisher, subscriber, number=1)
    own = own_socket(plane, "s")
    assert own.getsockname() == ("127.0.0.1", plane.port)
    assert own.getpeername() == subscriber.socket.getsockname()
    assert sent(plane, "s") >= 2
    if (row := line(plane, "s").row) is not None:
        assert row.socket == own.fileno()
        assert row.name_length == 0
        assert row.packets >= 2


async def test_a_peer_whose_address_changes_gets_another(plane: MediaPlane, control: Control, join: Join) -> None:
    publisher, subscriber = await join("p"), await join("s")
    await hears(plane, control, publisher, subscriber, number=1)
    before = own_socket(plane, "s")
    old = subscriber.socket
    subscriber.loop.remove_reader(old.fileno())
    subscriber.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    subscriber.socket.setblocking(False)
    subscriber.socket.bind(("127.0.0.1", 0))
    subscriber.loop.add_reader(subscriber.socket.fileno(), subscriber._readable)
    subscriber.check()
    await until(lambda: own_socket(plane, "s") not in {before, None})
    await hears(plane, control, publisher, subscriber, number=3)
    old.close()


@compiled
async def test_a_check_that_changes_nothing_is_answered_without_the_interpreter(
    plane: MediaPlane, control: Control, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    await join("p")
    await control.wait(lambda report: report == TransportConnected("p"))
    peer, association = await join("s"), plane.association("s")
    await control.wait(lambda report: report == TransportConnected("s"))
    asked: list[bytes] = []
    ask = plane.check
    monkeypatch.setattr(plane, "check", lambda data, *rest: (asked.append(data), ask(data, *rest)))
    given = association.line.checked_at

    async def answered(ufrag: str | None = None, password: str | None = None) -> None:
        name = peer.check(ufrag=ufrag, password=password)
        await until(lambda: any(one.transaction_id == name for one in peer.answers))

    await answered()
    assert association.line.checked_at > given
    assert not asked
    plane.apply(RestartIce("s", "newufrag", "newpassword0123456789"))
    await answered()  # under the old credentials, still good: Python's
    await answered("newufrag", "newpassword0123456789")  # decides that the old ones end: Python's
    assert len(asked) == 2
    await answered("newufrag", "newpassword0123456789")
    peer.check()  # the old ones: refused
    await until(lambda: plane.statistics().get("stun_refused"))
    assert len(asked) == 3


@compiled
async def test_what_subscribers_say_is_read_together_and_without_a_pause_where_it_is_much(
    plane: MediaPlane, control: Control, join: Join
) -> None:
    subscriber = await join("s", data=False)
    await control.wait(lambda report: report == TransportConnected("s"))
    slots = plane._inbox._slots
    await until(lambda: math.isinf(slots.look_at))
    slots.pause, slots.in_vain = DEADLINE * 10, 1
    for _ in range(3 * 2 * SLOTS):  # three reads, each as much as one takes
        subscriber.raw(b"\x80\x60" + bytes(40))
    await until(lambda: plane.statistics().get("srtp_refused") == 3 * 2 * SLOTS)
    await until(lambda: math.isinf(slots.look_at))
    subscriber.raw(b"\x80\x60" + bytes(40))
    await until(lambda: plane.statistics().get("srtp_refused") == 3 * 2 * SLOTS + 1)
    subscriber.raw(b"\x80\x60" + bytes(40))  # waits now
    await asyncio.sleep(0.2)
    assert plane.statistics().get("srtp_refused") == 3 * 2 * SLOTS + 1


@compiled
async def test_what_data_channels_say_is_looked_for_sooner(plane: MediaPlane, control: Control, join: Join) -> None:
    subscriber = await join("s", Channel("_reliable", ordered=True, max_retransmits=None))
    await control.wait(lambda report: report == ChannelOpened("s", "_reliable"))
    slots = plane._inbox._slots
    await until(lambda: math.isinf(slots.look_at))
    slots.pause = DEADLINE * 10
    for number in range(3):
        plane.apply(SendData("s", "_reliable", bytes((number,))))
        await until(lambda number=number: len(subscriber.messages) == number + 1)
    await until(lambda: plane.association("s").channels._sctp.sender.idle)


async def test_they_go_with_their_peers(plane: MediaPlane, control: Control) -> None:
    before = descriptors()
    for number in range(5):
        peer = Peer(plane, f"p{number}")
        await peer.connect(data=False)
        await control.wait(lambda report, name=peer.name: report == TransportConnected(name))
        plane.apply(CloseTransport(peer.name))
        await peer.close()
    await until(lambda: not plane._closing)
    assert descriptors() == before
    assert not plane._own_sockets


async def test_where_there_is_none_the_door_sends(plane: MediaPlane, control: Control, join: Join) -> None:
    plane._own_most = 0
    publisher, subscriber = await join("p"), await join("s")
    await hears(plane, control, publisher, subscriber, number=1)
    assert own_socket(plane, "s") is None
    row = line(plane, "s").row
    assert row is None or (row.socket == plane.fileno() and row.packets >= 2)


async def test_nobody_else_takes_a_part_of_the_port(plane: MediaPlane, control: Control, join: Join) -> None:
    publisher, subscriber = await join("p"), await join("s")
    await hears(plane, control, publisher, subscriber, number=1)
    for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.setsockopt(socket.SOL_SOCKET, option, 1)
            with pytest.raises(OSError, match="in use"):
                other.bind(("127.0.0.1", plane.port))


async def test_a_port_that_was_closed_for_a_moment_is_sent_to_again(plane: MediaPlane, control: Control, join: Join) -> None:
    publisher, subscriber = await join("p"), await join("s")
    await hears(plane, control, publisher, subscriber, number=1)
    address, before = subscriber.socket.getsockname(), sent(plane, "s")
    subscriber.loop.remove_reader(subscriber.socket.fileno())
    subscriber.socket.close()
    for sequence in (3, 4):
        publisher.send_rtp(rtp(ssrc=10, sequence=sequence, payload_type=111, payload=b"sound", extensions={1: b"0"}))
    await until(lambda: sent(plane, "s") >= before + 2)
    subscriber.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    subscriber.socket.setblocking(False)
    subscriber.socket.bind(address)
    subscriber.loop.add_reader(subscriber.socket.fileno(), subscriber._readable)
    heard = len(subscriber.rtp)
    publisher.send_rtp(rtp(ssrc=10, sequence=5, payload_type=111, payload=b"sound", extensions={1: b"0"}))
    await until(lambda: len(subscriber.rtp) > heard)
    assert line(plane, "s").counted()["udp_unsent"] == 0
