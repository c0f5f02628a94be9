"""What a line's pictures get of it, and that they do not come and go."""

from __future__ import annotations

from random import Random, randrange

import pytest

from suite.rtc.core.congestion.allocator import RISE, RISE_SOON, STARVED, Patience, Picture, allocate, wanted

RATES = (150_000, 450_000, 1_500_000)


def picture(key: str, *, first: bool = False, current: int = STARVED) -> Picture:
    return Picture(key=key, first=first, rates=RATES, current=current)


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        (100_000, {"screen": -1, "a": -1, "b": -1}),
        (600_000, {"screen": 1, "a": -1, "b": -1}),
        (1_900_000, {"screen": 2, "a": 0, "b": 0}),
        (2_300_000, {"screen": 2, "a": 1, "b": 0}),
        (5_000_000, {"screen": 2, "a": 2, "b": 2}),
    ],
)
def test_the_first_is_served_whole_then_one_of_each_then_better_ones(budget: int, expected: dict[str, int]) -> None:
    assert allocate([picture("screen", first=True), picture("a"), picture("b")], budget, margin=RISE) == expected


def test_nothing_is_given_that_does_not_fit() -> None:
    chance = Random(seed := randrange(2**32))
    print("seed", seed)
    for _ in range(500):
        pictures = [
            Picture(
                key=str(n), first=chance.random() < 0.2, rates=tuple(sorted(chance.randrange(1, 2_000_000) for _ in range(3))),
                current=STARVED,
            )
            for n in range(chance.randrange(1, 8))
        ]  # fmt: skip
        budget = chance.randrange(6_000_000)
        given = allocate(pictures, budget, margin=RISE)
        assert sum(one.rates[given[one.key]] for one in pictures if given[one.key] != STARVED) <= budget
        assert allocate(pictures, 2 * wanted(pictures), margin=RISE) == {one.key: 2 for one in pictures}


def test_a_layer_is_kept_with_less_than_it_takes_to_rise_to_it() -> None:
    for budget, current, expected in ((1_300_000, 2, 2), (1_600_000, 1, 1), (1_700_000, 1, 2), (1_100_000, 2, 1)):
        assert allocate([picture("a", current=current)], budget, margin=RISE) == {"a": expected}


@pytest.mark.parametrize("around", [450_000, 520_000, 1_500_000, 1_700_000])
def test_an_estimate_that_comes_and_goes_moves_few_pictures(around: int) -> None:
    chance, patience, level, switches = Random(seed := randrange(2**32)), Patience(), 2, []
    print("seed", seed)
    for tick in range(3000):
        now = tick / 10
        swing = 1 + 0.3 * chance.random() if tick // 30 % 2 else 1 - 0.3 * chance.random()
        after = allocate([picture("a", current=level)], around * swing, margin=patience.margin(now))
        patience.changed({"a": level}, after, now)
        if after["a"] != level:
            switches.append(now)
        level = after["a"]
    for minute in range(1, 5):
        assert len([at for at in switches if 60 * minute <= at < 60 * minute + 60]) <= 3


def test_a_rise_that_was_regretted_waits_longer() -> None:
    patience = Patience()
    patience.changed({"a": 2}, {"a": 1}, 0.0)
    assert (patience.margin(3.9), patience.margin(4.1)) == (RISE_SOON, RISE)
    patience.changed({"a": 1}, {"a": 2}, 5.0)
    patience.changed({"a": 2}, {"a": 1}, 6.0)
    assert (patience.margin(65.0), patience.margin(67.0)) == (RISE_SOON, RISE)
