"""The page Réunions: the meetings that one was in, and the rooms that one made for later."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from suite.kernel import clock
from suite.kernel.paging import PAGE_ROWS
from suite.meetings.models import Meeting, Room
from suite.meetings.services.meetings import meeting_end, meeting_open
from suite.meetings.services.rooms import room_create
from suite.resources.services.trash import resource_discard
from tests.meetings.doors import a_room, browser, join

pytestmark = pytest.mark.django_db(transaction=True)


def shown_to(viewer, language="fr", page=1):
    answer = browser(viewer).get(f"/meetings/?page={page}", headers={"accept": "text/html", "accept-language": language})
    assert answer.status_code == 200
    return answer.content.decode()


def ready_for(viewer):
    """The slugs of the rooms that wait, as the page lists them."""
    return re.findall(r'<a class="list__title" href="/rooms/([a-z-]+)/">', shown_to(viewer))


def test_a_room_made_for_later_is_found_again(awa):
    answer = browser(awa).post("/meetings/start/", {"title": "Budget"})
    slug = answer.url.split("/")[2]
    page = shown_to(awa)
    assert "Réunions prêtes" in page
    assert f'href="/rooms/{slug}/">Budget</a>' in page
    assert "Créée <time" in page
    english = shown_to(awa, "en")
    assert "Meetings made ready" in english
    assert "Made <time" in english
    join(browser(awa), slug)
    page = shown_to(awa)
    assert "Réunions prêtes" not in page
    assert "1 réunion" in page
    assert "Budget" in page


def test_the_home_page_has_the_way_into_a_room_made_for_later_until_it_was_taken(awa, bruno):
    def home(viewer):
        answer = browser(viewer).get("/", headers={"accept": "text/html", "accept-language": "fr"})
        return answer.content.decode()

    assert "Réunions prêtes" not in home(awa)
    slug = a_room(browser(awa))
    page = home(awa)
    assert page.index("Réunions prêtes") < page.index("Vos dernières réunions")
    assert re.search(rf'<a class="fr-btn [^>]*href="/rooms/{slug}/" aria-label="Rejoindre Budget">Rejoindre</a>', page)
    assert "Réunions prêtes" not in home(bruno)
    join(browser(awa), slug)
    page = home(awa)
    assert "Réunions prêtes" not in page
    assert "Budget" in page


def test_who_has_made_none_sees_the_page_as_before(awa):
    page = shown_to(awa)
    assert "Réunions prêtes" not in page
    assert "Vos dernières réunions" not in page
    assert '<div class="empty">' in page


def test_the_newest_room_is_the_first(awa):
    now = clock.now()
    rooms = [room_create(viewer=awa, title="Point", now=now - timedelta(days=age)) for age in (1, 0, 2)]
    assert ready_for(awa) == [rooms[1].slug, rooms[0].slug, rooms[2].slug]


def test_nobody_sees_the_rooms_of_others_nor_what_is_in_the_trash(awa, bruno, eva):
    slug, discarded = a_room(browser(awa)), a_room(browser(awa), "Ancienne")
    resource_discard(resource=Room.objects.get(slug=discarded).resource, viewer=awa, now=clock.now())
    assert (ready_for(awa), ready_for(bruno), ready_for(eva)) == ([slug], [], [])


def test_a_room_that_others_tried_without_its_owner_is_still_found(awa, bruno):
    slug, other = a_room(browser(awa)), a_room(browser(awa), "Recrutement")
    join(browser(), slug, name="Odile")  # she waits, then gives up
    join(browser(bruno), other)
    assert ready_for(awa) == [other, slug]
    assert ready_for(bruno) == []


def test_many_rooms_ask_the_database_no_more_than_one(awa):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            shown_to(awa)
        return len(queries)

    a_room(browser(awa))
    shown_to(awa)  # what a process asks once
    one = asked()
    for _more in range(5):
        a_room(browser(awa))
    assert asked() == one


def test_older_meetings_are_a_page_further(awa):
    now, room = clock.now(), room_create(viewer=awa, title="Point", now=clock.now())
    for age in range(PAGE_ROWS + 1):
        meeting = meeting_open(room=room, actor=awa.ref, now=now - timedelta(days=age))
        meeting_end(meeting=meeting, actor=awa.ref, now=meeting.started_at + timedelta(minutes=5))
    a_room(browser(awa))
    oldest = Meeting.objects.order_by("started_at")[0]
    first, second = shown_to(awa), shown_to(awa, page=2)
    assert f"{PAGE_ROWS + 1} réunions" in first
    assert f"/meetings/{oldest.id}/" not in first
    assert f"/meetings/{oldest.id}/" in second
    assert "Réunions prêtes" in first
    assert "Réunions prêtes" not in second
