"""What people do each day, by Tab, Enter and the letters alone: nothing is clicked, nothing is focused by the test."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from suite.accounts.models import Organization, Role, User
from suite.accounts.viewer import Viewer
from suite.documents.models import Document
from tests.chat.conftest import a_channel
from tests.chromium import Complaints, chromium, in_database, signed_in
from tests.documents.words import get_text
from tests.people import organization, person, session_of
from tests.web import Web

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]

STEPS = 80
NAME = """() => {
  const one = document.activeElement;
  const label = one.labels?.[0]?.textContent ?? '';
  return (one.getAttribute('aria-label') ?? (label || one.textContent)).trim().replace(/\\s+/g, ' ');
}"""
SEEN = """() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== 'none' || style.boxShadow !== 'none';
}"""


@pytest.fixture
def town(db: None) -> Organization:
    return organization("Ville")


@pytest.fixture
def awa(town: Organization) -> Viewer:
    return person(town)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has the focus is called `name`, and can be seen to have it."""
    met = []
    for _step in range(STEPS):
        page.keyboard.press("Tab")
        met.append(page.evaluate(NAME))
        if re.search(name, met[-1]):
            assert page.evaluate(SEEN), f"nothing shows that {met[-1]!r} has the focus"
            return
    raise AssertionError(f"Tab never came to {name!r}: {met}")


def press(page: Page, name: str) -> None:
    tab_to(page, name)
    page.keyboard.press("Enter")


def test_a_document_is_made_named_and_written(web: Web, awa: Viewer) -> None:
    session = session_of(awa)
    with chromium() as browser:
        page = signed_in(browser, web, session, Complaints())
        page.goto("/")
        press(page, "^Documents$")
        page.wait_for_url("**/documents/")
        press(page, "Nouveau document")
        expect(page.locator(".document__text[aria-busy=false] [contenteditable]")).to_be_visible()
        tab_to(page, "Titre du document")
        page.keyboard.type("Compte rendu")
        page.keyboard.press("Enter")
        page.keyboard.type("Le budget est adopté.")
        expect(page.get_by_text("Enregistré", exact=True)).to_be_visible()
        expect(page.locator(".bn-editor")).to_contain_text("Le budget est adopté.")
    assert "Le budget est adopté." in get_text(document=Document.objects.get())


def test_a_message_is_sent(web: Web, town: Organization, awa: Viewer) -> None:
    channel = a_channel(awa, person(town, "Bruno", "Petit"))
    session = session_of(awa)
    with chromium() as browser:
        page = signed_in(browser, web, session, Complaints())
        page.goto("/")
        press(page, "^Messages$")
        page.wait_for_url("**/messages/")
        expect(page.get_by_role("link", name="Budget")).to_be_visible()
        press(page, "^Budget")
        expect(page.get_by_label("Message à Budget")).to_be_focused()
        page.keyboard.type("Bonjour")
        page.keyboard.press("Enter")
        expect(page.get_by_role("log").get_by_text("Bonjour")).to_be_visible()
        expect(page.locator(".sending")).to_have_count(0)  # it is shown before it has been stored
    assert [message.body for message in channel.messages.all()] == ["Bonjour"]


def test_somebody_is_brought_in_and_let_go(web: Web, town: Organization) -> None:
    session = session_of(person(town, "Claire", "Petit", role=Role.HR_ADMINISTRATOR))
    with chromium() as browser:
        page = signed_in(browser, web, session, Complaints())
        page.goto("/")
        press(page, "^Personnes$")
        page.wait_for_url("**/people/")
        press(page, "Ajouter une personne")
        page.wait_for_url("**/people/add/")
        for field, words in (("Prénom", "Nora"), ("^Nom$", "Nouvelle"), ("Adresse de messagerie", "nora@example.org")):
            tab_to(page, field)
            page.keyboard.type(words)
        press(page, "Ajouter cette personne")
        expect(page.get_by_text("Nora Nouvelle peut se connecter dès maintenant.")).to_be_visible()
        press(page, "Désactiver…")
        expect(page.get_by_role("button", name="Annuler")).to_be_focused()
        page.keyboard.press("Shift+Tab")
        assert page.evaluate(NAME) == "Désactiver Nora Nouvelle"
        page.keyboard.press("Enter")
        expect(page.get_by_text(re.compile("Nora Nouvelle est désactivé"))).to_be_visible()
    assert not in_database(lambda: User.objects.get(given_name="Nora").is_active)
