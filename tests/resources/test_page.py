"""What all kinds can do, in Chromium: found again, asked for, offered, thrown away, brought back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from suite.kernel.outbox import deliver_due
from suite.resources.models import AccessRequest, Invitation, Resource
from tests.chromium import DESK, TELEPHONE, Complaints, chromium, in_database, signed_in, violations
from tests.people import session_of
from tests.resources.channels import channel_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]
SIZES = pytest.mark.parametrize("size", [DESK, TELEPHONE], ids=["desk", "telephone"])


@pytest.fixture
def complaints():
    found = Complaints()
    yield found
    assert [one for one in found if "404" not in one and "400" not in one] == []


def fits(page, size):
    """Readable by axe and not wider than the screen."""
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


@SIZES
def test_asked_for_answered_and_opened(web, document, awa, bruno, complaints, size):
    sessions = session_of(awa), session_of(bruno)
    with chromium() as browser:
        owner, asker = (signed_in(browser, web, session, complaints, size) for session in sessions)
        asker.goto(f"/documents/{document.pk}/")
        fits(asker, size)
        asker.get_by_label(re.compile("demandez l’accès")).fill("Pour mardi")
        asker.get_by_role("button", name="Demander l’accès").click()
        expect(asker.get_by_role("heading", name="Votre demande est prise en compte")).to_be_visible()
        fits(asker, size)
        owner.goto("/")
        expect(owner.get_by_text("demande l’accès à")).to_be_visible()
        fits(owner, size)
        owner.goto(f"/documents/{document.pk}/")
        owner.get_by_role("button", name="Partager").click()
        expect(owner.get_by_text("Pour mardi")).to_be_visible()
        fits(owner, size)
        owner.get_by_role("button", name="Accepter – Bruno Petit").click()
        expect(owner.get_by_role("region", name="Demandes d’accès")).to_have_count(0)
        expect(owner.get_by_label("Droit de Bruno Petit")).to_have_value("reader")
        asker.goto("/")
        asker.get_by_role("link", name="Ouvrir").click()
        expect(asker.locator(".bn-editor")).to_contain_text("Bonjour")
    assert in_database(lambda: AccessRequest.objects.get().state) == "accepted"


@SIZES
def test_invited_by_mail_and_withdrawn(web, document, awa, complaints, size):
    session = session_of(awa)
    with chromium() as browser:
        page = signed_in(browser, web, session, complaints, size)
        page.goto(f"/documents/{document.pk}/")
        page.get_by_role("button", name="Partager").click()
        page.get_by_role("combobox", name="Ajouter une personne").fill("zoe@ailleurs.example")
        expect(page.get_by_role("button", name="Inviter zoe@ailleurs.example par courriel")).to_be_visible()
        fits(page, size)
        page.keyboard.press("Enter")
        expect(page.get_by_text("Courriel en attente")).to_be_visible()
        page.get_by_label("Droit de zoe@ailleurs.example").select_option("reader")
        expect(page.get_by_label("Droit de zoe@ailleurs.example")).to_have_value("reader")
        fits(page, size)
        assert in_database(lambda: Invitation.objects.get().role) == "reader"
        page.get_by_role("button", name="Retirer l’invitation").click()
        expect(page.get_by_text("zoe@ailleurs.example")).to_have_count(0)
    assert not in_database(Invitation.objects.waiting().exists)


@SIZES
def test_starred_thrown_away_undone_and_deleted_for_ever(web, document, awa, complaints, size):
    session = session_of(awa)
    with chromium() as browser:
        page = signed_in(browser, web, session, complaints, size)
        page.goto(f"/documents/{document.pk}/")
        page.get_by_role("button", name="Ajouter aux favoris").click()
        expect(page.get_by_role("button", name="Retirer des favoris")).to_be_enabled()
        page.get_by_role("button", name="Mettre à la corbeille").click()
        expect(page.get_by_text("est dans la corbeille")).to_be_visible()
        fits(page, size)
        page.get_by_role("button", name="Annuler").click()
        expect(page.get_by_text("est de retour")).to_be_visible()
        page.get_by_role("link", name="Favoris").click()
        expect(page.get_by_role("link", name="Note")).to_be_visible()
        fits(page, size)
        page.get_by_role("button", name=re.compile("Mettre à la corbeille – Note")).click()
        page.get_by_role("link", name="Corbeille").click()
        fits(page, size)
        page.get_by_role("link", name=re.compile("Supprimer définitivement")).click()
        page.get_by_label("Pour confirmer").fill("Autre")
        page.get_by_role("button", name="Supprimer définitivement").click()
        expect(page.get_by_text("rien n’a été supprimé")).to_be_visible()
        fits(page, size)
        page.get_by_label("Pour confirmer").fill("Note")
        page.get_by_role("button", name="Supprimer définitivement").click()
        expect(page.get_by_text("La corbeille est vide")).to_be_visible()
    in_database(deliver_due)
    assert not in_database(Resource.objects.exists)


@SIZES
def test_a_channels_star_moves_it_up_and_its_owner_throws_it_away(web, awa, complaints, size):
    channel = channel_of(awa)
    session = session_of(awa)
    with chromium() as browser:
        page = signed_in(browser, web, session, complaints, size)
        page.goto(f"/messages/{channel.pk}/")
        page.get_by_role("button", name="Ajouter aux favoris").click()
        expect(page.get_by_role("button", name="Retirer des favoris")).to_be_enabled()
        fits(page, size)
        page.get_by_role("button", name="1 personne").click()
        fits(page, size)
        page.get_by_role("button", name="Mettre ce canal à la corbeille").click()
        expect(page.get_by_text("est dans la corbeille")).to_be_visible()
        page.get_by_role("button", name="Annuler").click()
        page.goto("/messages/")
        expect(page.get_by_role("region", name="Favoris").get_by_role("link", name=re.compile("Budget"))).to_be_visible()
