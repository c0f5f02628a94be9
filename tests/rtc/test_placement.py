"""New rooms go where least is to be done."""

from __future__ import annotations

from collections import Counter

from suite.rtc.link.frames import pack
from suite.rtc.placement import Load, choose


def none(_worker: str) -> int:
    return 0


def test_the_least_busy_worker_is_chosen() -> None:
    assert choose({"a": Load(cpu=0.8), "b": Load(cpu=0.1), "c": Load(cpu=0.4)}, none) == "b"
    assert choose({"a": Load(participants=90), "b": Load(rooms=3, participants=4)}, none) == "b"


def test_one_that_drains_is_not() -> None:
    assert choose({"a": Load(draining=True), "b": Load(cpu=0.9)}, none) == "b"
    assert choose({"a": Load(draining=True)}, none) is None
    assert choose({}, none) is None


def test_rooms_that_come_at_once_are_spread_before_any_load_is_told() -> None:
    placed: Counter[str] = Counter()
    for _ in range(30):
        chosen = choose({"a": Load(), "b": Load(), "c": Load()}, lambda worker: placed[worker])
        assert chosen is not None
        placed[chosen] += 1
    assert set(placed.values()) == {10}


def test_a_load_is_read_from_its_frame() -> None:
    load = Load.read(pack({"cpu": 0.25, "rooms": 2, "participants": 5, "draining": True, "counts": {"media": {"rtx_sent": 1}}}))
    assert (load.cpu, load.rooms, load.participants, load.draining) == (0.25, 2, 5, True)
    assert load.counts["media"]["rtx_sent"] == 1
