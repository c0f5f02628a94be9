"""Lists longer than a page: nothing that one may read falls out of them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from suite.documents.services import document_create
from suite.kernel import clock
from suite.kernel.paging import PAGE_ROWS
from suite.resources.models import Resource, ResourceRole
from suite.resources.services.trash import resource_discard
from tests.callers import Caller
from tests.documents.conftest import share
from tests.resources.pages import browser, page

pytestmark = pytest.mark.django_db


def made(viewer, number):
    document = document_create(
        organization_id=viewer.organization_id,
        title=f"N{number:02}",
        owner_id=viewer.user_id,
        actor=viewer.ref,
        now=clock.now(),
    )
    Resource.objects.filter(id=document.pk).update(updated_at=clock.now() - timedelta(hours=number))
    return document


def titles(html):
    return re.findall(r"\bN\d\d\b(?=</a>)", html)


def test_a_long_list_is_turned_and_says_how_long_it_is(awa):
    for number in range(PAGE_ROWS + 2):
        made(awa, number)
    client = browser(awa)
    first, last = page(client, "/documents/"), page(client, "/documents/?page=2")
    assert f"{PAGE_ROWS + 2} documents" in first
    assert titles(first) == [f"N{number:02}" for number in range(PAGE_ROWS)]
    assert titles(last) == [f"N{number:02}" for number in range(PAGE_ROWS, PAGE_ROWS + 2)]
    assert 'fr-pagination__link--next fr-pagination__link--lg-label" href="?page=2"' in first
    assert "fr-pagination__link--prev" not in first
    assert 'fr-pagination__link--prev fr-pagination__link--lg-label" href="?page=1"' in last
    assert "fr-pagination__link--next" not in last
    assert titles(page(client, "/documents/?page=of-nobody")) == titles(first)
    assert titles(page(client, "/documents/?page=99")) == titles(last)
    assert 'href="?shown=mine&amp;page=2"' in page(client, "/documents/?shown=mine")
    listed = Caller(awa).get("/api/documents/?page=2").json()
    assert ([one["title"] for one in listed["documents"]], listed["page"], listed["pages"]) == (titles(last), 2, 2)


def test_what_others_shared_does_not_push_ones_own_out_of_the_list(awa, bruno):
    for number in range(PAGE_ROWS):
        share(made(bruno, number), bruno, awa, ResourceRole.READER)
    made(awa, 98)
    made(bruno, 99)
    client = browser(awa)
    assert titles(page(client, "/documents/?shown=mine")) == ["N98"]
    shared = page(client, "/documents/?shown=shared")
    assert titles(shared) == [f"N{number:02}" for number in range(PAGE_ROWS)]
    assert f"{PAGE_ROWS} documents" in shared
    assert "fr-pagination" not in shared


def test_a_full_trash_is_turned(awa):
    now = clock.now()
    for number in range(PAGE_ROWS + 1):
        resource_discard(resource=made(awa, number).resource, viewer=awa, now=now - timedelta(minutes=number))
    client = browser(awa)
    assert f"N{PAGE_ROWS}" not in page(client, "/trash/")
    assert f"N{PAGE_ROWS}" in page(client, "/trash/?page=2")
