"""The chat's page in Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.chat.conftest import a_channel, write
from tests.chromium import DESK, TELEPHONE, Complaints, chromium, in_database, signed_in, violations
from tests.people import session_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]


@pytest.fixture
def complaints():
    found = Complaints()
    yield found
    assert found == []


def test_two_people_write_to_each_other(web, awa, bruno, complaints):
    channel = a_channel(awa, bruno)
    write(channel, awa, "Déjà écrit")
    sessions = session_of(awa), session_of(bruno)
    with chromium() as browser:
        one = signed_in(browser, web, sessions[0], complaints)
        other = signed_in(browser, web, sessions[1], complaints, TELEPHONE)
        one.goto(f"/messages/{channel.pk}/")
        other.goto("/messages/")
        expect(other.get_by_title("1 message non lu")).to_be_visible()
        other.get_by_role("link", name="Budget").click()
        expect(other.get_by_text("Déjà écrit")).to_be_visible()
        one.keyboard.type("Première ligne")
        one.keyboard.press("Shift+Enter")
        one.keyboard.type("seconde ligne")
        one.keyboard.press("Enter")
        expect(other.get_by_text("Première ligne\nseconde ligne")).to_be_visible()
        other.get_by_label("Message à Budget").fill("Bien reçu")
        other.get_by_role("button", name="Envoyer").click()
        expect(one.get_by_role("log").get_by_text("Bien reçu")).to_be_visible()
        expect(one.get_by_role("log").get_by_text("Bien reçu")).to_have_count(1)
        # the telephone goes back to the list; what comes meanwhile is counted
        other.get_by_role("button", name="Toutes les conversations").click()
        expect(other.get_by_role("link", name="Budget")).to_be_visible()
        one.keyboard.type("Une dernière chose")
        one.keyboard.press("Enter")
        expect(other.get_by_title("1 message non lu")).to_be_visible()
        for page in (one, other):
            assert violations(page) == []


def test_a_message_that_did_not_leave_says_so_and_leaves_when_it_can(web, awa, complaints):
    channel = a_channel(awa)
    session = session_of(awa)
    with chromium() as browser:
        page = signed_in(browser, web, session, complaints)
        page.goto(f"/messages/{channel.pk}/")
        expect(page.get_by_text("Rien n’a encore été écrit ici")).to_be_visible()
        web.kill()
        page.keyboard.type("Malgré tout")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Non envoyé")).to_be_visible()
        web.restart()
        expect(page.locator(".sending")).to_have_count(0, timeout=20_000)  # neither on its way nor kept back
        expect(page.get_by_role("log").get_by_text("Malgré tout")).to_be_visible()
    assert [message.body for message in channel.messages.all()] == ["Malgré tout"]


def test_what_is_new_stands_below_a_line_and_a_draft_stays(web, awa, bruno, complaints):
    channel, other = a_channel(awa, bruno), a_channel(awa, bruno, title="Autre")
    write(channel, awa, "Ancien")
    session = session_of(bruno)
    with chromium() as browser:
        page = signed_in(browser, web, session, complaints)
        page.goto(f"/messages/{channel.pk}/")
        expect(page.get_by_text("Ancien")).to_be_visible()
        page.keyboard.type("Commencé")
        page.get_by_role("link", name="Autre").click()
        expect(page.get_by_role("heading", name="Autre")).to_be_visible()
        in_database(lambda: write(channel, awa, "Nouveau"))
        expect(page.get_by_title("1 message non lu")).to_be_visible()
        page.get_by_role("link", name="Budget").click()
        expect(page.get_by_text("Nouveaux messages")).to_be_visible()
        expect(page.get_by_label("Message à Budget")).to_have_value("Commencé")
        expect(page.get_by_title("1 message non lu")).to_have_count(0)
    assert other.messages.count() == 0


@pytest.mark.parametrize("size", [DESK, TELEPHONE], ids=["desk", "telephone"])
def test_who_has_no_conversation_is_told_how_to_begin(web, awa, bruno, complaints, size):
    session = session_of(awa)
    with chromium() as browser:
        page = signed_in(browser, web, session, complaints, size)
        page.goto("/messages/")
        expect(page.get_by_text("Vos conversations seront ici")).to_be_visible()
        assert violations(page) == []
        page.get_by_role("button", name="Écrire à quelqu’un").last.click()
        page.keyboard.type("bruno")
        page.get_by_role("option", name="Bruno Petit").click()
        expect(page.get_by_text("Bruno Petit verra votre premier message")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
