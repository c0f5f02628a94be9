"""Who was there, on the meeting's page: people, however often their device came and went."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from suite.kernel import clock
from suite.meetings.access import Standing
from suite.meetings.services.meetings import meeting_end
from suite.meetings.services.participations import participation_ask, participation_joined, participation_left
from suite.meetings.services.rooms import room_create
from tests.meetings.doors import browser

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def began():
    return clock.now() - timedelta(hours=2)


@pytest.fixture
def room(awa, began):
    return room_create(viewer=awa, title="Budget", now=began)


def stay(room, began, viewer, minutes, *, name="", shared=False):
    """In from the first to the last of `minutes` after the beginning; the last may be None."""
    came, went = minutes
    at = began + timedelta(minutes=came)
    one = participation_ask(room=room, viewer=viewer, standing=Standing.MEMBER, name=name, shared_microphone=shared, now=at)
    participation_joined(participation=one, now=at)
    if went is not None:
        participation_left(participation=one, now=began + timedelta(minutes=went))
    return one.meeting


def rows(viewer, meeting):
    page = browser(viewer).get(f"/meetings/{meeting.id}/", headers={"accept": "text/html", "accept-language": "en"})
    section = page.content.decode().partition('id="people">')[2]
    count, *people = [re.sub("<[^>]+>", " ", part) for part in section.split("<li ")]
    return [count.split(" there")[0], *people]


def test_somebody_who_reloads_was_there_once_for_as_long_as_they_were_inside(awa, bruno, room, began):
    meeting = stay(room, began, awa, (0, 40))
    for minutes in ((1, 11), (5, 21), (30, 40)):  # a reload, a telephone beside it, back again
        stay(room, began, bruno, minutes)
    meeting_end(meeting=meeting, actor=awa.ref, now=began + timedelta(minutes=41))
    count, first, second = rows(awa, meeting)
    assert count == "2 people were"
    assert "Awa Diop" in first
    assert "40 minutes" in first
    assert "Bruno Martin" in second
    assert "30 minutes" in second


def test_a_room_s_microphone_is_not_its_holder_and_two_guests_are_two(awa, room, began):
    stay(room, began, awa, (0, None))
    stay(room, began, awa, (1, None), name="Salle 101", shared=True)
    stay(room, began, None, (2, None), name="Odile")
    meeting = stay(room, began, None, (3, None), name="Odile")
    count, *people = rows(awa, meeting)
    assert count == "4 people were"
    assert not any("minute" in one for one in people)
