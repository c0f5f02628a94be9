"""Two people in one document, through real sockets, in one web process and in two."""

from __future__ import annotations

import pytest

from suite.audit.models import Record
from suite.documents.models import DocumentUpdate
from suite.resources.public import ResourceRole
from tests.documents.conftest import share
from tests.documents.pages import Page, awareness, entry
from tests.documents.words import get_text
from tests.people import session_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_people_write_and_read_each_other(web, document, awa, bruno):
    share(document, awa, bruno, ResourceRole.EDITOR)
    with Page(web, document.pk, session_of(awa)) as one, Page(web, document.pk, session_of(bruno)) as other:
        one.until(lambda: one.is_synced)
        other.until(lambda: other.is_synced)
        one.write("Bonjour. ")
        other.until(lambda: "Bonjour." in other.text)
        other.write("Réponse 🎉. ")
        one.until(lambda: "Réponse 🎉." in one.text)
        assert one.vector == other.vector
    assert {row.author_id for row in DocumentUpdate.objects.exclude(author=None)} == {awa.user_id, bruno.user_id}
    assert Record.objects.filter(action="documents.document.edited").count() == 2


def test_what_is_stored_is_there_after_a_kill(web, document, awa):
    with Page(web, document.pk, session_of(awa)) as page:
        page.until(lambda: page.is_synced)
        for number in range(20):
            page.write(f"ligne {number}. ")
        page.be_stored()
        web.kill()
    assert get_text(document=document).count("ligne") == 20
    web.restart()
    with Page(web, document.pk, session_of(awa)) as again:
        again.until(lambda: "ligne 19." in again.text)


def test_what_was_written_while_away_comes_in_on_the_way_back(web, document, awa, bruno):
    share(document, awa, bruno, ResourceRole.EDITOR)
    with Page(web, document.pk, session_of(awa)) as page:
        page.until(lambda: page.is_synced)
    page.change("Écrit hors ligne. ")
    with Page(web, document.pk, session_of(bruno)) as other, Page(web, document.pk, session_of(awa), page.doc) as back:
        back.until(lambda: back.is_synced)
        back.be_stored()
        other.until(lambda: "hors ligne" in other.text)


def test_two_processes_hold_the_same_text(webs, document, awa, bruno):
    share(document, awa, bruno, ResourceRole.EDITOR)
    with Page(webs[0], document.pk, session_of(awa)) as one, Page(webs[1], document.pk, session_of(bruno)) as other:
        for page in (one, other):
            page.until(lambda page=page: page.is_synced)
        for number in range(10):
            one.write(f"A{number} ")
            other.write(f"B{number} ")
        one.until(lambda: one.text.count("B") == 10)
        other.until(lambda: other.text.count("A") == 10)
        assert one.text == other.text
        one.send(awareness(entry(one.doc.client_id, 1, {"user": {"name": "x"}})))
        other.until(lambda: one.doc.client_id in other.states)
        assert other.states[one.doc.client_id]["user"]["name"] == awa.name
    # and whoever comes to the other process later is told too
    with Page(webs[0], document.pk, session_of(awa)) as one:
        one.send(awareness(entry(7, 1, {"user": {}})))
        one.be_stored()
        with Page(webs[1], document.pk, session_of(bruno)) as late:
            late.until(lambda: 7 in late.states)


def test_a_coming_back_adds_no_row(web, document, awa):
    with Page(web, document.pk, session_of(awa)) as page:
        page.until(lambda: page.is_synced)
        page.write("une fois")
        page.be_stored()
    rows = DocumentUpdate.objects.count()
    for _ in range(3):
        with Page(web, document.pk, session_of(awa), page.doc) as again:
            again.until(lambda again=again: again.is_synced)
            again.be_stored()
    assert DocumentUpdate.objects.count() == rows
