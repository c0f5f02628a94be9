"""Asking for access: heard by who may answer, and telling nobody what exists."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from suite.accounts.models import User
from suite.audit.models import Record
from suite.chat.services.channels import direct_channel_open
from suite.kernel import clock
from suite.resources.models import AccessRequest, RequestState, ResourceRole
from suite.resources.services.accesses import access_grant
from suite.resources.services.requests import WAITING_MAX
from suite.resources.services.trash import resource_discard
from tests.callers import Caller
from tests.people import person
from tests.resources.channels import channel_of
from tests.resources.pages import browser, page, send

pytestmark = pytest.mark.django_db


def ask(viewer, id, **fields):
    return send(browser(viewer), f"/resources/{id}/ask/", **fields)


def read_404(client, id):
    answer = client.get(f"/documents/{id}/")
    assert answer.status_code == 404
    body = answer.content.decode()
    body = body[body.index("<main") : body.index("</main>")].replace(str(id), "ID")
    correlation_id = answer["X-Correlation-Id"]
    token = body.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    return body.replace(correlation_id, "CORRELATION").replace(token, "TOKEN")


def test_absent_forbidden_discarded_and_anothers_look_the_same_and_all_may_be_asked_for(awa, bruno, stranger, resource):
    bruno_s, stranger_s = browser(bruno), browser(stranger)
    absent = uuid.uuid4()
    forbidden = read_404(bruno_s, resource.id)
    assert "Ask for access" in forbidden
    assert forbidden == read_404(bruno_s, absent) == read_404(stranger_s, resource.id)
    resource_discard(resource=resource, viewer=awa, now=clock.now())
    assert forbidden == read_404(bruno_s, resource.id)
    where = {ask(viewer, id) for viewer in (bruno, stranger, awa) for id in (resource.id, absent)}
    assert where == {"/resources/asked/"}
    assert not AccessRequest.objects.exists()
    assert not Record.objects.filter(action__startswith="resources.request").exists()


def test_a_request_is_heard_once_and_shown_to_who_administers(awa, bruno, resource):
    for _again in range(2):
        ask(bruno, resource.id, message="Pour la réunion de mardi")
    assert AccessRequest.objects.get().message == "Pour la réunion de mardi"
    home = page(browser(awa), "/")
    assert "<strong>Bruno Petit</strong> asks for access to “Note”" in home
    assert "Pour la réunion de mardi" in home
    sharing = Caller(awa).get(f"/api/resources/{resource.id}/sharing/").json()
    assert [one["person"]["name"] for one in sharing["requests"]] == ["Bruno Petit"]
    assert "Note" not in page(browser(bruno), "/")  # nothing of it before the answer
    assert Record.objects.filter(action="resources.request.asked").count() == 1


def test_accepted_gives_the_role_and_tells_the_asker(awa, bruno, resource):
    ask(bruno, resource.id)
    request = AccessRequest.objects.get()
    client = browser(awa)
    assert send(client, f"/resources/{resource.id}/requests/{request.id}/", answer="editor") == "/"
    assert "Bruno Petit has access now." in page(client, "/")
    assert resource.accesses.get(user_id=bruno.user_id).role == "editor"
    theirs = browser(bruno)
    assert "You have access to “Note” now" in page(theirs, "/")
    send(theirs, f"/resources/requests/{request.id}/read/")
    assert "You have access" not in page(theirs, "/")
    again = browser(awa).post(f"/resources/{resource.id}/requests/{request.id}/", {"answer": "reader"})
    assert again.status_code == 409


def test_declined_says_so_without_a_name_and_may_not_be_asked_again_at_once(awa, bruno, resource):
    ask(bruno, resource.id)
    request = AccessRequest.objects.get()
    declined = Caller(awa).delete(f"/api/resources/{resource.id}/requests/{request.id}/")
    assert declined.json()["requests"] == []
    home = page(browser(bruno), "/")
    assert "was declined" in home
    assert "Note" not in home
    ask(bruno, resource.id)
    assert not AccessRequest.objects.filter(state=RequestState.WAITING).exists()
    AccessRequest.objects.update(answered_at=clock.now() - timedelta(days=8))
    ask(bruno, resource.id)
    assert AccessRequest.objects.filter(state=RequestState.WAITING).count() == 1


def test_by_the_share_dialog(awa, bruno, resource):
    ask(bruno, resource.id)
    request = AccessRequest.objects.get()
    address = f"/api/resources/{resource.id}/requests/{request.id}/"
    assert Caller(awa).post(address, role="owner").status_code == 400
    answer = Caller(awa).post(address, role="reader").json()
    assert answer["requests"] == []
    assert [one["role"] for one in answer["accesses"]] == ["owner", "reader"]


def test_an_answer_is_for_one_person_and_one_thing(awa, bruno, house, resource):
    chloe, other = person(house, "Chloé", "Roy"), channel_of(awa).resource
    for viewer, asked in ((chloe, resource), (bruno, other), (bruno, resource)):
        ask(viewer, asked.id)
    theirs = AccessRequest.objects.get(user_id=bruno.user_id, resource=resource)
    Caller(awa).post(f"/api/resources/{resource.id}/requests/{theirs.id}/", role="reader")
    assert [str(one.user_id) for one in resource.accesses.order_by("granted_at")] == [str(awa.user_id), str(bruno.user_id)]
    waiting = AccessRequest.objects.filter(state=RequestState.WAITING).order_by("asked_at")
    assert [(one.user_id, one.resource_id) for one in waiting] == [(chloe.user_id, resource.id), (bruno.user_id, other.id)]
    client = browser(awa)
    send(client, f"/resources/{other.id}/requests/{waiting[1].id}/", answer="decline")
    assert "You declined the request of Bruno Petit." in page(client, "/")
    assert [one.user_id for one in waiting.all()] == [chloe.user_id]
    his = browser(bruno)
    send(his, f"/resources/requests/{theirs.id}/read/")
    home = page(his, "/")
    assert "You have access" not in home
    assert "was declined" in home  # the other answer is not read yet


def test_no_form_gives_more_than_it_offers(awa, bruno, resource):
    ask(bruno, resource.id)
    address = f"/resources/{resource.id}/requests/{AccessRequest.objects.get().id}/"
    for said in ("", "administrator", "owner", "king"):
        assert browser(awa).post(address, {"answer": said}).status_code == 400
    assert AccessRequest.objects.get().state == RequestState.WAITING
    assert resource.accesses.count() == 1


def test_who_is_in_already_asks_nothing(awa, bruno, house, resource):
    access_grant(resource=resource, role=ResourceRole.READER, actor=awa.ref, now=clock.now(), user_id=bruno.user_id)
    for viewer in (awa, bruno):
        ask(viewer, resource.id)
    assert not AccessRequest.objects.exists()


def test_nobody_asks_for_everything(awa, bruno, resource):
    now = clock.now()
    for others in range(WAITING_MAX):
        AccessRequest.objects.create(resource=channel_of(awa, str(others)).resource, user_id=bruno.user_id, asked_at=now)
    ask(bruno, resource.id)
    assert AccessRequest.objects.count() == WAITING_MAX
    AccessRequest.objects.filter(resource__title="0").update(state=RequestState.DECLINED, answered_at=now)
    ask(bruno, resource.id)
    assert AccessRequest.objects.filter(resource=resource).exists()


def test_who_was_let_go_meanwhile_is_not_among_those_who_ask(awa, bruno, resource):
    ask(bruno, resource.id)
    User.objects.filter(id=bruno.user_id).update(is_active=False)
    assert "Bruno" not in page(browser(awa), "/")
    assert Caller(awa).get(f"/api/resources/{resource.id}/sharing/").json()["requests"] == []


def test_only_who_administers_answers_and_only_the_asker_hides(awa, bruno, stranger, resource):
    ask(bruno, resource.id)
    request = AccessRequest.objects.get()
    for viewer, refused in ((bruno, 404), (stranger, 404)):
        assert Caller(viewer).post(f"/api/resources/{resource.id}/requests/{request.id}/", role="editor").status_code == refused
        assert browser(viewer).post(f"/resources/{resource.id}/requests/{request.id}/", {"answer": "editor"}).status_code == 404
    assert browser(awa).post(f"/resources/requests/{request.id}/read/").status_code == 404
    elsewhere = channel_of(awa).pk  # hers too, and another resource's request is not found through it
    for call in (Caller(awa).post, Caller(awa).delete):
        assert call(f"/api/resources/{elsewhere}/requests/{request.id}/").status_code == 404
    access_grant(resource=resource, role=ResourceRole.EDITOR, actor=awa.ref, now=clock.now(), user_id=bruno.user_id)
    assert Caller(bruno).get(f"/api/resources/{resource.id}/sharing/").json()["requests"] == []
    assert AccessRequest.objects.get().state == RequestState.ACCEPTED  # given another way: answered all the same


def test_what_nobody_administers_hears_nothing(awa, bruno, house):
    direct = direct_channel_open(viewer=awa, user_id=bruno.user_id, now=clock.now())
    ask(person(house, "Chloé", "Roy"), direct.pk)
    assert not AccessRequest.objects.exists()
