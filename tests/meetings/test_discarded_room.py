"""A room that nobody wants any more: its owner puts it in the trash, nobody meets there, and it comes back as it was."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from suite.audit.models import Record
from suite.kernel import clock
from suite.kernel.outbox import deliver_due
from suite.meetings.access import Standing
from suite.meetings.errors import MeetingGoesOn, UnknownRoom
from suite.meetings.models import Meeting, Room
from suite.meetings.services.meetings import meeting_end
from suite.meetings.services.participations import participation_ask
from suite.resources.models import Resource
from suite.resources.services.trash import resource_discard, resource_purge
from tests.meetings.doors import a_room, browser, join, post
from tests.resources.pages import browser as reader
from tests.resources.pages import page, send

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def room(slug):
    return Room.objects.select_related("resource").get(slug=slug)


def discard(viewer, room):
    return send(reader(viewer, "fr"), f"/resources/{room.pk}/discard/", next="/meetings/")


def test_its_last_meeting_s_page_has_the_way_into_the_trash_for_its_owner(awa, bruno, room):
    join(browser(awa), room.slug)
    join(browser(bruno), room.slug)
    meeting = Meeting.objects.get()
    address, door = f"/meetings/{meeting.id}/", f'action="/resources/{room.pk}/discard/"'
    assert door not in page(reader(awa, "fr"), address)  # it goes on
    meeting_end(meeting=meeting, actor=awa.ref, now=clock.now())
    assert door not in page(reader(bruno, "fr"), address)
    client = reader(awa, "fr")
    assert door in page(client, address)
    assert send(client, f"/resources/{room.pk}/discard/", next=address) == address
    after = page(client, address)
    assert f'action="/trash/{room.pk}/restore/"' in after
    assert "on ne s’y réunit plus" in after
    assert door not in after


def test_it_leaves_the_list_with_an_undo_and_comes_back(awa, bruno, room):
    client = reader(awa, "fr")
    assert f'action="/resources/{room.pk}/discard/"' in page(client, "/meetings/")
    assert send(client, f"/resources/{room.pk}/discard/", next="/meetings/") == "/meetings/"
    after = page(client, "/meetings/")
    assert "Budget\N{NO-BREAK SPACE}» est dans la corbeille." in after
    assert f'action="/trash/{room.pk}/restore/"' in after
    assert "Réunions prêtes" not in after
    assert send(client, f"/trash/{room.pk}/restore/", next="/meetings/") == "/meetings/"
    back = page(client, "/meetings/")
    assert "Budget\N{NO-BREAK SPACE}» est de retour" in back
    opened = client.get(f"/rooms/{room.pk}/")  # what “Ouvrir” leads to
    assert (opened.status_code, opened["Location"]) == (302, f"/rooms/{room.slug}/")
    assert join(browser(bruno), room.slug)["state"] == "admitted"
    actions = Record.objects.filter(target_id=room.pk).order_by("id").values_list("action", flat=True)
    assert list(actions) == ["resources.room.created", "resources.room.discarded", "resources.room.restored"]


def test_its_link_leads_to_no_room_before_a_camera_starts_and_nobody_meets_there(awa, bruno, room):
    discard(awa, room)
    for viewer in (awa, bruno, None):
        client = browser(viewer)
        shown = client.get(f"/rooms/{room.slug}/", headers={"accept": "text/html", "accept-language": "fr"})
        assert shown.status_code == 404
        assert "Ce lien ne mène à aucune salle : il est incomplet, ou la salle a été fermée." in shown.content.decode()
        assert 'id="meeting"' not in shown.content.decode()
        assert client.get(f"/api/rooms/{room.slug}/").status_code == 404
        assert post(client, f"/api/rooms/{room.slug}/join/", name="Odile").status_code == 404
    assert not Meeting.objects.exists()


def test_only_who_owns_it_discards_it(awa, bruno, eva, room):
    assert browser(bruno).post(f"/resources/{room.pk}/discard/").status_code == 403  # enters it, no more
    assert browser(eva).post(f"/resources/{room.pk}/discard/").status_code == 404
    assert reader(eva).get(f"/rooms/{room.pk}/").status_code == 404
    discard(awa, room)
    for viewer in (bruno, eva):
        assert browser(viewer).post(f"/trash/{room.pk}/restore/").status_code == 404
        assert "Budget" not in page(reader(viewer), "/trash/")
    assert "Budget" in page(reader(awa), "/trash/")


def test_nobodys_meeting_is_taken_from_under_them(awa, bruno, room):
    join(browser(bruno), room.slug)
    client = reader(awa, "fr")
    send(client, f"/resources/{room.pk}/discard/", next="/meetings/")
    assert "Une réunion est en cours dans cette salle" in page(client, "/meetings/")
    assert browser(awa).get(f"/api/rooms/{room.slug}/").status_code == 200
    assert not Record.objects.filter(action="resources.room.discarded").exists()
    meeting_end(meeting=Meeting.objects.get(), actor=awa.ref, now=clock.now())
    discard(awa, room)
    assert browser(awa).get(f"/api/rooms/{room.slug}/").status_code == 404


def test_of_who_discards_and_who_comes_in_at_once_one_is_too_late(awa, bruno, room):
    """Both looked at the room before the other's act: the row decides."""
    outcomes = []

    def come_in():
        try:
            participation_ask(room=room, viewer=bruno, standing=Standing.MEMBER, name="", shared_microphone=False,
                              now=clock.now())  # fmt: skip
        except UnknownRoom:
            outcomes.append("unknown")
        finally:
            connection.close()

    comer = threading.Thread(target=come_in)
    with transaction.atomic():
        resource_discard(resource=room.resource, viewer=awa, now=clock.now())
        comer.start()
        comer.join(0.3)
        assert comer.is_alive()  # waits for the row
    comer.join(10)
    assert outcomes == ["unknown"]
    assert not Meeting.objects.exists()

    send(reader(awa), f"/trash/{room.pk}/restore/")
    looked_at = Room.objects.select_related("resource").get(pk=room.pk)
    join(browser(bruno), room.slug)
    with pytest.raises(MeetingGoesOn):
        resource_discard(resource=looked_at.resource, viewer=awa, now=clock.now())
    assert Resource.objects.filter(pk=room.pk, deleted_at=None).exists()


