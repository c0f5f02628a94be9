"""What an access given to many lets in, and how far."""

from __future__ import annotations

import pytest

from suite.accounts.models import Group, Membership, Unit
from suite.accounts.viewer import Viewer
from suite.documents.services import document_create
from suite.kernel import clock
from suite.resources.models import ResourceRole
from suite.resources.services.accesses import access_grant
from tests.callers import Caller
from tests.people import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def direction(house):
    return Unit.objects.create(organization=house, name="Direction")


@pytest.fixture
def bureau(house, direction):
    return Unit.objects.create(organization=house, name="Bureau", parent=direction)


@pytest.fixture
def member(house, bureau) -> Viewer:
    """Works in the bureau, and is in a group."""
    found = person(house, "Chloé", "Roy", unit=bureau)
    Group.objects.create(organization=house, name="Projet").members.add(found.user_id)
    return found


def note_of(owner, title="Autre"):
    return document_create(
        organization_id=owner.organization_id, title=title, owner_id=owner.user_id, actor=owner.ref, now=clock.now()
    ).resource


def status(viewer, resource):
    return Caller(viewer).get(f"/api/documents/{resource.id}/").status_code


@pytest.mark.parametrize(("to", "colleague"), [("unit", 404), ("unit above", 404), ("group", 404), ("organization", 200)])
def test_an_access_of_many_lets_in_those_alone(awa, bruno, member, stranger, house, direction, bureau, resource, to, colleague):
    principal = {
        "unit": {"unit_id": bureau.id},
        "unit above": {"unit_id": direction.id},
        "group": {"group_id": Group.objects.get().id},
        "organization": {"organization_id": house.id},
    }[to]
    assert status(member, resource) == 404
    access_grant(resource=resource, role=ResourceRole.READER, actor=awa.ref, now=clock.now(), **principal)
    assert (status(member, resource), status(bruno, resource), status(stranger, resource)) == (200, colleague, 404)
    assert [one["title"] for one in Caller(member).get("/api/documents/").json()["documents"]] == ["Note"]
    assert Caller(member).patch(f"/api/documents/{resource.id}/", title="x").status_code == 403


def test_a_unit_s_access_lets_in_nobody_above_it(awa, house, direction, bureau, resource):
    above = person(house, "Marc", "Dessus", unit=direction)
    access_grant(resource=resource, role=ResourceRole.READER, actor=awa.ref, now=clock.now(), unit_id=bureau.id)
    assert status(above, resource) == 404
    Membership.objects.filter(user_id=above.user_id).update(unit=bureau)
    assert status(above, resource) == 200


def test_the_highest_role_counts(awa, member, house, bureau, resource):
    for role, principal in (
        (ResourceRole.EDITOR, {"unit_id": bureau.id}),
        (ResourceRole.READER, {"organization_id": house.id}),
        (ResourceRole.COMMENTER, {"user_id": member.user_id}),
    ):
        access_grant(resource=resource, role=role, actor=awa.ref, now=clock.now(), **principal)
    assert Caller(member).get(f"/api/documents/{resource.id}/").json()["role"] == "editor"


def test_an_access_to_one_thing_opens_no_other(awa, bruno, resource):
    other = note_of(awa)
    access_grant(resource=other, role=ResourceRole.ADMINISTRATOR, actor=awa.ref, now=clock.now(), user_id=bruno.user_id)
    assert (status(bruno, other), status(bruno, resource)) == (200, 404)
    access_grant(resource=resource, role=ResourceRole.READER, actor=awa.ref, now=clock.now(), user_id=bruno.user_id)
    assert Caller(bruno).get(f"/api/documents/{resource.id}/").json()["role"] == "reader"
    assert Caller(bruno).patch(f"/api/documents/{resource.id}/", title="x").status_code == 403


def test_whom_a_thing_is_shared_with_is_named(awa, member, house, bureau, resource):
    for principal in ({"unit_id": bureau.id}, {"group_id": Group.objects.get().id}, {"organization_id": house.id}):
        access_grant(resource=resource, role=ResourceRole.READER, actor=awa.ref, now=clock.now(), **principal)
    shown = Caller(member).get(f"/api/resources/{resource.id}/sharing/").json()["accesses"]
    assert [(one["principal"]["kind"], one["principal"]["name"]) for one in shown] == [
        ("person", "Awa Diop"),
        ("unit", "Bureau"),
        ("group", "Projet"),
        ("organization", house.name),
    ]
