"""Sharing through its API, on documents: the same for every kind."""

from __future__ import annotations

import uuid

import pytest

from suite.accounts.models import Membership, User
from suite.audit.models import Record
from suite.kernel import clock
from suite.kernel.errors import BadInput
from suite.kernel.models import OutboxEvent
from suite.resources.models import Access
from suite.resources.services.accesses import access_revoke
from tests.callers import Caller
from tests.people import person

pytestmark = pytest.mark.django_db


def sharing(resource):
    return f"/api/resources/{resource.id}/sharing/"


def test_a_colleague_is_given_a_role_and_another_and_loses_it(awa, bruno, resource):
    caller = Caller(awa)
    given = caller.post(sharing(resource), person=str(bruno.user_id), role="reader")
    assert given.status_code == 201
    assert [(one["principal"]["name"], one["role"]) for one in given.json()["accesses"]] == [
        ("Awa Diop", "owner"),
        ("Bruno Petit", "reader"),
    ]
    assert Caller(bruno).get(sharing(resource)).json()["may_share"] is False
    changed = caller.post(sharing(resource), person=str(bruno.user_id), role="editor").json()
    access_id = changed["accesses"][1]["id"]
    assert changed["accesses"][1]["role"] == "editor"
    assert caller.delete(f"{sharing(resource)}{access_id}/").status_code == 200
    assert Caller(bruno).get(sharing(resource)).status_code == 404
    actions = list(Record.objects.filter(action__startswith="resources.access").values_list("action", flat=True))
    assert actions == ["resources.access.granted", "resources.access.granted", "resources.access.revoked"]
    assert OutboxEvent.objects.filter(name="resources.access_changed").count() == 3


def test_nobody_is_made_owner_and_an_owner_stays(awa, bruno, resource):
    caller = Caller(awa)
    assert caller.post(sharing(resource), person=str(bruno.user_id), role="owner").status_code == 400
    assert caller.post(sharing(resource), person=str(awa.user_id), role="reader").status_code == 403
    own = resource.accesses.get(user_id=awa.user_id)
    assert caller.delete(f"{sharing(resource)}{own.id}/").status_code == 403
    caller.post(sharing(resource), person=str(bruno.user_id), role="administrator")
    assert Caller(bruno).post(sharing(resource), person=str(awa.user_id), role="reader").status_code == 403
    assert Caller(bruno).delete(f"{sharing(resource)}{own.id}/").status_code == 403
    with pytest.raises(BadInput):
        access_revoke(access=own, actor=bruno.ref, now=clock.now())
    assert resource.accesses.get(user_id=awa.user_id).role == "owner"


def test_nothing_is_shared_with_another_organisation_by_name(awa, stranger, resource):
    assert Caller(awa).post(sharing(resource), person=str(stranger.user_id), role="reader").status_code == 404
    assert Caller(awa).post(sharing(resource), person=str(uuid.uuid4()), role="reader").status_code == 404
    assert Access.objects.filter(resource=resource).count() == 1


def test_nothing_is_shared_with_who_works_here_no_more(awa, bruno, house, resource):
    chloe = person(house, "Chloé", "Roy")
    Membership.objects.filter(user_id=bruno.user_id).update(ended_at=clock.now())
    User.objects.filter(id=chloe.user_id).update(is_active=False)
    for viewer in (bruno, chloe):
        assert Caller(awa).post(sharing(resource), person=str(viewer.user_id), role="reader").status_code == 404
    assert Access.objects.filter(resource=resource).count() == 1


def test_an_editor_shares_nothing_but_may_leave(awa, bruno, resource):
    Caller(awa).post(sharing(resource), person=str(bruno.user_id), role="editor")
    caller = Caller(bruno)
    assert caller.post(sharing(resource), person=str(bruno.user_id), role="administrator").status_code == 403
    assert caller.put(f"/api/resources/{resource.id}/link/", reach="everyone", role="editor").status_code == 403
    other = resource.accesses.get(user_id=awa.user_id)
    assert caller.delete(f"{sharing(resource)}{other.id}/").status_code == 403
    own = resource.accesses.get(user_id=bruno.user_id)
    assert caller.delete(f"{sharing(resource)}{own.id}/").status_code == 204
    assert caller.get(sharing(resource)).status_code == 404


def test_the_link_lets_in_as_far_as_it_says(awa, bruno, stranger, resource):
    address = f"/api/documents/{resource.id}/"
    for reach, colleague, outsider in (("restricted", 404, 404), ("organization", 200, 404), ("everyone", 200, 200)):
        assert Caller(awa).put(f"/api/resources/{resource.id}/link/", reach=reach, role="reader").status_code == 200
        assert Caller(bruno).get(address).status_code == colleague
        assert Caller(stranger).get(address).status_code == outsider
    assert Caller(stranger).patch(address, title="À moi").status_code == 403
    assert Caller(stranger).get("/api/documents/").json()["documents"] == []
    assert Caller(awa).put(f"/api/resources/{resource.id}/link/", reach="everyone", role="owner").status_code == 400


def test_who_has_no_access_finds_nothing(awa, bruno, stranger, resource):
    access = resource.accesses.get(user_id=awa.user_id)
    for viewer in (bruno, stranger):
        caller = Caller(viewer)
        answers = [
            caller.get(sharing(resource)),
            caller.post(sharing(resource), person=str(viewer.user_id), role="reader"),
            caller.delete(f"{sharing(resource)}{access.id}/"),
            caller.put(f"/api/resources/{resource.id}/link/", reach="everyone", role="reader"),
        ]
        assert {answer.status_code for answer in answers} == {404}
    assert Caller(None).get(sharing(resource)).status_code == 401


def test_a_change_needs_the_pages_token(awa, resource):
    caller = Caller(awa, enforce_csrf=True)
    assert caller.put(f"/api/resources/{resource.id}/link/", reach="everyone", role="reader").status_code == 403
