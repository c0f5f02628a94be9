"""Packets of a publisher's by chance from a seed: lost, late, twice, far ahead; both twins tell it what arrived."""

from __future__ import annotations

import random

from suite.rtc.kernel.library import Kernel
from suite.rtc.kernel.rows import AWAITED, SPAN, LineRow
from suite.rtc.packets import twcc
from tests.rtc.kernel.twins import agree


def _next(chance: random.Random, number: int) -> int:
    """The number that follows, or one that is lost, late, the same, or from somewhere else."""
    what = chance.random()
    if what < 0.9:
        return number + 1
    if what < 0.94:
        return number + chance.choice([2, 3, 8, 20, 60, 700])
    if what < 0.99:
        return number - chance.choice([0, 1, 1, 2, 5, 30])
    return number + chance.choice([-SPAN - 2, -SPAN - 1, -SPAN, 20_000, 33_000, 40_000])


def _pause(chance: random.Random) -> float:
    """Seconds until the next one: often a round number of ticks and a half, seldom more than a delta holds."""
    if chance.random() < 0.01:
        return chance.choice([0.1, 1.0, 9.0, -0.02, -9.0])
    return chance.choice([0.0, 0.0, 125e-6, 250e-6, 375e-6, 0.001, 0.0041, chance.uniform(0, 0.02)])


def told(kernel: Kernel, seed: int) -> int:
    """Told by both now and then; how many packets were told of. Raises `Difference`."""
    chance = random.Random(seed)
    line = LineRow()
    both = twcc.Arrivals(), twcc.KernelArrivals(kernel, line)
    number, now, media, count = chance.choice([0, 5, 0xFFF0]), chance.uniform(0, 5000), chance.getrandbits(32), 0
    for turn in range(8):
        full = seed % 40 == 0 and turn == 1  # more than may wait
        many = AWAITED + 100 if full else chance.choice([0, 1, 2, 6, 7, 8, 25, 60, 250])
        for _ in range(many):
            now += _pause(chance) if not full else 0.0001
            for one in both:
                one.add(number & 0xFFFF, now, media)
            number = _next(chance, number) if not full else number + 1
        sender = chance.getrandbits(32)
        python, compiled = (one.feedback(sender) for one in both)
        agree("what a publisher is told", python.hex(), compiled.hex())
        count += sum(1 for _ in twcc.arrivals(python[4:])) if python else 0
    return count
