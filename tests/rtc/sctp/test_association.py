"""The association: set-up, checksums, acknowledgements, the peer's window, heartbeats, reset, and the ways in which it ends."""

from __future__ import annotations

from struct import pack

import google_crc32c
import pytest

from suite.rtc.sctp import association as machine
from suite.rtc.sctp import receiving, wire
from suite.rtc.sctp.channels import Closed, Opened
from suite.rtc.sctp.congestion import MTU
from suite.rtc.sctp.cookie import LIFETIME
from suite.rtc.sctp.errors import Malformed
from suite.rtc.sctp.life import State
from suite.rtc.sctp.wire import Introduction, Sealer
from tests.rtc.sctp.line import Line, World


def kinds(packet: bytes) -> list[int]:
    return [kind for kind, *_ in wire.chunks(packet)]


def talking(line: Line | None = None) -> World:
    world = World(11, line or Line()).up()
    channel = world.a.channels.create("one")
    world.run(lambda: channel.opened)
    world.pass_time(1)
    for sent in world.sent.values():
        sent.clear()
    return world


# --- set-up


def test_the_checksum_is_crc32c_in_little_endian() -> None:
    assert google_crc32c.value(bytes(32)) == 0x8A9136AA  # RFC 3720, B.4
    packet = Sealer(source=5000, destination=5000, tag=1).seal([wire.chunk(wire.COOKIE_ACK)])
    assert packet[8:12] == google_crc32c.value(packet[:8] + bytes(4) + packet[12:]).to_bytes(4, "little")
    assert wire.has_checksum(packet)
    assert not wire.has_checksum(packet[:-1] + b"\x01")


def test_checksums_are_left_out_towards_a_peer_that_offers_it_but_not_at_first() -> None:
    world = World(11)
    chromium = world.a.association
    chromium.life.introduction = chromium.life.introduction._replace(zero_checksum=True)
    world.up()
    one = world.a.channels.create("one")
    world.run(lambda: one.opened)
    world.pass_time(1)
    for packet in (*world.sent["a"], *world.sent["b"]):
        at_first = kinds(packet)[0] in {wire.INIT, wire.INIT_ACK, wire.COOKIE_ECHO}
        assert wire.has_checksum(packet) if at_first else packet[8:12] == bytes(4)
    assert [wire.SACK in kinds(world.sent[side][-1]) for side in "ab"] == [True, True]
    first = World(1)
    first.a.association.life.connect(first.now)
    (init,) = first.a.association.take(first.now)
    assert wire.has_checksum(init)
    with pytest.raises(Malformed):
        first.b.association.receive(init[:8] + bytes(4) + init[12:], first.now)


def test_a_peer_that_does_not_offer_it_gets_checksums_and_hears_of_nothing_that_it_may_not_know() -> None:
    world = World(2).up()
    known = {wire.PARAMETER_COOKIE, wire.PARAMETER_EXTENSIONS, wire.PARAMETER_FORWARD_TSN}
    for packet in (*world.sent["a"], *world.sent["b"]):
        for kind, _, start, end in wire.chunks(packet):
            if kind in {wire.INIT, wire.INIT_ACK}:
                assert {number for number, _ in wire.parameters(packet[start + 16 : end])} <= known
    one = world.a.channels.create("one")
    world.run(lambda: one.opened)
    assert all(wire.has_checksum(packet) for sent in world.sent.values() for packet in sent)


def test_a_peer_without_partial_reliability_gets_everything() -> None:
    world = World(3, Line(loss=0.2))
    peer = world.b.association.life
    peer.introduction = peer.introduction._replace(forward_tsn=False)
    world.up()
    lossy = world.a.channels.create("lossy", retransmissions=0)
    for number in range(50):
        world.a.channels.send(lossy, bytes((number,)) * 2000, now=world.now)
    world.run(lambda: len(world.b.arrived()) == 50)
    assert not any(wire.FORWARD_TSN in kinds(packet) for packet in world.sent["a"])


@pytest.mark.parametrize("damage", ["signature", "age", "tag"])
def test_a_cookie_that_is_not_ours_or_too_old_makes_no_association(damage: str) -> None:
    world = World(4)
    peer = Introduction(77, 100_000, 10, 10, 5)
    b = world.b.association
    b.receive(Sealer(source=5000, destination=5000, tag=0).seal([wire.chunk(wire.INIT, peer.written())]), world.now)
    (answer,) = b.take(world.now)
    (_, _, start, end), *_ = wire.chunks(answer)
    cookie = wire.introduction(answer[start:end]).cookie
    tag = b.life.tag
    if damage == "signature":
        cookie = cookie[:-1] + bytes((cookie[-1] ^ 1,))
    echo = Sealer(source=5000, destination=5000, tag=tag + (damage == "tag")).seal([wire.chunk(wire.COOKIE_ECHO, cookie)])
    if damage == "age":
        b.receive(echo, world.now + LIFETIME + 1)
        assert [kinds(packet) for packet in b.take(world.now)] == [[wire.ERROR]]
    else:
        with pytest.raises(Malformed):
            b.receive(echo, world.now)
    assert b.life.state is State.NEW


