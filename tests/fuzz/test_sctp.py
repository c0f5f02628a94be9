"""Any bytes give a parsed association or the one error, at bounded cost in memory.

`HYPOTHESIS_EXAMPLES=20000 python -m pytest tests/fuzz/test_sctp.py` tries harder.
"""

from __future__ import annotations

import contextlib
import os
import random
import tracemalloc
from struct import pack

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from suite.rtc.sctp import receiving, wire
from suite.rtc.sctp.channels import Channels
from suite.rtc.sctp.errors import Malformed, Violation
from suite.rtc.sctp.life import State
from suite.rtc.sctp.receiving import Receiver
from tests.fuzz.targets import feed, sealed, up
from tests.rtc.sctp.line import Line, Stuck, World

pytestmark = [pytest.mark.slow, pytest.mark.patient]

MODEST = settings(
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "120")), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
KINDS = [*range(16), 64, 130, 132, 192, 255]
BOUND = 6 * 1024 * 1024  # bytes that a hostile peer may cost


def chunks() -> st.SearchStrategy[bytes]:
    """Chunks that look like some: right kinds, lengths mostly right, bodies of anything."""
    numbers = st.sampled_from([0, 1, 2, 0x7FFF, 0xFFFF]) | st.integers(0, 0xFFFF)
    body = st.binary(max_size=200) | st.lists(numbers, max_size=40).map(lambda given: pack(f"!{len(given)}H", *given))
    length = st.one_of(st.none(), st.none(), st.none(), st.integers(0, 0xFFFF))

    def written(given: tuple[int, int, bytes, int | None]) -> bytes:
        kind, flags, body, length = given
        size = 4 + len(body) if length is None else length
        return pack("!BBH", kind, flags, size) + body + bytes(-len(body) & 3)

    return st.tuples(st.sampled_from(KINDS), st.integers(0, 255), body, length).map(written)


@MODEST
@given(st.binary(max_size=1500))
@example(b"")
@example(bytes(12))
@example(pack("!HHII", 5000, 5000, 0, 0) + pack("!BBH", 1, 0, 4))
def test_any_bytes(packet: bytes) -> None:
    for world in (up(), World(1)):
        feed(world, packet)


@MODEST
@given(st.lists(st.lists(chunks(), min_size=1, max_size=6), min_size=1, max_size=8))
def test_chunks_of_any_content(packets: list[list[bytes]]) -> None:
    world = up()
    for given_chunks in packets:
        feed(world, sealed(world.b.association, b"".join(given_chunks)))


@MODEST
@given(st.binary(max_size=300), st.sampled_from([wire.INIT, wire.INIT_ACK, wire.COOKIE_ECHO]))
def test_set_up_with_anything(body: bytes, kind: int) -> None:
    for state in (State.NEW, State.COOKIE_WAIT):
        world = World(1)
        if state is State.COOKIE_WAIT:
            world.b.association.life.connect(world.now)
        tag = 0 if kind == wire.INIT else None
        feed(world, sealed(world.b.association, wire.chunk(kind, body), tag=tag))


@MODEST
@given(st.data())
def test_a_true_conversation_with_flipped_bits(data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 2**32 - 1))
    chance = random.Random(seed)
    world = World(seed, Line(loss=0.05))
    post = world._post

    def damaged(side: object, packet: bytes) -> None:
        if chance.random() < 0.3:
            at = chance.randrange(12, len(packet))
            packet = packet[:at] + bytes((packet[at] ^ (1 << chance.randrange(8)),)) + packet[at + 1 :]
            association = (world.b if side is world.a else world.a).association
            with contextlib.suppress(Malformed):
                association.receive(sealed(association, packet[12:]), world.now)
            return
        post(side, packet)

    world._post = damaged
    world.a.association.life.connect(world.now)
    world.b.association.life.connect(world.now)
    one = world.a.channels.create("one")
    for _ in range(10):
        world.a.channels.send(one, chance.randbytes(chance.choice((1, 2000, 30_000))), now=world.now)
    try:
        sides = (world.a, world.b)
        world.run(lambda: world.a.association.sender.idle or State.CLOSED in {one.association.life.state for one in sides})
    except Malformed:
        pass
    except Stuck:
        return  # both wait for good: damage has changed what they agreed on
    assert world.a.association.sender.flight >= 0


def test_every_cut_of_a_packet() -> None:
    world = World(3, Line(loss=0.2)).up()
    one = world.a.channels.create("one", retransmissions=0)
    for _ in range(20):
        world.a.channels.send(one, bytes(4000), now=world.now)
    world.run(lambda: world.a.association.sender.idle)
    seen = {packet[12]: packet for packet in world.sent["a"]}
    for packet in seen.values():
        for end in range(len(packet)):
            feed(up(), packet[:end])
            world = up()
            feed(world, sealed(world.b.association, packet[12:end]))


