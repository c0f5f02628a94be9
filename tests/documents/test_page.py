"""The document's page in Chromium, under the content security policy that everybody gets."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from suite.documents.content import Paragraph, Run
from suite.documents.services import document_create
from suite.kernel import clock
from suite.kernel.outbox import deliver_due
from suite.resources.public import ResourceRole
from tests.chromium import TELEPHONE, Complaints, chromium, in_database, signed_in, violations
from tests.documents.conftest import share
from tests.documents.words import get_text
from tests.people import session_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]
TEXT = "[contenteditable]"


@pytest.fixture
def minutes(awa):
    """A transcript as the Suite writes it, for the editor to read."""
    paragraphs = [
        Paragraph((Run("Compte rendu"),), heading=2),
        Paragraph.spoken(name="Awa Diop", at="10:02", text="Bonjour à tous."),
        Paragraph.spoken(name="Bruno Petit", at="10:03", text="Bonjour Awa 🎉"),
    ]
    return document_create(
        organization_id=awa.organization_id,
        title="Réunion du 22",
        owner_id=awa.user_id,
        actor=awa.ref,
        now=clock.now(),
        paragraphs=paragraphs,
    )


@pytest.fixture
def complaints():
    found = Complaints()
    yield found
    assert found == []


def test_two_people_write_at_once_and_see_each_others_cursor(web, minutes, awa, bruno, complaints):
    share(minutes, awa, bruno, ResourceRole.EDITOR)
    sessions = session_of(awa), session_of(bruno)
    address = f"/documents/{minutes.pk}/"
    with chromium() as browser:
        one, other = (signed_in(browser, web, session, complaints) for session in sessions)
        one.goto(address)
        other.goto(address)
        expect(one.locator("h2", has_text="Compte rendu")).to_be_visible()
        expect(one.locator(".bn-editor strong", has_text="Awa Diop")).to_be_visible()
        caret = ".bn-collaboration-cursor__label"
        one.get_by_text("Bonjour à tous.").click()
        one.keyboard.press("End")
        expect(other.locator(caret, has_text="Awa Diop")).to_have_count(1)
        other.get_by_text("Bonjour Awa").click()
        other.keyboard.press("End")
        expect(one.locator(caret, has_text="Bruno Petit")).to_have_count(1)
        one.keyboard.type(" Commençons.")
        other.keyboard.type(" Oui !")
        for page in (one, other):
            expect(page.locator(TEXT).first).to_contain_text("Bonjour à tous. Commençons.")
            expect(page.locator(TEXT).first).to_contain_text("Bonjour Awa 🎉 Oui !")
        expect(one.locator(caret, has_text="Bruno Petit")).to_have_count(1)
        expect(other.locator(caret, has_text="Awa Diop")).to_have_count(1)
        expect(one.get_by_role("list", name="Personnes présentes")).to_contain_text("Bruno Petit")
        expect(one.get_by_text("Enregistré", exact=True)).to_be_visible()
        # the title, saved by itself and shown to the other
        one.get_by_label("Titre du document").fill("Réunion du 22 novembre")
        expect(other.get_by_label("Titre du document")).to_have_value("Réunion du 22 novembre")
    assert get_text(document=minutes).splitlines()[1] == "Awa Diop 10:02 Bonjour à tous. Commençons."


def test_a_reader_reads_and_an_editor_who_becomes_one_stops_writing(web, minutes, awa, bruno, complaints):
    share(minutes, awa, bruno, ResourceRole.EDITOR)
    session = session_of(bruno)
    with chromium() as browser:
        page = signed_in(browser, web, session, complaints)
        page.goto(f"/documents/{minutes.pk}/")
        expect(page.locator("[contenteditable=true]").first).to_be_visible()
        in_database(lambda: (share(minutes, awa, bruno, ResourceRole.READER), deliver_due()))
        expect(page.get_by_text("Lecture seule")).to_be_visible()
        expect(page.locator(".bn-editor")).to_have_attribute("contenteditable", "false")
        in_database(lambda: (minutes.resource.accesses.filter(user_id=bruno.user_id).delete(), None))
        page.reload()
        expect(page.get_by_text("Cette page n’existe pas")).to_be_visible()
    complaints[:] = [one for one in complaints if "404" not in one]


def test_what_is_written_offline_is_kept_and_comes_in(web, minutes, awa, complaints):
    session = session_of(awa)
    with chromium() as browser:
        page = signed_in(browser, web, session, complaints)
        page.goto(f"/documents/{minutes.pk}/")
        page.get_by_text("Bonjour à tous.").click()
        web.kill()
        expect(page.get_by_text("Hors ligne")).to_be_visible()
        page.keyboard.press("End")
        page.keyboard.type(" Écrit sans serveur.")
        web.restart()
        expect(page.get_by_text("Enregistré", exact=True)).to_be_visible()
    assert "Bonjour à tous. Écrit sans serveur." in get_text(document=minutes)


def test_a_network_that_is_gone_is_said_at_once_and_what_was_typed_comes_in(web, minutes, awa, complaints):
    session = session_of(awa)
    with chromium() as browser:
        page = signed_in(browser, web, session, complaints)
        page.goto(f"/documents/{minutes.pk}/")
        expect(page.get_by_text("Enregistré", exact=True)).to_be_visible()
        page.context.set_offline(True)
        expect(page.get_by_text("Hors ligne")).to_be_visible(timeout=3_000)
        page.get_by_label("Titre du document").fill("Nommé hors ligne")
        expect(page.get_by_text("Suite ne répond pas")).to_be_visible()
        page.context.set_offline(False)
        expect(page.get_by_text("Suite ne répond pas")).to_have_count(0)
        expect(page.get_by_text("Enregistré", exact=True)).to_be_visible()
    minutes.resource.refresh_from_db()
    assert minutes.resource.title == "Nommé hors ligne"


def test_a_long_title_leaves_the_cross_of_a_window_and_names_on_a_telephone_whole(web, minutes, awa, bruno, complaints):
    share(minutes, awa, bruno, ResourceRole.EDITOR)
    minutes.resource.title = "Compte rendu de la réunion " * 11
    minutes.resource.save(update_fields=["title"])
    session = session_of(awa)
    with chromium() as browser:
        page = signed_in(browser, web, session, complaints, TELEPHONE)
        page.goto(f"/documents/{minutes.pk}/")
        page.get_by_role("button", name="Partager").click()
        cross = page.get_by_role("dialog").get_by_role("button", name="Fermer").bounding_box()
        assert cross is not None
        assert cross["width"] >= 40
        name = page.get_by_role("dialog").locator(".accesses__name", has_text="Bruno").bounding_box()
        assert name is not None
        assert name["height"] < 40  # one line


def test_sharing_by_name_with_the_keyboard_alone(web, minutes, awa, bruno, complaints):
    session = session_of(awa)
    with chromium() as browser:
        page = signed_in(browser, web, session, complaints)
        page.goto(f"/documents/{minutes.pk}/")
        page.get_by_role("button", name="Partager").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("combobox", name="Ajouter une personne")).to_be_focused()
        page.keyboard.type("petit")
        expect(page.get_by_role("option", name=re.compile("Bruno Petit"))).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.get_by_label("Droit de Bruno Petit")).to_have_value("editor")
        assert violations(page) == []
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_role("button", name="Partager")).to_be_focused()
    assert minutes.resource.accesses.get(user_id=bruno.user_id).role == "editor"


@pytest.mark.parametrize("size", [(1280, 800), TELEPHONE], ids=["desk", "telephone"])
def test_a_new_document_is_made_named_and_found_again(web, awa, complaints, size):
    session = session_of(awa)
    with chromium() as browser:
        page = signed_in(browser, web, session, complaints, size)
        page.goto("/documents/")
        expect(page.get_by_text("Vos documents seront ici")).to_be_visible()
        page.get_by_role("button", name="Nouveau document").click()
        expect(page.locator(TEXT).first).to_be_visible()
        page.get_by_label("Titre du document").fill("Idées")
        page.keyboard.press("Enter")
        expect(page.locator(TEXT).first).to_be_focused()
        page.keyboard.type("# Un\nDeux")
        expect(page.locator(".bn-editor h1", has_text="Un")).to_be_visible()
        expect(page.get_by_text("Enregistré", exact=True)).to_be_visible()
        expect(page).to_have_title(re.compile("Idées"))
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        page.goto("/documents/")
        page.get_by_role("link", name="Idées").click()
        expect(page.locator(".bn-editor")).to_contain_text("Deux")
