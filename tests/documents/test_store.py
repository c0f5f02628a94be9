"""The log, its snapshots, and a replica that heals by it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pycrdt import Doc, Text

from suite.documents.content import Paragraph, Run, first_update
from suite.documents.models import DocumentSnapshot, DocumentUpdate
from suite.documents.services import document_create
from suite.documents.sync import store
from suite.documents.sync.store import Change
from suite.documents.sync.update import EMPTY, extent_of, state_of
from suite.kernel import clock
from tests.documents.pages import Page
from tests.documents.words import get_text, plain_text
from tests.people import session_of


def changes_of(words):
    """One update for each word, each needing the one before."""
    doc = Doc()
    updates = []
    watching = doc.observe(lambda event: updates.append(event.update))
    text = doc.get("t", type=Text)
    for word in words:
        text += word
    del watching
    return doc, updates


def test_the_suite_writes_what_the_editor_reads(document, awa):
    paragraphs = [
        Paragraph((Run("Réunion 🎉"),), heading=2),
        Paragraph.spoken(name="Awa Diop", at="10 h 02", text="Bonjour à tous."),
        Paragraph(),
    ]
    made = document_create(
        organization_id=awa.organization_id,
        title="Transcription",
        owner_id=awa.user_id,
        actor=awa.ref,
        now=clock.now(),
        paragraphs=paragraphs,
    )
    assert get_text(document=made) == "Réunion 🎉\nAwa Diop 10 h 02 Bonjour à tous."
    assert plain_text(first_update()) == ""


def test_shortening_keeps_the_text_and_drops_old_rows(document, awa):
    doc, updates = changes_of([str(number) for number in range(30)])
    store.append(document.pk, [Change(update, awa.ref, recorded=True) for update in updates], now=clock.now())
    assert store.shorten(document.pk, now=clock.now())
    assert DocumentUpdate.objects.filter(document=document).count() == 31  # young rows stay
    assert not store.shorten(document.pk, now=clock.now())
    store.append(document.pk, [Change(changes_of(["z"])[1][0], awa.ref, recorded=True)], now=clock.now())
    later = clock.now() + timedelta(hours=1)
    store.shorten(document.pk, now=later)
    store.append(document.pk, [Change(changes_of(["y"])[1][0], awa.ref, recorded=True)], now=clock.now())
    store.shorten(document.pk, now=later)
    assert DocumentSnapshot.objects.count() == store.SNAPSHOTS_KEPT
    assert DocumentUpdate.objects.filter(document=document).count() == 1
    again = Doc()
    store.apply_stored(again, store.load(document.pk))
    assert state_of(again.get_state()).items() >= state_of(doc.get_state()).items()
    assert str(doc.get("t", type=Text)) in str(again.get("t", type=Text))


def test_a_row_that_waits_for_another_is_not_shortened_away(document, awa):
    _doc, updates = changes_of(["a", "b", "c"])
    late = [Change(updates[0], awa.ref, recorded=True), Change(updates[2], awa.ref, recorded=True)]
    store.append(document.pk, late, now=clock.now())
    store.shorten(document.pk, now=clock.now() + timedelta(hours=1))
    store.shorten(document.pk, now=clock.now() + timedelta(hours=1))
    store.append(document.pk, [Change(updates[1], awa.ref, recorded=True)], now=clock.now())
    again = Doc()
    store.apply_stored(again, store.load(document.pk))
    assert str(again.get("t", type=Text)) == "abc"


@pytest.mark.django_db(transaction=True)
def test_a_lost_relay_heals(web, document, awa):
    with Page(web, document.pk, session_of(awa)) as page:
        page.until(lambda: page.is_synced)
        update = first_update([Paragraph.plain("Venu d'ailleurs")])
        store.append(document.pk, [Change(update, awa.ref, recorded=True)], now=clock.now())
        page.until(lambda: "Venu d'ailleurs" in page.text, seconds=8)


def test_extents_are_read_as_pycrdt_writes_them(document):
    doc, updates = changes_of(["é🎉a", "b"])
    for update in [*updates, doc.get_update(), first_update([Paragraph.spoken(name="A", at="1", text="x")])]:
        alone = Doc()
        alone.apply_update(update)
        if update is not updates[1]:
            assert extent_of(update).is_within(state_of(alone.get_state()))
    assert extent_of(updates[1]).ends == state_of(doc.get_state())
    assert not extent_of(updates[1]).is_within({})
    assert extent_of(EMPTY).is_within({})


@pytest.mark.parametrize("words", [["a"] * 3])
def test_editing_is_on_record_once_a_sitting(document, awa, words):
    _doc, updates = changes_of(words)
    store.append(document.pk, [Change(update, awa.ref, recorded=False) for update in updates], now=clock.now())
    from suite.audit.models import Record

    assert Record.objects.filter(action="documents.document.edited", actor_id=awa.user_id).count() == 1