def test_a_past_meetings_page_offers_no_way_into_a_room_that_is_gone(awa, room):
    entry = join(browser(awa), room.slug)
    meeting_end(meeting=Meeting.objects.get(), actor=awa.ref, now=clock.now())
    address, client = f"/meetings/{entry['meeting_id']}/", reader(awa, "fr")
    assert "Se réunir à nouveau" in page(client, address)
    discard(awa, room)
    gone = page(client, address)
    assert "Se réunir à nouveau" not in gone
    assert "Sa salle est dans la corbeille" in gone
    assert f"/rooms/{room.slug}/" not in gone


def test_deleted_for_ever_it_is_gone_and_a_meetings_page_stays(awa, slug, room):
    used = Room.objects.select_related("resource").get(slug=a_room(browser(awa), "Bilan"))
    entry = join(browser(awa), used.slug)
    meeting_end(meeting=Meeting.objects.get(), actor=awa.ref, now=clock.now())
    client = reader(awa, "fr")
    for one, name in ((room, "Budget"), (used, "Bilan")):
        discard(awa, one)
        assert "Les pages des réunions" in page(client, f"/trash/{one.pk}/delete/")
        send(client, f"/trash/{one.pk}/delete/", name=name)
    deliver_due()
    deliver_due()
    assert not Room.objects.filter(pk=room.pk).exists()
    assert not Resource.objects.filter(pk=room.pk).exists()
    assert "Bilan" not in page(client, "/trash/").split("supprimé")[-1]
    assert browser(awa).get(f"/rooms/{used.slug}/").status_code == 404
    assert "Bilan" in page(client, f"/meetings/{entry['meeting_id']}/")


def test_delivering_the_purge_again_changes_nothing(awa, room):
    from suite.meetings.services.rooms import room_erase

    room_erase(room_id=room.pk, now=clock.now())  # not purged: it stays
    assert Room.objects.filter(pk=room.pk).exists()
    discard(awa, room)
    resource_purge(resource=room.resource, actor=awa.ref, now=clock.now())
    deliver_due()
    room_erase(room_id=room.pk, now=clock.now())
    assert Record.objects.filter(action="resources.room.erased").count() == 1
