"""The pictures and the sound of a meeting come through the embedded worker: while it stands still, nobody's moves."""

from __future__ import annotations

import signal

import pytest

from tests.journeys.browser import Person, chromium, two_meet
from tests.journeys.conftest import Come
from tests.journeys.house import House
from tests.journeys.staff import until

pytestmark = [
    pytest.mark.journey,
    pytest.mark.xdist_group("whole"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(180),
]
HOUSE = {"speech": False}


async def test_without_the_worker_the_walk_fails_at_its_third_step(house: House, staff: Come) -> None:
    slug = await (await staff("Awa Diallo")).start_room()
    async with chromium() as browser:
        awa, bruno = await two_meet(browser, house.url, slug)
        for one in (awa, bruno):
            await one.frames_rise(pictures=1, samples=1)
        house.kill("media-0", number=signal.SIGSTOP)
        try:
            for one in (awa, bruno):
                with pytest.raises(AssertionError, match=r"sees 0 of 1 pictures move"):
                    await one.frames_rise(pictures=1)
        finally:
            house.kill("media-0", number=signal.SIGCONT)
        for one in (awa, bruno):
            seconds = await until(lambda one=one: moves(one), seconds=30, what="media comes back")
            print(f"{one.name} sees and hears again after {seconds:.1f} s")
        for one in (awa, bruno):
            assert (await one.statistics())["ports"] == [house.ports()["media"]]
            await one.context.close()


async def moves(one: Person) -> bool:
    """Whether the walk's own check passes."""
    try:
        await one.frames_rise(pictures=1)
    except AssertionError:
        return False
    await one.hears()
    return True
