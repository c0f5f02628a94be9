"""A meeting's page: for who was let in, and for who moderates its room."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync

from suite.meetings.models import Meeting
from tests.meetings.doors import MeetingPage, a_room, browser, join

pytestmark = pytest.mark.django_db(transaction=True)


def status(viewer, meeting):
    return browser(viewer).get(f"/meetings/{meeting.id}/", headers={"accept": "text/html"}).status_code


def test_it_is_shown_to_who_was_there_and_to_who_moderates(awa, bruno, eva):
    slug = a_room(browser(awa))
    host = browser(awa)
    mine = join(host, slug)
    meeting = Meeting.objects.get()
    assert (status(awa, meeting), status(bruno, meeting), status(eva, meeting)) == (200, 404, 404)
    join(browser(bruno), slug)
    theirs = join(browser(eva), slug)
    assert (status(bruno, meeting), status(eva, meeting)) == (200, 404)  # she waits

    async def let_in() -> None:
        async with MeetingPage(host, mine) as page:
            await page.say(type="admit", participation_id=theirs["participation_id"])
            await page.told("waiting")

    async_to_sync(let_in)()
    assert status(eva, meeting) == 200


def test_who_moderates_the_room_sees_it_without_having_been_there(awa, bruno):
    slug = a_room(browser(awa))
    join(browser(bruno), slug)
    assert status(awa, Meeting.objects.get()) == 200
