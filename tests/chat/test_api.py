"""The chat's API, as the page calls it."""

from __future__ import annotations

import uuid

import pytest

from suite.accounts.models import Membership, User
from suite.chat.models import Message
from suite.kernel import clock
from suite.resources.public import ResourceRole, access_grant
from tests.callers import Caller
from tests.chat.conftest import a_channel, write
from tests.people import person

pytestmark = pytest.mark.django_db


def test_a_channel_is_opened_with_people_who_write_and_read(awa, bruno):
    made = Caller(awa).post("/api/channels/", title="  Budget\n2027 ", people=[str(bruno.user_id)])
    assert made.status_code == 201
    assert made.json()["title"] == "Budget 2027"
    assert [one["name"] for one in made.json()["people"]] == ["Awa Diop", "Bruno Petit"]
    address = f"/api/channels/{made.json()['id']}/"
    sent = Caller(bruno).post(f"{address}messages/", body="Bonjour", ref="r1")
    assert sent.status_code == 201
    assert sent.json()["author"] == {"name": "Bruno Petit", "user_id": str(bruno.user_id), "participation_id": None}
    listed = Caller(awa).get("/api/channels/").json()["channels"]
    assert [(line["title"], line["unread"]) for line in listed] == [("Budget 2027", 1)]
    assert Caller(awa).post(f"{address}read/", message_id=sent.json()["id"]).status_code == 204
    assert Caller(awa).get(address).json()["unread"] == 0
    assert Caller(awa).get(address).json()["last_read_id"] == sent.json()["id"]


def test_a_second_sending_answers_the_same_message(awa):
    channel = a_channel(awa)
    answers = [Caller(awa).post(f"/api/channels/{channel.pk}/messages/", body="une fois", ref="r") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert Message.objects.count() == 1


def test_older_pages_follow(awa):
    channel = a_channel(awa)
    for number in range(5):
        write(channel, awa, str(number))
    address = f"/api/channels/{channel.pk}/messages/"
    page = Caller(awa).get(address, limit=2).json()
    assert ([one["body"] for one in page["messages"]], page["more"]) == (["3", "4"], True)
    page = Caller(awa).get(address, limit=3, before=page["messages"][0]["id"]).json()
    assert ([one["body"] for one in page["messages"]], page["more"]) == (["0", "1", "2"], False)


def test_a_direct_channel_is_the_same_from_both_sides(awa, bruno):
    one = Caller(awa).post("/api/channels/direct/", person=str(bruno.user_id)).json()
    other = Caller(bruno).post("/api/channels/direct/", person=str(awa.user_id)).json()
    assert one["id"] == other["id"]
    assert (one["title"], other["title"]) == ("Bruno Petit", "Awa Diop")
    assert not one["may_bring_in"]


def test_a_colleague_is_brought_in_and_nobody_else(awa, bruno, stranger):
    channel = a_channel(awa)
    address = f"/api/channels/{channel.pk}/people/"
    assert Caller(awa).post(address, person=str(stranger.user_id)).status_code == 404
    assert Caller(awa).post(address, person=str(bruno.user_id)).status_code == 201
    assert Caller(bruno).get(f"/api/channels/{channel.pk}/").status_code == 200


def test_colleagues_are_found_by_name_or_mail_while_they_work_here(awa, bruno, house, stranger):
    User.objects.filter(id=bruno.user_id).update(email="bp@example.org")
    for query in ("pet", "BRUN", "bp@"):
        found = Caller(awa).get("/api/colleagues/", query=query).json()["people"]
        assert [one["name"] for one in found] == ["Bruno Petit"], query
    left, let_go = person(house, "Luc", "Parti"), person(house, "Léa", "Parti")
    assert len(Caller(awa).get("/api/colleagues/", query="Parti").json()["people"]) == 2
    Membership.objects.filter(user_id=left.user_id).update(ended_at=clock.now())
    User.objects.filter(id=let_go.user_id).update(is_active=False)
    assert Caller(awa).get("/api/colleagues/", query="Parti").json() == {"people": []}
    assert Caller(awa).get("/api/colleagues/", query="Zoé").json() == {"people": []}
    assert Caller(awa).get("/api/colleagues/", query="awa").json() == {"people": []}


@pytest.mark.parametrize("who", ["bruno", "stranger"])
def test_who_has_no_access_finds_nothing_anywhere(awa, request, who):
    channel = a_channel(awa)
    message = write(channel, awa, "entre nous")
    caller = Caller(request.getfixturevalue(who))
    address = f"/api/channels/{channel.pk}/"
    answers = [
        caller.get(address),
        caller.get(f"{address}messages/"),
        caller.post(f"{address}messages/", body="x", ref="1"),
        caller.post(f"{address}read/", message_id=str(message.id)),
        caller.post(f"{address}people/", person=str(awa.user_id)),
        caller.get(f"/messages/{channel.pk}/"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    absent = caller.get(f"/api/channels/{uuid.uuid4()}/")
    assert absent.json()["message"] == answers[0].json()["message"]


@pytest.mark.parametrize(
    ("role", "writes", "brings_in"),
    [(ResourceRole.READER, 403, 403), (ResourceRole.COMMENTER, 201, 403), (ResourceRole.EDITOR, 201, 201)],
)
def test_who_reads_does_not_write_and_who_writes_brings_nobody_in(awa, bruno, house, role, writes, brings_in):
    channel = a_channel(awa)
    access_grant(resource=channel.resource, role=role, actor=awa.ref, now=clock.now(), user_id=bruno.user_id)
    chloe = person(house, "Chloé", "Roy")
    caller, address = Caller(bruno), f"/api/channels/{channel.pk}/"
    assert caller.get(address).status_code == 200
    assert caller.post(f"{address}messages/", body="Bonjour", ref="1").status_code == writes
    assert caller.post(f"{address}people/", person=str(chloe.user_id)).status_code == brings_in
    assert Message.objects.count() == (writes == 201)
    assert Caller(chloe).get(address).status_code == (200 if brings_in == 201 else 404)


def test_nobody_without_a_session_gets_in(awa):
    channel = a_channel(awa)
    for address in ("/api/channels/", f"/api/channels/{channel.pk}/messages/", "/api/colleagues/?query=a"):
        assert Caller(None).get(address).status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 400), ({"body": "", "ref": "1"}, 400), ({"body": "x", "ref": ""}, 400), ({"body": "x" * 9000, "ref": "1"}, 400)],
)
def test_bad_input_is_an_answer(awa, body, status):
    channel = a_channel(awa)
    answer = Caller(awa).post(f"/api/channels/{channel.pk}/messages/", **body)
    assert answer.status_code == status
    assert set(answer.json()) >= {"code", "message", "correlation_id"}


def test_odd_pages_are_refused(awa):
    channel = a_channel(awa)
    for query in ({"before": "x"}, {"limit": "0"}, {"limit": "101"}):
        assert Caller(awa).get(f"/api/channels/{channel.pk}/messages/", **query).status_code == 400
