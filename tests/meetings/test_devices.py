"""One person with several devices in a meeting: the others are told which is which."""

from __future__ import annotations

import pytest

from suite.meetings.models import Meeting
from suite.meetings.selectors import people_in
from tests.meetings.doors import browser, came, join

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_persons_further_devices_are_counted_and_people_of_one_name_are_not(awa, bruno, slug):
    def devices():
        return [(one["name"], one["device"]) for one in people_in(Meeting.objects.get())]

    first, second = (join(browser(bruno), slug) for _device in range(2))
    guests = [join(browser(), slug, name="Odile") for _person in range(2)]
    room = join(browser(bruno), slug, name="Salle 101", shared_microphone=True)
    admit(guests)
    for entry in (first, *guests, room, second):
        came(entry)
    assert devices() == [("Bruno Martin", 1), ("Odile", 1), ("Odile", 1), ("Salle 101", 1), ("Bruno Martin", 2)]
    told = browser(awa).get(f"/api/rooms/{slug}/").json()["present"]
    assert [one["device"] for one in told] == [1, 1, 1, 1, 2]
    came(first, "participant_left")
    assert devices()[-1] == ("Bruno Martin", 1)


def admit(entries):
    from suite.kernel import clock
    from suite.kernel.refs import SYSTEM
    from suite.meetings.models import Participation
    from suite.meetings.services.participations import participation_admit

    for entry in entries:
        waiting = Participation.objects.get(id=entry["participation_id"])
        participation_admit(participation=waiting, actor=SYSTEM, now=clock.now())
