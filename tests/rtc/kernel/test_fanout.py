"""The one call that sends: to whom, in which order, and what becomes of what cannot be sent."""

from __future__ import annotations

import contextlib
import random
import secrets
import select
import socket
from array import array
from collections.abc import Iterator
from ctypes import addressof, c_uint8

import pylibsrtp
import pytest

from suite.rtc.core.media import Codec
from suite.rtc.kernel.library import Kernel, of_buffer
from suite.rtc.kernel.rows import (
    CLOSED,
    CONTROL,
    DIRECT,
    FEEDBACK,
    MALFORMED,
    MEDIA,
    REFUSED,
    STRANGER,
    STUN,
    DigestRow,
    LineRow,
)  # fmt: skip
from suite.rtc.packets import rtcp, twcc
from suite.rtc.packets.downtrack import Downtrack
from suite.rtc.packets.layer import Layer
from suite.rtc.packets.rtp import Packet
from suite.rtc.transport.gate import address_of, socket_name
from suite.rtc.transport.srtp import KernelSrtp
from tests.rtc.kernel.test_srtp import Sides
from tests.rtc.packets.bench import body, vp8
from tests.rtc.peer import rtp

VP8 = Codec(96, "video/vp8", 90000, rtx_payload_type=97)


class Reader:
    """A subscriber's socket, its line and its downtrack."""

    def __init__(self, kernel: Kernel, plane: socket.socket) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(5)
        master = secrets.token_bytes(28)
        self.keys = KernelSrtp(kernel, secrets.token_bytes(28), master)
        policy = pylibsrtp.Policy(
            key=master, ssrc_type=pylibsrtp.Policy.SSRC_ANY_INBOUND, srtp_profile=pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM
        )
        self.session = pylibsrtp.Session(policy)
        self.line = LineRow(socket=plane.fileno(), route=DIRECT, outbound=self.keys.outbound)
        name = socket_name(self.socket.getsockname())
        self.line.name[: len(name)] = list(name)
        self.line.name_length = len(name)
        self.track = Downtrack(number=1, kind="video", ssrc=5001, rtx_ssrc=None)
        self.track.negotiated((VP8,), {})
        self.track.use(VP8)
        self.track.line_row = addressof(self.line)

    def take(self) -> bytes:
        return self.session.unprotect(self.socket.recv(2048))


@pytest.fixture
def plane() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.settimeout(5)
        yield made


@pytest.fixture
def readers(kernel: Kernel, plane: socket.socket) -> Iterator[list[Reader]]:
    made = [Reader(kernel, plane) for _ in range(3)]
    yield made
    for one in made:
        one.socket.close()
        one.keys.close()


def packets(kernel: Kernel, payloads: list[bytes], first: int = 0x10000) -> tuple[list[Packet], list[bytearray]]:
    made, kept = [], []
    for index, payload in enumerate(payloads):
        data = bytearray(rtp(ssrc=1, sequence=(first + index) & 0xFFFF, timestamp=index, payload=payload))
        packet = Packet()
        assert kernel.read(addressof(packet), of_buffer(data), len(data), bytes(256))
        kernel.inspect(addressof(packet), 3)
        packet.extended = first + index
        packet.buffer = data
        made.append(packet)
        kept.append(data)
    return made, kept


def fanout(kernel: Kernel, readers: list[Reader], made: list[Packet], now: float = 1.0) -> int:
    rows, given = array("Q", [addressof(one.track) for one in readers]), array("Q", [addressof(one) for one in made])
    return kernel.fanout(rows.buffer_info()[0], len(rows), given.buffer_info()[0], len(given), 0, now)


def join(readers: list[Reader], packet: Packet) -> None:
    for one in readers:
        one.track.switch(Layer(index=0, rid="", clock_rate=90000, kept=64), None, packet, packet.extended, 1.0)


