"""The estimate of a line, on lines that change, lose, stall and jitter."""

from __future__ import annotations

import random

import pytest

from suite.rtc.core.congestion.estimator import FIRST, Estimator
from tests.rtc.core.congestion.link import Link, Told

WIDE = 2_000_000
NARROW = 300_000


def drawn() -> int:
    seed = random.randrange(2**32)
    print("seed", seed)
    return seed


@pytest.mark.parametrize("every", [0.05, 0.1])
def test_a_line_that_narrows_is_drained_within_two_seconds_and_found_again_within_ten(every: float) -> None:
    link = Link(bit_rate=WIDE, wanted=2_200_000, every=every, seed=drawn())
    assert link.run(seconds=10) > 0.7 * WIDE
    link.bit_rate = NARROW
    link.run(seconds=2)
    assert link.queue < 0.3
    for _ in range(20):
        assert 0.5 * NARROW < link.run(seconds=1) < 1.4 * NARROW
        assert link.worst < 0.3
    link.bit_rate = WIDE
    assert link.run(seconds=9) > 0.8 * WIDE


def test_while_a_queue_is_drained_less_is_to_be_sent_than_the_line_carries() -> None:
    link = Link(bit_rate=WIDE, seed=drawn())
    link.run(seconds=5)
    link.bit_rate = NARROW
    targets = []
    for _ in range(20):
        link.run(seconds=0.1)
        targets.append(link.estimator.target(link.now) / link.estimator.bit_rate)
    assert min(targets) < 0.2
    assert targets[-1] == 1


def test_without_feedback_a_drain_ends_by_the_clock() -> None:
    link = Link(bit_rate=WIDE, seed=drawn())
    link.run(seconds=5)
    link.bit_rate = NARROW
    while link.estimator.target(link.now) == link.estimator.bit_rate:
        link.run(seconds=0.05)
    assert link.estimator.target(link.now + 4) == link.estimator.bit_rate


@pytest.mark.parametrize(("loss", "kept"), [(0.02, 0.7), (0.05, 0.7), (0.1, 0.6), (0.2, 0.3)])
def test_a_loss_that_does_not_depend_on_the_rate_is_not_congestion(loss: float, kept: float) -> None:
    link = Link(bit_rate=WIDE, loss=loss, wanted=2_200_000, seed=drawn())
    link.run(seconds=15)
    estimates = [link.run(seconds=1) for _ in range(20)]
    assert sum(estimates) / len(estimates) > kept * WIDE


def test_a_line_that_drops_what_is_too_much_is_found_by_its_losses() -> None:
    link = Link(bit_rate=WIDE, longest=0.02, wanted=2_200_000, seed=drawn())
    link.run(seconds=10)
    link.bit_rate = NARROW
    link.run(seconds=3)
    for _ in range(10):
        assert link.run(seconds=1) < 1.5 * NARROW


def test_two_dead_seconds_cost_a_few_more() -> None:
    link = Link(bit_rate=WIDE, wanted=2_200_000, seed=drawn())
    link.run(seconds=10)
    link.loss = 1.0
    link.run(seconds=2)
    link.loss = 0.0
    assert link.run(seconds=5) > 0.6 * WIDE


@pytest.mark.parametrize("jitter", [0.005, 0.02, 0.05])
def test_a_line_that_jitters_is_not_thought_narrow(jitter: float) -> None:
    link = Link(bit_rate=WIDE, jitter=jitter, wanted=2_200_000, seed=drawn())
    link.run(seconds=10)
    estimates = [link.run(seconds=1) for _ in range(20)]
    assert sum(estimates) / len(estimates) > 0.5 * WIDE


def test_a_busy_machine_is_not_taken_for_a_narrow_line() -> None:
    link = Link(bit_rate=5_000_000, seed=drawn())
    before = link.run(seconds=5, send=lambda _: NARROW)
    for _ in range(10):
        link.stalled_until = link.now + 0.25
        link.run(seconds=1.1, send=lambda _: NARROW)
    assert link.estimator.bit_rate > 0.8 * before


def test_a_line_that_carries_little_is_not_thought_narrow() -> None:
    link = Link(bit_rate=WIDE, seed=drawn())
    assert link.run(seconds=10, send=lambda _: 60_000) >= FIRST


def test_probes_find_what_nobody_sends_and_stop_once_it_is_enough() -> None:
    link = Link(bit_rate=5_000_000, seed=drawn())
    link.estimator.bit_rate = NARROW
    link.wanted = 1_500_000
    assert link.run(seconds=8, send=lambda _: 200_000) > 1_500_000
    link.run(seconds=1, send=lambda _: 0)
    sent = next(link.order)
    link.run(seconds=5, send=lambda _: 0)
    assert next(link.order) == sent + 1


def test_probes_of_a_full_line_are_rare_and_small() -> None:
    link = Link(bit_rate=NARROW, wanted=WIDE, seed=drawn())
    link.run(seconds=10, send=lambda _: 200_000)
    for _ in range(30):
        link.run(seconds=1, send=lambda _: 200_000)
        assert link.worst < 0.3
        assert link.estimator.bit_rate < 1.5 * NARROW


def test_any_feedback_is_survived() -> None:
    chance = random.Random(drawn())
    estimator = Estimator()
    now = 0.0
    for _ in range(5000):
        now += chance.choice((0, 0.01, 5))
        told = Told(
            received=chance.choice((0, 1, 500)), lost=chance.choice((0, 500)), mean=chance.uniform(-1e6, 1e6),
            shortest=chance.uniform(-1e6, 1e6), arrived_first=chance.uniform(-1e6, 1e6), arrived_last=chance.uniform(-1e6, 1e6),
            left_last=chance.uniform(-1e6, 1e6), arrived_bytes=chance.choice((0, 10**9)), in_flight=chance.choice((0, 10**9)),
        )  # fmt: skip
        estimator.take(told, now, probing=chance.random() < 0.5)
        assert 50_000 <= estimator.bit_rate <= 20_000_000
        assert 0 <= estimator.target(now) <= estimator.bit_rate
