"""Who clicks twice, as on a desktop's icon, gets one of what they asked for."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from suite.accounts.models import Role, User
from suite.documents.models import Document
from suite.meetings.models import Room
from tests.chromium import Complaints, chromium, in_database, signed_in
from tests.people import organization, person, session_of
from tests.web import Web

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]


@pytest.mark.usefixtures("db")
def test_two_clicks_make_one(web: Web) -> None:
    town, complaints = organization("Ville"), Complaints()
    session = session_of(person(town, "Claire", "Petit", role=Role.HR_ADMINISTRATOR))
    with chromium() as browser:
        page = signed_in(browser, web, session, complaints)
        page.goto("/")
        page.get_by_role("button", name="Démarrer une réunion").dblclick(delay=40)
        expect(page.get_by_role("button", name="Rejoindre", exact=True)).to_be_visible()
        page.goto("/documents/")
        page.get_by_role("button", name="Nouveau document").first.dblclick(delay=40)
        expect(page.locator(".document__text[aria-busy=false] [contenteditable]")).to_be_visible()
        page.goto("/people/add/")
        for field, words in (("Prénom", "Nora"), ("Nom", "Nouvelle"), ("Adresse de messagerie", "nora@example.org")):
            page.get_by_label(field, exact=True).fill(words)
        page.get_by_role("button", name="Ajouter cette personne").dblclick(delay=40)
        expect(page.get_by_text("Nora Nouvelle peut se connecter dès maintenant.")).to_be_visible()
    counted = in_database(lambda: [one.objects.count() for one in (Room, Document)])
    assert counted == [1, 1]
    assert in_database(lambda: User.objects.filter(given_name="Nora").count()) == 1
    assert complaints == []