def test_a_restart_within_the_connection_is_not_answered() -> None:
    world = talking()
    peer = Introduction(77, 100_000, 10, 10, 5)
    init = Sealer(source=5000, destination=5000, tag=0).seal([wire.chunk(wire.INIT, peer.written())])
    world.b.association.receive(init, world.now)
    assert world.b.association.take(world.now) == []
    assert world.b.association.life.state is State.ESTABLISHED


# --- data


def test_small_messages_share_packets_and_every_second_packet_is_acknowledged() -> None:
    world = talking()
    one = world.a.channel("one")
    for _ in range(100):
        world.a.channels.send(one, bytes(100), now=world.now)
    world.run(lambda: len(world.b.arrived()) == 100)
    packets = [packet for packet in world.sent["a"] if wire.DATA in kinds(packet)]
    assert len(packets) <= 12
    assert max(map(len, packets)) <= MTU
    acknowledgements = [packet for packet in world.sent["b"] if wire.SACK in kinds(packet)]
    assert len(packets) // 2 <= len(acknowledgements) <= len(packets) // 2 + 1


def test_one_packet_alone_is_acknowledged_a_little_later() -> None:
    world = talking()
    world.a.channels.send(world.a.channel("one"), b"x", now=world.now)
    begun = world.now
    world.run(lambda: world.a.association.sender.idle)
    assert world.now - begun == pytest.approx(machine.SACK_DELAY + 2 * world.line.delay)


def test_a_lost_packet_is_sent_again_before_the_timeout() -> None:
    world = talking()
    lost: list[bytes] = []

    def drop(side: str, packet: bytes) -> bool:
        if side == "a" and not lost and wire.DATA in kinds(packet):
            lost.append(packet)
            return True
        return False

    world.line = Line(drop=drop)
    begun = world.now
    for number in range(9):
        world.a.channels.send(world.a.channel("one"), bytes((number,)) * 1100, now=world.now)
    window = world.a.association.sender.congestion.window
    world.run(lambda: len(world.b.arrived()) == 9)
    assert world.now - begun < 0.2
    assert world.a.association.sender.congestion.window < window
    assert [message[0] for message in world.b.arrived()] == list(range(9))


def test_a_reader_that_does_not_take_its_messages_stops_the_writer() -> None:
    world = talking(Line(delay=0.001))
    world.b.association.paused = True
    for _ in range(3000):
        world.a.channels.send(world.a.channel("one"), bytes(1000), now=world.now)
    world.pass_time(30)
    assert world.b.association.receiver.held <= receiving.WINDOW
    assert world.a.association.sender.queue.waiting > 1_500_000
    assert world.a.association.life.state is State.ESTABLISHED
    world.b.association.paused = False
    world.run(lambda: len(world.b.arrived()) == 3000)


def test_a_writer_of_small_messages_is_stopped_without_loss_and_goes_on_at_once() -> None:
    world = talking(Line(delay=0.001))
    receiver = world.b.association.receiver
    sent = [number.to_bytes(2, "big") * 75 for number in range(6000)]
    world.b.association.paused = True
    for message in sent:
        world.a.channels.send(world.a.channel("one"), message, now=world.now)
    world.run(lambda: receiver.window < MTU)
    world.pass_time(0.5)
    assert world.a.association.sender.queue.waiting
    assert receiver.dropped <= 4  # those that ask whether there is room yet
    world.b.association.paused = False
    begun = world.now
    world.run(lambda: len(world.b.arrived()) == len(sent))
    assert world.b.arrived() == sent
    assert world.now - begun < 1.5


@pytest.mark.parametrize("whole", [10, 250])
def test_a_reader_tells_of_room_while_what_is_beyond_a_gap_still_takes_some(whole: int) -> None:
    reader = talking(Line(delay=0.001)).b.association
    receiver, size = reader.receiver, 1000
    reader.paused = True
    first = receiver.cumulative + 1
    for number in range(835):
        if number != whole:
            receiver.data(wire.FIRST | wire.LAST, (first + number) & 0xFFFFFFFF, 0, number + 1, 53, bytes(size))
    receiver.sack()
    assert receiver.told < MTU
    reader.paused = False
    assert len(reader.messages(1000)) == whole
    assert receiver.held > receiving.WINDOW // 2
    assert receiver.at_once


def test_a_peer_with_little_room_is_asked_to_answer_at_once() -> None:
    world = talking(Line(delay=0.001))
    world.a.association.sender.window = 1500
    told = world.b.association.receiver.sack
    world.b.association.receiver.sack = lambda: told()[:8] + (1500).to_bytes(4, "big") + told()[12:]  # as LiveKit's test client
    begun = world.now
    for _ in range(100):
        world.a.channels.send(world.a.channel("one"), bytes(200), now=world.now)
    world.run(lambda: len(world.b.arrived()) == 100)
    assert world.now - begun < 0.1


