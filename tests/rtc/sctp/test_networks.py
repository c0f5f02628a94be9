"""What arrives over bad lines: everything where it must, in order where it must, and never twice."""

from __future__ import annotations

import random

import pytest

from suite.rtc.sctp.channels import Opened
from suite.rtc.sctp.life import State
from tests.rtc.sctp.line import Line, World

LINES = {
    "clean": Line(),
    "loss 2 %": Line(loss=0.02),
    "loss 5 %": Line(loss=0.05),
    "loss 10 %": Line(loss=0.1),
    "loss 20 %": Line(loss=0.2),
    "reorder": Line(reorder=0.3),
    "repeat": Line(repeat=0.3),
    "all of it": Line(loss=0.1, reorder=0.2, repeat=0.2),
    "blackout of 2 s": Line(silent=(100.3, 102.3)),
}


def messages(chance: random.Random, count: int) -> list[bytes]:
    """Of every size: empty, small, a packet, many packets."""
    sizes = (0, 1, 50, 1150, 1200, 9000, 60000)
    return [number.to_bytes(4, "big") + chance.randbytes(chance.choice(sizes)) for number in range(count)]


@pytest.mark.parametrize("line", LINES.values(), ids=LINES.keys())
@pytest.mark.parametrize("turn", range(2))
def test_reliable_messages_arrive_in_order_whole_and_once(line: Line, turn: int) -> None:
    world = World(random.randrange(2**32), line).up()
    there, back = world.a.channels.create("there"), world.b.channels.create("back")
    sent, returned = messages(world.chance, 120), messages(world.chance, 40)
    for message in sent:
        world.a.channels.send(there, message, now=world.now)
    for message in returned:
        world.b.channels.send(back, message, now=world.now)
    world.run(lambda: len(world.b.arrived()) == len(sent) and len(world.a.arrived()) == len(returned), within=400)
    assert world.b.arrived() == sent
    assert world.a.arrived() == returned
    world.run(lambda: world.a.association.sender.idle and world.b.association.sender.idle)
    assert world.a.association.receiver.held == world.b.association.receiver.held == 0
    assert world.a.association.sender.flight == world.b.association.sender.flight == 0


@pytest.mark.parametrize("line", LINES.values(), ids=LINES.keys())
@pytest.mark.parametrize("ordered", [True, False])
def test_lossy_messages_arrive_at_most_once_and_hold_up_nothing(line: Line, *, ordered: bool) -> None:
    world = World(random.randrange(2**32), line).up()
    lossy = world.a.channels.create("lossy", ordered=ordered, retransmissions=0)
    sure = world.a.channels.create("sure")
    world.run(lambda: sum(isinstance(one, Opened) for one in world.a.events) == 2)
    sent, reliable = messages(world.chance, 150), messages(world.chance, 30)
    for number, message in enumerate(sent):
        world.a.channels.send(lossy, message, now=world.now)
        if number % 5 == 0:
            world.a.channels.send(sure, reliable[number // 5], now=world.now)
        world.run(lambda until=world.now + 0.01: world.now >= until or world.a.association.sender.idle)
    world.run(lambda: world.a.association.sender.idle, within=400)
    world.run(lambda: len(world.b.arrived("sure")) == len(reliable))
    assert world.b.arrived("sure") == reliable
    arrived = world.b.arrived("lossy")
    numbers = [int.from_bytes(message[:4], "big") for message in arrived]
    assert len(set(numbers)) == len(numbers)
    assert all(message == sent[number] for number, message in zip(numbers, arrived, strict=True))
    if ordered:
        assert numbers == sorted(numbers)
    if line == Line():
        assert len(arrived) == len(sent)
    assert len(arrived) > len(sent) // 8
    assert world.b.association.receiver.held == 0
    assert world.a.association.sender.flight == 0


def test_a_lifetime_ends_retransmission() -> None:
    world = World(random.randrange(2**32), Line(silent=(101.0, 103.0))).up()
    short = world.a.channels.create("short", lifetime=0.3)
    world.run(lambda: short.opened)
    world.pass_time(101.5 - world.now)
    for number in range(20):
        world.a.channels.send(short, bytes(1000) + bytes((number,)), now=world.now)
    world.pass_time(2.5)
    world.a.channels.send(short, b"after", now=world.now)
    world.run(lambda: b"after" in world.b.arrived())
    assert world.b.arrived() == [b"after"]


@pytest.mark.parametrize("turn", range(3))
def test_numbers_wrap(turn: int) -> None:
    world = World(random.randrange(2**32), Line(loss=0.05, reorder=0.1), tsns=(2**32 - 20, 2**32 - 3)).up()
    there = world.a.channels.create("there")
    sent = [number.to_bytes(4, "big") * 500 for number in range(300)]
    for message in sent:
        world.a.channels.send(there, message, now=world.now)
    world.run(lambda: len(world.b.arrived()) == len(sent))
    assert world.b.arrived() == sent


def test_the_sequence_of_a_stream_wraps() -> None:
    world = World(random.randrange(2**32), Line(loss=0.01, delay=0.001)).up()
    there = world.a.channels.create("there")
    world.run(lambda: there.opened)
    total = 66_500
    for start in range(0, total, 3500):
        for number in range(start, start + 3500):
            world.a.channels.send(there, number.to_bytes(4, "big"), now=world.now)
        world.run(lambda until=start + 3500: len(world.b.arrived()) == until if len(world.b.events) > until else False)
    assert world.b.arrived() == [number.to_bytes(4, "big") for number in range(total)]


@pytest.mark.parametrize("seed", range(8))
def test_set_up_survives_loss_and_both_begin(seed: int) -> None:
    world = World(seed, Line(loss=0.4, reorder=0.3, repeat=0.2))
    world.up(both=seed % 2 == 0)
    one = world.a.channels.create("one")
    world.a.channels.send(one, b"hello", now=world.now)
    world.run(lambda: world.b.arrived() == [b"hello"])


def test_a_silent_peer_is_given_up() -> None:
    world = World(1, Line()).up()
    one = world.a.channels.create("one")
    world.run(lambda: one.opened)
    world.line = Line(loss=1.0)
    world.a.channels.send(one, b"hello", now=world.now)
    world.run(lambda: world.a.association.life.state is State.CLOSED, within=300)
    assert world.a.association.life.failure == "the peer does not answer"
