"""Signing in and out through the demonstration provider, the whole round over HTTP."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.conf import settings
from django.contrib.sessions.models import Session
from pytest_django import Settings

from suite.accounts.models import Identity, SignIn, User
from suite.accounts.selectors import get_viewer
from suite.audit.models import Record
from suite.kernel import clock
from suite.kernel.models import OutboxEvent
from tests.browsers import SECONDS, Browser, known

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("provider", "demonstration")]


def session_key(browser: Browser) -> str:
    return browser.suite.cookies[settings.SESSION_COOKIE_NAME].value


def test_the_page_keeps_where_one_was_going_and_nothing_foreign() -> None:
    browser = Browser()
    page = browser.suite.get("/sign-in/?next=/people/")
    assert page.status_code == 200
    assert 'href="/oidc/authenticate/?next=%2Fpeople%2F"' in page.content.decode()
    for foreign in ("https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"):
        shown = browser.suite.get("/sign-in/", {"next": foreign}).content.decode()
        assert 'href="/oidc/authenticate/?next=%2F"' in shown, foreign


def test_a_whole_round_signs_in_and_keeps_who_when_and_how() -> None:
    browser = Browser()
    answer = browser.signs_in("Awa", "/documents/")
    assert (answer.status_code, answer["Location"]) == (302, "/documents/")
    sign_in = SignIn.objects.get()
    assert (sign_in.acr, sign_in.amr) == ("eidas1", ["pwd"])
    assert sign_in.sid
    assert sign_in.user.email == known("Awa")["email"]
    viewer = get_viewer(session_key=session_key(browser))
    assert viewer is not None
    assert viewer.name == "Awa Diallo"
    assert viewer.organization_name.startswith("Ville de Montreuil")
    record = Record.objects.get(action="accounts.sign_in.succeeded")
    assert (record.actor_id, record.organization_id) == (viewer.user_id, viewer.organization_id)
    assert browser.suite.get("/sign-in/?next=/documents/")["Location"] == "/documents/"


def test_the_request_asks_for_what_proconnect_wants() -> None:
    asked = parse_qs(urlsplit(Browser().starts()).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [f"{settings.PUBLIC_URL}/oidc/callback/"]
    assert '"essential": true' in asked["claims"][0]
    assert len(asked["nonce"][0]) >= 32
    assert len(asked["state"][0]) >= 32


def test_the_session_is_another_one_after_signing_in() -> None:
    browser = Browser()
    way = browser.starts()
    before = session_key(browser)
    session = browser.suite.session
    session["left"] = "by whoever used this browser before"
    session.save()
    browser.comes_back(browser.chooses(way, known("Awa")["sub"]))
    assert session_key(browser) != before
    assert "left" not in browser.suite.session
    assert not Session.objects.filter(session_key=before).exists()


def test_signing_in_again_ends_the_former_sign_in() -> None:
    browser = Browser()
    browser.signs_in("Awa")
    first = session_key(browser)
    browser.http = requests.Session()
    browser.signs_in("Bruno")
    assert get_viewer(session_key=first) is None
    viewer = get_viewer(session_key=session_key(browser))
    assert viewer is not None
    assert viewer.name == "Bruno Martin"


def test_the_second_sign_in_finds_the_same_person_whatever_the_mail_says() -> None:
    Browser().signs_in("Awa")
    User.objects.filter(email=known("Awa")["email"]).update(email="awa.autrement@montreuil.example")
    people = User.objects.count()
    Browser().signs_in("Awa")
    assert User.objects.count() == people
    assert Identity.objects.count() == 1
    assert SignIn.objects.filter(user__email="awa.autrement@montreuil.example").count() == 2


def test_an_administrators_role_needs_the_stronger_sign_in(settings: Settings) -> None:
    browser = Browser()
    browser.signs_in("Claire")
    viewer = get_viewer(session_key=session_key(browser))
    assert viewer is not None
    assert viewer.is_hr_administrator
    settings.OIDC_ACR_STRONG = ["eidas3"]
    settings.OIDC_ACR_ACCEPTED = ["eidas1", "eidas2", "eidas3"]
    weaker = get_viewer(session_key=session_key(browser))
    assert weaker is not None
    assert not weaker.is_hr_administrator
    again = Browser()
    again.signs_in("Claire")
    assert (
        "/oidc/authenticate/?level=strong"
        in again.suite.get("/people/").content.decode() + again.suite.get("/meetings/").content.decode()
    )
    stronger = Browser()
    stronger.signs_in("Claire", level="strong")
    strong = get_viewer(session_key=session_key(stronger))
    assert strong is not None
    assert strong.is_hr_administrator


def test_a_deactivated_person_is_refused_with_a_sentence_and_a_record() -> None:
    Browser().signs_in("Bruno")
    User.objects.filter(email=known("Bruno")["email"]).update(is_active=False)
    answer = Browser().signs_in("Bruno")
    assert answer.status_code == 403
    record = Record.objects.get(action="accounts.sign_in.refused")
    assert (record.outcome, record.details["reason"]) == ("refused", "deactivated")
    assert record.actor_label == "Bruno Martin"


def test_cancelling_at_the_provider_is_a_page_that_says_so() -> None:
    browser = Browser()
    answer = browser.comes_back(browser.chooses(browser.starts(), ""))
    assert answer.status_code == 403
    assert Record.objects.get(action="accounts.sign_in.refused").details["reason"] == "declined"


def test_signing_out_ends_both_sessions() -> None:
    browser = Browser()
    browser.signs_in("Awa")
    key = session_key(browser)
    assert browser.suite.get("/sign-out/").status_code == 405
    answer = browser.suite.post("/sign-out/")
    asked = parse_qs(urlsplit(answer["Location"]).query)
    assert answer["Location"].startswith(f"{settings.OIDC_ISSUER}/session/end")
    assert asked["post_logout_redirect_uri"] == [f"{settings.PUBLIC_URL}/sign-in/?signed_out=1"]
    confirm = browser.http.get(answer["Location"], timeout=SECONDS)
    xsrf = re.search(r'name="xsrf" value="([^"]+)"', confirm.text)
    assert xsrf is not None, confirm.text
    assert get_viewer(session_key=key) is None
    assert not Session.objects.filter(session_key=key).exists()
    assert Record.objects.get(action="accounts.sign_in.ended").details["reason"] == "person"
    assert OutboxEvent.objects.filter(name="accounts.sign_in_ended").count() == 1


def test_a_provider_that_does_not_answer_is_said(settings: Settings) -> None:
    settings.OIDC_ISSUER = "http://localhost:9"
    answer = Browser().suite.get("/oidc/authenticate/")
    assert answer.status_code == 503


def test_a_sign_in_ends_by_its_age() -> None:
    browser = Browser()
    browser.signs_in("Awa")
    SignIn.objects.update(signed_in_at=clock.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE + 1))
    assert get_viewer(session_key=session_key(browser)) is None
