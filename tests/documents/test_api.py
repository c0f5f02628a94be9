"""A document beside its text: made, named, listed, thrown away."""

from __future__ import annotations

import pytest

from suite.audit.models import Record
from suite.documents.models import DocumentUpdate
from suite.resources.public import ResourceRole
from tests.callers import Caller
from tests.documents.conftest import share
from tests.people import organization, person

pytestmark = pytest.mark.django_db


def test_a_document_is_made_named_and_listed(awa):
    caller = Caller(awa)
    made = caller.post("/api/documents/", title=" Note\nde service ")
    assert made.status_code == 201
    assert (made.json()["title"], made.json()["role"]) == ("Note de service", "owner")
    address = f"/api/documents/{made.json()['id']}/"
    assert caller.patch(address, title="Autre nom").json()["title"] == "Autre nom"
    assert [one["title"] for one in caller.get("/api/documents/").json()["documents"]] == ["Autre nom"]
    actions = set(Record.objects.values_list("action", flat=True))
    assert actions >= {"resources.document.created", "resources.document.renamed"}
    assert DocumentUpdate.objects.count() == 1  # an empty line to write in, the same for who comes first and second


def test_a_reader_reads_an_editor_names_and_the_owner_throws_away(document, awa, bruno):
    address = f"/api/documents/{document.pk}/"
    assert Caller(bruno).get(address).status_code == 404
    share(document, awa, bruno, ResourceRole.READER)
    assert Caller(bruno).get(address).json()["may_write"] is False
    assert Caller(bruno).patch(address, title="x").status_code == 403
    share(document, awa, bruno, ResourceRole.EDITOR)
    assert Caller(bruno).patch(address, title="Nom").status_code == 200
    assert Caller(bruno).delete(address).status_code == 403
    assert Caller(awa).delete(address).status_code == 204
    assert Caller(awa).get(address).status_code == 404
    assert Caller(bruno).get("/api/documents/").json()["documents"] == []


@pytest.mark.parametrize("method", ["get", "patch", "delete"])
def test_another_organisation_finds_nothing(document, method):
    stranger = Caller(person(organization("Ailleurs"), "Zoé", "Martin"))
    assert getattr(stranger, method)(f"/api/documents/{document.pk}/").status_code == 404
    assert stranger.get(f"/documents/{document.pk}/").status_code == 404


def test_the_list_page_shows_mine_and_what_is_shared(document, awa, bruno):
    share(document, awa, bruno, ResourceRole.READER)
    page = Caller(bruno).client
    assert "Note" in page.get("/documents/", HTTP_ACCEPT="text/html").content.decode()
    assert "Note" in page.get("/documents/?shown=shared", HTTP_ACCEPT="text/html").content.decode()
    assert "Note" not in page.get("/documents/?shown=mine", HTTP_ACCEPT="text/html").content.decode()


def test_a_page_asks_who_is_nobody_to_sign_in(document):
    answer = Caller(None).client.get(f"/documents/{document.pk}/", HTTP_ACCEPT="text/html")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/")
    assert Caller(None).client.get("/documents/start/").status_code == 405


def test_a_hostile_title_is_only_words(document, awa):
    Caller(awa).patch(f"/api/documents/{document.pk}/", title='"><script>alert(1)</script>')
    for address in ("/documents/", f"/documents/{document.pk}/"):
        page = Caller(awa).client.get(address, HTTP_ACCEPT="text/html").content.decode()
        assert "<script>alert" not in page
