"""A meeting whose media worker died, and whose people all went away unseen, is ended by a sweep."""

from __future__ import annotations

import pytest

from tests.journeys.conftest import Come
from tests.journeys.house import House
from tests.journeys.staff import until

pytestmark = [
    pytest.mark.journey,
    pytest.mark.xdist_group("whole"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(180),
]
HOUSE = {"speech": False, "environment": {"MEETING_QUIET_SECONDS": "4"}}  # two minutes in the house


async def test_a_meeting_that_everybody_left_unseen_ends_as_the_systems_act(house: House, staff: Come) -> None:
    awa, farid = await staff("Awa Diallo"), await staff("Farid Benali")
    slug = await awa.start_room()
    for one in (awa, farid):
        await one.join(slug)
        await one.connect()
    present = "joined_at is not null and left_at is null"
    await until(lambda: counts(house, "meetings_participation", present, 2), seconds=10, what="two people are there")
    before = house.restarts("media-0")
    house.kill("media-0")
    for one in (awa, farid):
        await one.close()
    await house.again("media-0", after=before, seconds=20)
    seconds = await until(
        lambda: counts(house, "meetings_meeting", "ended_at is not null", 1), seconds=30, what="the meeting ended"
    )
    print(f"the meeting ended {seconds:.1f} s after the worker was back")
    assert await counts(house, "meetings_participation", present, 0)
    ends = await house.ask("select actor_kind from audit_record where action = 'meetings.meeting.ended'")
    assert ends == [("system",)]


async def counts(house: House, table: str, where: str, count: int) -> bool:
    return await house.count(table, where) == count
