"""Where rooms are placed."""

from __future__ import annotations

from collections import Counter

from suite.rtc.directory import HashedDirectory


async def test_every_process_places_a_room_alike_and_all_workers_get_some() -> None:
    first, second = HashedDirectory(["a", "b", "c"]), HashedDirectory(["a", "b", "c"])
    placed = Counter()
    for number in range(300):
        worker = await first.place(f"room {number}")
        assert worker == await second.place(f"room {number}")
        placed[worker] += 1
    assert sorted(placed) == [0, 1, 2]
    assert min(placed.values()) > 60


async def test_another_worker_moves_no_more_than_its_share() -> None:
    before, after = HashedDirectory(["a", "b"]), HashedDirectory(["a", "b", "c"])
    moved = [n for n in range(300) if await before.place(str(n)) != await after.place(str(n))]
    assert len(moved) < 150
    assert all([await after.place(str(n)) == 2 for n in moved])
