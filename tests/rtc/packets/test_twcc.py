"""Transport-wide feedback: what we write is what we read, and the estimate follows a line."""

from __future__ import annotations

import random

from suite.rtc.packets import rtcp, twcc
from suite.rtc.packets.estimate import FIRST, Estimator


def told(feedback: bytes) -> dict[int, float | None]:
    [(kind, form, body)] = rtcp.packets(feedback)
    assert (kind, form) == (rtcp.TRANSPORT_FEEDBACK, rtcp.TRANSPORT_WIDE)
    return dict(twcc.arrivals(body))


def test_arrivals_come_back_as_they_were_noted() -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    arrivals = twcc.Arrivals()
    now, expected, heard = 500.0, {}, {}
    for number in range(3000):
        sequence = (65000 + number) & 0xFFFF
        now += chance.choice((0.0001, 0.002, 0.05))
        if chance.random() < 0.9:
            arrivals.add(sequence, now, 7)
            expected[number] = now
        if number % 100 == 99:
            heard |= told(arrivals.feedback(1))
    while feedback := arrivals.feedback(1):
        heard |= told(feedback)
    assert {(one - 65000) & 0xFFFF for one, when in heard.items() if when is not None} == set(expected)
    first = min(expected)
    shift = heard[(65000 + first) & 0xFFFF] - expected[first]
    for number, when in expected.items():
        assert abs(heard[(65000 + number) & 0xFFFF] - when - shift) < 0.0005


def test_reordered_packets_are_told_too() -> None:
    arrivals = twcc.Arrivals()
    for sequence in (10, 12, 11):
        arrivals.add(sequence, 1.0 + sequence / 1000, 7)
    assert [when is not None for when in told(arrivals.feedback(1)).values()] == [True, True, True]
    arrivals.add(13, 2.0, 7)
    arrivals.add(9, 2.1, 7)
    assert set(told(arrivals.feedback(1))) >= {9, 13}
    assert arrivals.feedback(1) == b""


class Link:
    """A line of `bit_rate` with a queue, fed with packets of 1,000 bytes."""

    def __init__(self, *, bit_rate: int) -> None:
        self.bit_rate = bit_rate
        self.estimator = Estimator()
        self.arrivals = twcc.Arrivals()
        self.now = self.free = 100.0
        self.sequence = 0
        self.queue = 0.0

    def run(self, *, seconds: float, sent: int | None = None) -> int:
        """Send at the estimate (or at `sent`), with feedback each 100 ms; the estimate at the end."""
        end = self.now + seconds
        feedback_due = self.now
        while self.now < end:
            rate = sent if sent is not None else self.estimator.bit_rate
            self.now += 8000 / rate
            self.free = max(self.free, self.now) + 8000 / self.bit_rate
            self.queue = self.free - self.now
            self.estimator.sent.add(self.sequence & 0xFFFF, self.now, 1000)
            if self.queue < 0.5:
                self.arrivals.add(self.sequence & 0xFFFF, self.free + 0.02, 1)
            else:
                self.free -= 8000 / self.bit_rate
            self.sequence += 1
            if self.now >= feedback_due:
                feedback_due = self.now + 0.1
                feedback = self.arrivals.feedback(1)
                if feedback:
                    self.estimator.feedback(
                        feedback[4:] if not feedback[0] & 0x20 else next(rtcp.packets(feedback))[2], self.now
                    )
        return self.estimator.bit_rate


def test_the_estimate_finds_a_narrow_line_and_grows_on_a_wide_one() -> None:
    link = Link(bit_rate=2_000_000)
    link.run(seconds=5)
    assert link.estimator.bit_rate > 1_200_000
    link.bit_rate = 300_000
    link.run(seconds=2)
    assert link.queue < 0.3
    link.run(seconds=5)
    assert 100_000 < link.estimator.bit_rate < 400_000
    assert link.queue < 0.3
    link.bit_rate = 2_000_000
    assert link.run(seconds=15) > 1_000_000


def test_a_busy_machine_is_not_taken_for_a_narrow_line() -> None:
    link = Link(bit_rate=5_000_000)
    link.run(seconds=5, sent=300_000)
    before = link.estimator.bit_rate
    for _ in range(10):
        link.free = link.now + 0.25  # everything waits a quarter of a second, once
        link.run(seconds=0.12, sent=300_000)
        link.run(seconds=1, sent=300_000)
    assert link.estimator.bit_rate > 0.5 * before


def test_a_line_that_carries_little_is_not_thought_narrow() -> None:
    link = Link(bit_rate=2_000_000)
    assert link.run(seconds=10, sent=60_000) >= FIRST