def test_everyone_on_the_layer_gets_every_packet_in_order(kernel: Kernel, readers: list[Reader]) -> None:
    # As encoders send them, the last of a picture shorter: those of one address leave joined where the system can.
    payloads = [vp8(key=index == 0, picture=index, zero=0, tail=bytes(300 if index % 9 else 100)) for index in range(150)]
    made, kept = packets(kernel, payloads)
    join(readers, made[0])
    readers[1].track.current = 1  # on another layer
    assert fanout(kernel, readers, made) == 2 * len(made)
    for one in (readers[0], readers[2]):
        taken = [one.take() for _ in made]
        numbers = [int.from_bytes(each[2:4], "big") for each in taken]
        assert numbers == [(numbers[0] + index) & 0xFFFF for index in range(len(made))]
        assert [body(each) for each in taken] == payloads
        assert one.line.packets == len(made)
    readers[1].socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        readers[1].socket.recv(1)
    del kept


def test_turns_go_on_through_the_wrap(kernel: Kernel, readers: list[Reader]) -> None:
    reader = readers[:1]
    reader[0].track.last_sequence = 0x1FFFA
    made, kept = packets(kernel, [vp8(key=index == 0, picture=index, zero=0) for index in range(20)])
    join(reader, made[0])
    for start in range(0, 20, 5):
        fanout(kernel, reader, made[start : start + 5])
    assert len([reader[0].take() for _ in made]) == 20
    # A late one from before the wrap is sealed under the turn that it belongs to.
    reader[0].track.first_source = made[0].extended - 5
    late, kept_late = packets(kernel, [vp8(key=False, picture=1, zero=0)], first=made[0].extended - 1)
    fanout(kernel, reader, late)
    assert int.from_bytes(reader[0].take()[2:4], "big") == 0xFFFA
    del kept, kept_late