# --- hostile peers: memory


def data(tsn: int, *, flags: int, stream: int = 0, sequence: int = 0, size: int = 1000) -> bytes:
    return wire.DATA_HEAD.pack(0, flags, 16 + size, tsn & 0xFFFFFFFF, stream, sequence, 53) + bytes(size) + bytes(-size & 3)


def cost(world: World, packets: list[bytes]) -> int:
    """The most bytes that these packets make us hold."""
    association = world.b.association
    association.paused = True
    tracemalloc.start()
    for body in packets:
        feed(world, sealed(association, body))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


@pytest.mark.parametrize("size", [1, 40, 1000])
def test_messages_without_an_end(size: int) -> None:
    world = up()
    first = world.b.association.receiver.cumulative + 1
    packets = [data(first + number, flags=2 if not number else 0, size=size) for number in range(20_000)]
    assert cost(world, packets) < BOUND
    assert world.b.association.life.failure == "too much unfinished data"


@pytest.mark.parametrize("size", [1, 1000])
def test_many_messages_that_begin_and_do_not_end(size: int) -> None:
    world = up()
    first = world.b.association.receiver.cumulative + 2
    packets = [data(first + number, flags=6, size=size) for number in range(20_000)]
    assert cost(world, packets) < BOUND


@pytest.mark.parametrize("step", [1, 2, 3, 50])
def test_gaps_without_end(step: int) -> None:
    world = up()
    first = world.b.association.receiver.cumulative + 2
    packets = [data(first + step * number, flags=7, size=1) for number in range(3000)]
    assert cost(world, packets) < BOUND
    assert len(world.b.association.receiver._gaps) <= receiving.GAPS_MOST


def test_a_peer_that_ignores_the_window() -> None:
    world = up()
    first = world.b.association.receiver.cumulative + 1
    packets = [data(first + number, flags=7, size=1100) for number in range(5000)]
    assert cost(world, packets) < BOUND
    assert world.b.association.receiver.window < 3000


def test_ordered_messages_whose_first_never_comes() -> None:
    world = up()
    first = world.b.association.receiver.cumulative + 1
    packets = [data(first + number, flags=3, stream=number % 1024, sequence=5 + number // 1024) for number in range(20_000)]
    assert cost(world, packets) < BOUND
    assert world.b.association.life.failure == "too much unfinished data"


def test_streams_beyond_what_was_agreed_are_dropped() -> None:
    world = up()
    first = world.b.association.receiver.cumulative + 1
    packets = [data(first + number, flags=3, stream=number % 65536, size=1) for number in range(30_000)]
    assert cost(world, packets) < BOUND
    assert len(world.b.association.receiver._streams) <= receiving.STREAMS


@pytest.mark.parametrize(
    "body", [wire.chunk(wire.HEARTBEAT, bytes(1000)), wire.chunk(wire.RECONFIG, wire.parameter(13, bytes(16)))]
)
def test_questions_without_end_are_not_all_answered(body: bytes) -> None:
    world = up()
    association = world.b.association
    for _ in range(2000):
        with contextlib.suppress(Malformed):
            association.receive(sealed(association, body), world.now)
    assert len(association.take(world.now)) <= 65


def test_openings_without_end() -> None:
    world = up()
    for _ in range(40):
        channel = world.a.channels.create("more")
        world.a.channels.by_stream.pop(channel.stream)  # it does not count its own
        world.a.channels._next = channel.stream + 2
    world.run(lambda: world.b.association.life.state is State.CLOSED)
    assert world.b.association.life.failure == "too many data channels"


def test_fragments_of_different_messages_end_the_association() -> None:
    receiver = Receiver(10)
    receiver.data(wire.FIRST, 10, 1, 0, 53, b"a")
    with pytest.raises(Violation):
        receiver.data(wire.LAST, 11, 2, 0, 53, b"b")


def test_a_message_over_the_limit_ends_the_association() -> None:
    receiver = Receiver(10)
    pieces = receiving.MESSAGE_MOST // 1100 + 1
    for number in range(pieces):
        receiver.data(wire.FIRST if not number else 0, 10 + number, 1, 0, 53, bytes(1100))
    with pytest.raises(Violation):
        receiver.data(wire.LAST, 10 + pieces, 1, 0, 53, bytes(1100))


def test_channels_take_any_opening() -> None:
    @MODEST
    @given(st.binary(min_size=1, max_size=100), st.integers(0, 70000))
    def tried(payload: bytes, stream: int) -> None:
        world = up()
        channels: Channels = world.b.channels
        world.b.association.receiver.ready.append((stream, 50, payload))
        world.b.association.receiver.held += len(payload) + receiving.PIECE_COST
        channels.events()

    tried()
