"""A page that reads nothing, a database that refuses: nobody else loses a word."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from suite.documents.sync import protocol
from suite.resources.public import ResourceRole
from tests.documents.conftest import share
from tests.documents.pages import Page
from tests.documents.words import get_text
from tests.people import session_of

pytestmark = pytest.mark.django_db(transaction=True)


@contextlib.contextmanager
def a_table_away(while_locked: Callable[[], None] = lambda: None):
    """The updates' table is gone; what `while_locked` does has the store wait for it, then fail."""
    with connection.cursor() as cursor:
        with transaction.atomic():
            cursor.execute("LOCK TABLE documents_documentupdate")
            while_locked()
            cursor.execute("ALTER TABLE documents_documentupdate RENAME TO documents_away")
        try:
            yield
        finally:
            cursor.execute("ALTER TABLE documents_away RENAME TO documents_documentupdate")


def test_who_reads_nothing_is_given_up_and_the_others_go_on(web, document, awa, bruno):
    share(document, awa, bruno, ResourceRole.READER)
    with Page(web, document.pk, session_of(bruno), frames_held=1) as slow, Page(web, document.pk, session_of(awa)) as writer:
        slow.until(lambda: slow.is_synced)
        writer.until(lambda: writer.is_synced)
        for number in range(80):
            writer.write(f"{number} {secrets.token_hex(200_000)} ")  # what deflate cannot make small
            writer.be_stored()
        assert slow.until_closed() == 1013
        writer.write("La suite.")
        writer.be_stored()
    with Page(web, document.pk, session_of(bruno)) as back:
        back.until(lambda: "La suite." in back.text, seconds=30)


def test_what_the_database_refuses_is_kept_by_its_page_and_comes_again(web, document, awa, bruno):
    share(document, awa, bruno, ResourceRole.EDITOR)
    with Page(web, document.pk, session_of(awa)) as page, Page(web, document.pk, session_of(bruno)) as other:
        page.until(lambda: page.is_synced)
        other.until(lambda: other.is_synced)
        with a_table_away():
            page.write("Pas encore. ")
            assert page.until_closed() == 4503
            other.quiet(0.3)
            assert "Pas encore" not in other.text
        with Page(web, document.pk, session_of(awa), page.doc) as back:
            back.until(lambda: back.is_synced)
            back.be_stored()
            other.until(lambda: "Pas encore" in other.text)
    assert "Pas encore" in get_text(document=document)


def test_who_only_asks_is_answered_beside_what_the_database_refuses(web, document, awa, bruno):
    share(document, awa, bruno, ResourceRole.EDITOR)
    with Page(web, document.pk, session_of(awa)) as page, Page(web, document.pk, session_of(bruno)) as other:
        page.until(lambda: page.is_synced)
        other.until(lambda: other.is_synced)
        asked = {"type": "stored", "n": 7}

        def write_and_ask() -> None:
            page.write("Pas encore. ")
            time.sleep(0.3)  # it waits for the lock; what comes now is stored together, after it
            page.write("Non plus. ")
            other.send(protocol.word(asked))
            time.sleep(0.3)

        with a_table_away(write_and_ask):
            assert page.until_closed() == 4503
            other.until(lambda: asked in other.words)


def test_a_clean_end_keeps_everything_that_was_sent(web, document, awa):
    with Page(web, document.pk, session_of(awa)) as page:
        page.until(lambda: page.is_synced)
        for number in range(30):
            page.write(f"ligne {number}. ")
        web.end()
    web.restart()
    with Page(web, document.pk, session_of(awa), page.doc) as back:
        back.until(lambda: back.is_synced)
        back.be_stored()
    assert get_text(document=document).count("ligne") == 30
