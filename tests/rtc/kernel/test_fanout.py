"""The one call that sends: to whom, in which order, and what becomes of what cannot be sent."""

from __future__ import annotations

import socket
from array import array
from ctypes import addressof, c_uint8

import pytest

from suite.rtc.kernel.library import Kernel, of_buffer
from suite.rtc.kernel.rows import (
    CLOSED,
    DigestRow,
    LineRow,
)  # fmt: skip
from suite.rtc.packets import rtcp
from suite.rtc.packets.layer import Layer
from suite.rtc.packets.rtp import Packet
from tests.rtc.kernel.reader import Reader
from tests.rtc.packets.bench import body, vp8
from tests.rtc.peer import rtp


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
