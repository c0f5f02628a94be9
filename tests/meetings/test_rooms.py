"""Before a meeting: who makes a room, who sees what of it, who enters."""

from __future__ import annotations

import jwt
import pytest
from django.conf import settings

from suite.audit.models import Record
from suite.meetings.errors import UnknownRoom
from suite.meetings.models import Participation
from tests.meetings.doors import a_room, browser, came, join, post

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_colleague_enters_at_once_with_a_short_token_of_their_own(awa, bruno):
    slug = a_room(browser(awa))
    entry = join(browser(bruno), slug, name="Le Préfet")
    assert entry["state"] == "admitted"
    claims = jwt.decode(entry["token"], settings.LIVEKIT_API_SECRET, algorithms=["HS256"])
    assert claims["sub"] == entry["participation_id"]
    assert claims["name"] == "Bruno Martin"
    assert claims["video"] == {
        "roomJoin": True, "room": entry["meeting_id"], "canPublish": True, "canSubscribe": True, "canPublishData": True,
        "canUpdateOwnMetadata": False,
    }  # fmt: skip
    assert claims["exp"] - claims["nbf"] <= 300
    assert set(claims) <= {"iss", "sub", "name", "nbf", "exp", "video", "iat", "jti"}


def test_someone_of_another_organisation_waits(awa, eva):
    entry = join(browser(eva), a_room(browser(awa)))
    assert entry["state"] == "waiting"
    assert "token" not in entry


def test_a_guest_waits_gives_a_name_and_leaves_no_account(awa, django_user_model):
    slug = a_room(browser(awa))
    before = django_user_model.objects.count()
    guest = browser()
    refused = post(guest, f"/api/rooms/{slug}/join/", name="  ")
    assert (refused.status_code, refused.json()["code"]) == (400, "name_missing")
    entry = join(guest, slug, name="Odile\n\x07 Invitée")
    assert entry["state"] == "waiting"
    assert Participation.objects.get(id=entry["participation_id"]).name == "Odile Invitée"
    assert django_user_model.objects.count() == before
    assert guest.cookies["suite_guest"]["httponly"]


def test_who_is_there_is_told_to_members_only(awa, bruno, eva):
    slug = a_room(browser(awa))
    entry = join(browser(awa), slug)
    assert browser(bruno).get(f"/api/rooms/{slug}/").json()["present"] == []
    came(entry)
    told = browser(bruno).get(f"/api/rooms/{slug}/").json()
    assert [one["name"] for one in told["present"]] == ["Awa Diop"]
    assert told["meeting_id"] == entry["meeting_id"]
    for visitor in (browser(eva), browser()):
        told = visitor.get(f"/api/rooms/{slug}/").json()
        assert told["present"] is None
        assert told["meeting_id"] is None
        assert told["title"] == "Budget"


def test_who_is_inside_already_is_told_so_and_is_not_among_the_others(awa, bruno):
    slug = a_room(browser(awa))
    guest = browser()
    entries = [join(browser(awa), slug), join(browser(bruno), slug), join(guest, slug, name="Odile")]

    def seen(client):
        return client.get(f"/api/rooms/{slug}/").json()

    assert not any(seen(client)["inside"] for client in (browser(awa), guest))  # has asked, and has not come
    came(entries[0])
    assert (seen(browser(awa))["inside"], seen(browser(awa))["present"]) == (True, [])
    assert not any(seen(client)["inside"] for client in (browser(bruno), guest, browser()))
    came(entries[1])
    assert [one["name"] for one in seen(browser(awa))["present"]] == ["Bruno Martin"]


def test_who_waits_is_told_of_a_host_only_where_somebody_inside_can_let_them_in(awa, bruno, slug):
    def told():
        return browser().get(f"/api/rooms/{slug}/").json()["host_present"]

    assert not told()
    came(join(browser(bruno), slug))
    assert not told()
    entry = join(browser(awa), slug)
    assert not told()  # let in, and not come yet
    came(entry)
    assert told()
    came(entry, "participant_left")
    assert not told()


@pytest.mark.parametrize("slug", ["abc-defg-hij", "x", "abc-defg-hijklmnopqrstuvwxyz"])
def test_an_unknown_room_is_said_before_anything_starts(awa, slug):
    for path in (f"/api/rooms/{slug}/", f"/rooms/{slug}/"):
        assert browser(awa).get(path).status_code == 404
        told = browser().get(path)
        assert (told.status_code, told.json()["code"]) == (404, "not_found")
        assert told.json()["message"] == str(UnknownRoom.message)
    assert post(browser(awa), f"/api/rooms/{slug}/join/").status_code == 404


def test_only_staff_make_rooms(awa):
    assert post(browser(), "/api/rooms/", title="x").status_code == 401
    assert post(browser(awa), "/api/rooms/", title="x" * 301).status_code == 400


def test_one_sitting_at_a_time_and_each_act_recorded(awa, bruno):
    slug = a_room(browser(awa))
    first, second = join(browser(awa), slug), join(browser(bruno), slug)
    assert first["meeting_id"] == second["meeting_id"]
    actions = list(Record.objects.filter(context=first["meeting_id"]).values_list("action", flat=True))
    assert actions.count("meetings.meeting.started") == 1
    assert actions.count("meetings.participant.admitted") == 2


def test_a_meeting_room_may_carry_its_own_name(awa):
    entry = join(browser(awa), a_room(browser(awa)), name="Salle 101", shared_microphone=True)
    participation = Participation.objects.get(id=entry["participation_id"])
    assert (participation.name, participation.shared_microphone) == ("Salle 101", True)
    assert participation.user_id == awa.user_id