def test_a_large_message_delays_no_other_stream_by_more_than_itself() -> None:
    world = talking()
    large, small = world.a.channel("one"), world.a.channels.create("small")
    world.run(lambda: small.opened)
    for _ in range(20):
        world.a.channels.send(large, bytes(60_000), now=world.now)
    world.a.channels.send(small, b"now", now=world.now)
    world.run(lambda: world.b.arrived("small") == [b"now"])
    assert len(world.b.arrived("one")) <= 2


def test_a_lossy_message_that_waits_too_long_for_its_turn_is_dropped_unsent() -> None:
    world = talking()
    lossy = world.a.channels.create("lossy", retransmissions=0)
    world.run(lambda: lossy.opened)
    for _ in range(100):
        world.a.channels.send(world.a.channel("one"), bytes(60_000), now=world.now)
        world.a.channels.send(lossy, bytes(20_000), now=world.now, started_by=world.now + 1.0)
    world.run(lambda: world.a.association.sender.idle, within=300)
    assert len(world.b.arrived("one")) == 100
    assert 0 < len(world.b.arrived("lossy")) < 100


# --- the rest


def test_a_heartbeat_is_answered_and_a_quiet_line_is_probed() -> None:
    world = talking()
    b = world.b.association
    beat = Sealer(source=5000, destination=5000, tag=b.life.tag).seal([wire.chunk(wire.HEARTBEAT, b"info1234")])
    b.receive(beat, world.now)
    (answer,) = b.take(world.now)
    assert kinds(answer) == [wire.HEARTBEAT_ACK]
    assert answer[16:24] == b"info1234"
    quiet = World(5).up()
    quiet.run(lambda until=quiet.now + 400: quiet.now >= until, within=500)
    assert quiet.a.association.life.state is State.ESTABLISHED
    quiet.line = Line(loss=1.0)
    quiet.run(lambda: quiet.a.association.life.state is State.CLOSED, within=500)
    assert quiet.a.association.life.failure == "the peer does not answer"


def test_an_unknown_chunk_is_skipped_or_ends_the_packet_by_its_bits() -> None:
    world = talking()
    b = world.b.association
    sealer = Sealer(source=5000, destination=5000, tag=b.life.tag)
    for kind, answered in ((0xBF, True), (0xFF, True), (0x3F, False), (0x7F, False)):
        b.receive(sealer.seal([wire.chunk(kind, b"1234"), wire.chunk(wire.HEARTBEAT, b"beat")]), world.now)
        assert bool(b.take(world.now)) is answered


@pytest.mark.parametrize("loss", [0.0, 0.3])
def test_a_channel_is_closed_by_resetting_both_streams_and_its_number_used_again(loss: float) -> None:
    world = World(6, Line(loss=loss)).up()
    for number in range(4):
        channel = world.a.channels.create("again")
        world.a.channels.send(channel, bytes((number,)), now=world.now)
        world.a.channels.close(channel)
        world.run(lambda number=number: len([one for one in world.a.events if isinstance(one, Closed)]) == number + 1)
        assert channel.stream == 0
    assert world.b.arrived() == [bytes((number,)) for number in range(4)]
    assert len([one for one in world.b.events if isinstance(one, Opened)]) == 4
    assert not world.a.channels.by_stream
    assert not world.b.channels.by_stream


@pytest.mark.parametrize("loss", [0.0, 0.2])
def test_a_shutdown_waits_for_what_was_sent(loss: float) -> None:
    world = World(7, Line(loss=loss)).up()
    one = world.a.channels.create("one")
    for number in range(50):
        world.a.channels.send(one, bytes((number,)) * 3000, now=world.now)
    world.a.association.life.shut_down()
    world.run(lambda: {side.association.life.state for side in (world.a, world.b)} == {State.CLOSED}, within=300)
    assert [message[0] for message in world.b.arrived()] == list(range(50))


def test_an_abort_tells_the_peer() -> None:
    world = talking()
    world.a.association.life.abort("enough")
    world.run(lambda: world.b.association.life.state is State.CLOSED)
    assert world.b.association.life.failure == "aborted by the peer"


def test_an_abort_of_somebody_else_is_nothing() -> None:
    world = talking()
    for tag in (0, 1, world.a.association.life.tag ^ 5):
        packet = Sealer(source=5000, destination=5000, tag=tag).seal([wire.chunk(wire.ABORT)])
        with pytest.raises(Malformed):
            world.b.association.receive(packet, world.now)
    assert world.b.association.life.state is State.ESTABLISHED


def test_an_acknowledgement_for_what_was_not_sent_is_malformed() -> None:
    world = talking()
    a = world.a.association
    body = wire.sack(tsn=a.sender.next_tsn + 5, window=1000, gaps=(), duplicates=())
    with pytest.raises(Malformed):
        a.receive(Sealer(source=5000, destination=5000, tag=a.life.tag).seal([body]), world.now)
    rising = pack("!BBHIIHHHHHH", 3, 0, 24, a.sender.acknowledged & 0xFFFFFFFF, 1000, 2, 0, 5, 9, 3, 4)
    with pytest.raises(Malformed):
        a.receive(Sealer(source=5000, destination=5000, tag=a.life.tag).seal([rising]), world.now)
