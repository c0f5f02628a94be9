"""How often somebody may ask."""

from __future__ import annotations

from suite.rtc.signalling import rate
from suite.rtc.signalling.rate import Rate


def test_a_burst_then_so_many_a_second_for_each_key() -> None:
    limit = Rate(each=2.0, burst=3.0)
    assert [limit.allows("a", 0.0) for _ in range(4)] == [True, True, True, False]
    assert limit.allows("b", 0.0)
    assert [limit.allows("a", 1.0) for _ in range(3)] == [True, True, False]
    assert [limit.allows("a", 100.0) for _ in range(4)] == [True, True, True, False]


def test_a_clock_that_goes_back_gives_nothing() -> None:
    limit = Rate(each=1.0, burst=1.0)
    assert limit.allows("a", 10.0)
    assert not limit.allows("a", 5.0)


def test_memory_is_bounded() -> None:
    limit = Rate(each=1.0, burst=1.0)
    for number in range(rate.MOST + 10):
        limit.allows(number, 0.0)
    assert len(limit._buckets) == rate.MOST
