"""Transport-wide feedback: what we write is what we read."""

from __future__ import annotations

import random

from suite.rtc.packets import rtcp, twcc


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
    assert {one for one, when in told(arrivals.feedback(1)).items() if when is not None} == {9, 13}
    assert arrivals.feedback(1) == b""


def test_what_is_under_way_is_what_left_after_the_last_that_was_told_of() -> None:
    sent, arrivals = twcc.Sent(), twcc.Arrivals()
    for number in range(20):
        sent.add((65530 + number) & 0xFFFF, 1.0 + number / 100, 100 + number)
    for number in (0, 1, 3, 9):
        arrivals.add((65530 + number) & 0xFFFF, 1.5 + number / 100, 7)
    digest = twcc.digest(next(rtcp.packets(arrivals.feedback(1)))[2], sent)
    assert (digest.received, digest.lost) == (4, 6)
    assert digest.in_flight == sum(100 + number for number in range(10, 20))