def test_what_a_closed_port_has_answered_costs_no_later_packet(kernel: Kernel, readers: list[Reader]) -> None:
    made, kept = packets(kernel, [vp8(key=index == 0, picture=index, zero=0) for index in range(3)])
    reader = readers[0]
    join([reader], made[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.connect(reader.socket.getsockname())
        reader.line.socket, reader.line.name_length = own.fileno(), 0
        reader.socket.close()
        for one in made:  # each after the first meets what the one before was answered
            fanout(kernel, [reader], [one])
    assert (reader.line.packets, reader.line.unsent) == (3, 0)
    del kept


def test_who_is_not_connected_disturbs_nobody(kernel: Kernel, readers: list[Reader]) -> None:
    made, kept = packets(kernel, [vp8(key=True, picture=1, zero=0)] * 2)
    join(readers, made[0])
    readers[0].line.route = CLOSED
    readers[1].line.socket = 9999
    assert fanout(kernel, readers, made) == 4
    assert len([readers[2].take() for _ in made]) == 2
    assert (readers[1].line.packets, readers[1].line.unsent) == (0, 2)
    del kept


@pytest.fixture
def poll(plane: socket.socket) -> Iterator[select.epoll]:
    """What watches the plane's socket."""
    with select.epoll() as made:
        made.register(plane.fileno(), select.EPOLLIN)
        yield made


def test_what_arrives_is_attributed_opened_and_read(
    kernel: Kernel, plane: socket.socket, readers: list[Reader], poll: select.epoll
) -> None:
    from suite.rtc.kernel.library import Inbox

    table, inbox = kernel.addresses_new(secrets.randbits(64)), Inbox()
    slots = [bytearray(2048) for _ in range(64)]
    for index, slot in enumerate(slots):
        inbox.slot[index] = of_buffer(slot)
    peer, stranger = readers[0], readers[1]
    sides = Sides(kernel, 16)
    peer.line.inbound, peer.line.number = sides.kernel.inbound, 77
    name = socket_name(peer.socket.getsockname())
    assert kernel.addresses_set(table, name, len(name), addressof(peer.line))
    port = plane.getsockname()
    sealed = sides.sends.protect(rtp(ssrc=9, sequence=4, payload=b"x"))
    broken = rtp(ssrc=9, sequence=5, padding=4)[:-1] + b"\0"  # padding of no length
    for data in (sealed, sealed, sides.sends.protect(broken)):
        peer.socket.sendto(data, port)
    stranger.socket.sendto(sealed, port)
    stranger.socket.sendto(b"\0" * 20, port)
    assert kernel.receive(poll.fileno(), table, addressof(inbox), 1.0) == 5
    assert inbox.kind[:5] == [MEDIA, REFUSED, MALFORMED, STRANGER, STUN]
    assert inbox.number[:5] == [77, 77, 77, -1, -1]
    assert (inbox.packet[0].ssrc, inbox.packet[0].sequence, inbox.length[0]) == (9, 4, 13)
    assert address_of(bytes(inbox.name[3][: inbox.name_length[3]])) == stranger.socket.getsockname()
    kernel.addresses_set(table, name, len(name), None)
    peer.socket.sendto(sealed, port)
    assert kernel.receive(poll.fileno(), table, addressof(inbox), 1.0) == 1
    assert inbox.kind[0] == STRANGER
    kernel.addresses_free(table)


def test_a_feedback_alone_is_summed_up_as_it_is_read(
    kernel: Kernel, plane: socket.socket, readers: list[Reader], poll: select.epoll
) -> None:
    from suite.rtc.kernel.library import Inbox

    table, inbox, peer, sides = kernel.addresses_new(5), Inbox(), readers[0], Sides(kernel, 16)
    slots = [bytearray(2048) for _ in range(64)]
    for index, slot in enumerate(slots):
        inbox.slot[index] = of_buffer(slot)
    peer.line.inbound, peer.line.number = sides.kernel.inbound, 77
    name = socket_name(peer.socket.getsockname())
    kernel.addresses_set(table, name, len(name), addressof(peer.line))
    arrivals = twcc.Arrivals()
    for number in range(10):
        kernel.sent(addressof(peer.line), 100, 1.0 + number / 100)
        if number != 4:
            arrivals.add(number, 2.0 + number / 100, 5)
    told = arrivals.feedback(1)
    for packet in (told, told + told, told[:4] + bytes(8)):
        peer.socket.sendto(sides.sends.protect_rtcp(packet), plane.getsockname())
    assert kernel.receive(poll.fileno(), table, addressof(inbox), 1.0) == 3
    assert inbox.kind[:3] == [FEEDBACK, CONTROL, CONTROL]
    assert (inbox.digest[0].received, inbox.digest[0].lost, inbox.digest[0].left_bytes) == (9, 1, 1000)
    kernel.addresses_free(table)


def test_the_table_of_addresses_keeps_who_is_there(kernel: Kernel, plane: socket.socket, poll: select.epoll) -> None:
    from suite.rtc.kernel.library import Inbox

    chance, table, inbox = random.Random(5), kernel.addresses_new(1), Inbox()
    slots = [bytearray(2048) for _ in range(64)]
    for index, slot in enumerate(slots):
        inbox.slot[index] = of_buffer(slot)
    lines = [LineRow(number=index) for index in range(50)]
    known, heard = {}, {}
    with contextlib.ExitStack() as open_ones:
        peers = [open_ones.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(300)]
        for index, peer in enumerate(peers):
            peer.bind((f"127.0.{index // 100}.{index % 100 + 1}", 0))
        for _ in range(2000):
            address, line = chance.choice(peers).getsockname(), chance.choice([None, *lines])
            name = socket_name(address)
            assert kernel.addresses_set(table, name, len(name), addressof(line) if line else None)
            known[address] = line.number if line else -1
        for peer in peers:
            peer.sendto(b"\x80", plane.getsockname())
            count = kernel.receive(poll.fileno(), table, addressof(inbox), 1.0)
            heard |= {address_of(bytes(inbox.name[i][: inbox.name_length[i]])): inbox.number[i] for i in range(count)}
    assert heard == {peer: known.get(peer, -1) for peer in heard}
    assert (len(heard), len(known) > 290) == (300, True)
    assert not kernel.addresses_set(table, bytes(40), 40, None)
    kernel.addresses_free(table)


def test_calm_feedback_waits_to_be_told_together(kernel: Kernel) -> None:
    line, digest = LineRow(calm_from=-1.0, calm_to=0.015), DigestRow()
    one = {"received": 20, "mean": 0.01, "shortest": 0.008, "arrived_bytes": 2000, "left_bytes": 2000, "in_flight": 5}

    def told(at: float, **fields: float) -> bool:
        for name, value in {**one, "lost": 0, "arrived_last": at, "at": at, **fields}.items():
            setattr(digest, name, value)
        return not kernel.waits(addressof(line), addressof(digest))

    assert [told(5 + turn / 10, shortest=0.008 - turn / 1000) for turn in range(9)] == [False] * 9
    assert told(5.9)
    assert (digest.received, digest.arrived_bytes, digest.in_flight, digest.arrived_last) == (200, 20_000, 5, 5.9)
    assert (round(digest.mean, 6), digest.shortest, line.detail_count) == (0.01, 0.0, 0)
    assert (told(6.0), told(7.1)) == (False, True)  # a second has passed
    assert not told(7.2)
    assert told(7.3, mean=0.02)
    assert (line.detail_count, line.details[0].at) == (1, 7.2)  # what waited is there to be told first
    assert told(7.4, lost=1)
    line.calm_from, line.calm_to = 1.0, 0.0
    assert told(7.5)


def test_what_is_asked_for_again_is_sent_again_while_it_is_kept(kernel: Kernel, readers: list[Reader]) -> None:
    reader, layer, sent = readers[0], Layer(index=0, rid="", clock_rate=90000, kept=64), []
    kinds = bytes(256)
    kinds_row = (c_uint8 * 256)()
    layer.kinds_row = addressof(kinds_row)
    first = rtp(ssrc=9, sequence=1, payload_type=96, payload=vp8(key=True, picture=1, zero=1))
    packet = Packet()
    assert packet.read(first, len(first), kinds)
    packet.inspect(reader.track.form)
    reader.track.switch(layer, None, packet, 0x10001, 1.0)
    reader.track.target = 0
    for number in range(100):
        data = rtp(ssrc=9, sequence=1 + number, payload_type=96, payload=vp8(key=not number, picture=number, zero=number))
        buffer = bytearray(data)
        packet = Packet()
        assert packet.read(buffer, len(buffer), kinds)
        packet.inspect(reader.track.form)
        packet.data = of_buffer(buffer)
        packet.extended = 0x10001 + number
        layer.keep(packet.extended, data)
        row, which = array("Q", [addressof(reader.track)]), array("Q", [addressof(packet)])
        assert kernel.fanout(row.buffer_info()[0], 1, which.buffer_info()[0], 1, 0, 1.0) == 1
        sent.append(reader.take())
    layers, tracks = array("Q", [addressof(layer)]), array("Q", [addressof(reader.track)])
    reader.track.layers, reader.track.layer_count = layers.buffer_info()[0], 1
    reader.line.downtracks, reader.line.downtrack_count = tracks.buffer_info()[0], 1
    numbers = [int.from_bytes(one[2:4], "big") for one in sent]

    def ask(*lost: int, more: bytes = b"") -> bool:
        asked = rtcp.nack(2, 5001, list(lost)) + more
        return bool(kernel.nacked(addressof(reader.line), asked, len(asked), 2.0))

    assert ask(numbers[98], numbers[99], more=rtcp.nack(2, 5001, [numbers[90]]))
    # Without RTX it is the same packet under the same number, so that a replay window that is only as wide refuses it.
    assert reader.line.again == 3
    assert ask(numbers[3])  # no longer kept
    assert ask(numbers[99] + 500 & 0xFFFF)  # never sent
    assert (reader.line.again, reader.line.forgotten) == (3, 2)
    assert not ask(numbers[99], more=rtcp.picture_loss(2, 5001))  # something else beside it: nothing is done
    assert not kernel.nacked(addressof(reader.line), bytes(12), 12, 2.0)
    assert reader.line.again == 3
    for _ in range(20):
        ask(*numbers[40:])
    assert (reader.line.again + reader.line.forgotten, reader.line.limited > 0) == (1000, True)
    reader.line.route = CLOSED
    assert not ask(numbers[99])
