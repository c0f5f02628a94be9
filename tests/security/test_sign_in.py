"""Hostile answers at sign-in: each is refused with the page, recorded, and signs nobody in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from suite.accounts.models import Identity, Organization, SignIn, User
from suite.accounts.selectors import get_viewer
from suite.audit.models import Record
from tests.browsers import Browser, known
from tests.security.hostile_issuer import Claims, HostileIssuer, Lies, running_hostile_issuer

pytestmark = pytest.mark.django_db


@pytest.fixture
def issuer(db: None, engines: None, settings: Settings) -> Iterator[HostileIssuer]:
    call_command("seed_demonstration", verbosity=0)
    awa = known("Awa")
    person = {name: awa[name] for name in ("sub", "email", "given_name", "usual_name", "siret", "organizational_unit")}
    with running_hostile_issuer(person) as hostile:
        settings.OIDC_ISSUER = hostile.issuer
        settings.OIDC_RP_CLIENT_ID = "suite"
        yield hostile


def comes_back(issuer: HostileIssuer, browser: Browser | None = None) -> Any:
    browser = browser or Browser()
    return browser.comes_back(issuer.authorize(browser.starts()))


def assert_refused(answer: Any, reason: str) -> None:
    assert answer.status_code == 403
    assert "accounts/sign_in_refused.html" in [template.name for template in answer.templates]
    refused = Record.objects.get(action="accounts.sign_in.refused")
    assert (refused.outcome, refused.details["reason"]) == ("refused", reason)
    assert not SignIn.objects.exists()
    assert not Identity.objects.exists()
    assert answer.client.get("/people/").status_code == 302
    assert "_auth_user_id" not in answer.client.session


def changed(**values: Any) -> Callable[[Claims], Claims]:
    return lambda claims: {**claims, **values}


def without(*names: str) -> Callable[[Claims], Claims]:
    return lambda claims: {name: value for name, value in claims.items() if name not in names}


def test_the_same_issuer_telling_the_truth_signs_in(issuer: HostileIssuer) -> None:
    answer = comes_back(issuer)
    assert answer.status_code == 302
    assert SignIn.objects.get().user.email == known("Awa")["email"]


def test_es256_is_as_good(issuer: HostileIssuer) -> None:
    issuer.lies = Lies(sign_id_token=HostileIssuer.sign_es256, sign_userinfo=HostileIssuer.sign_es256)
    assert comes_back(issuer).status_code == 302
    assert SignIn.objects.count() == 1


HOUR_AGO, IN_AN_HOUR = int(time.time()) - 3600, int(time.time()) + 3600
HOSTILE: dict[str, tuple[Lies, str]] = {
    "issuer of somebody else": (Lies(id_token=changed(iss="https://evil.example")), "issuer"),
    "issuer with a slash more": (Lies(id_token=lambda claims: {**claims, "iss": claims["iss"] + "/"}), "issuer"),
    "no issuer": (Lies(id_token=without("iss")), "issuer"),
    "audience of another client": (Lies(id_token=changed(aud="other-client")), "audience"),
    "no audience": (Lies(id_token=without("aud")), "audience"),
    "audience list without us": (Lies(id_token=changed(aud=["a", "b"], azp="suite")), "audience"),
    "azp of another client": (Lies(id_token=changed(azp="other-client")), "azp"),
    "several audiences and no azp": (Lies(id_token=changed(aud=["suite", "other"])), "azp"),
    "several audiences and another's azp": (Lies(id_token=changed(aud=["suite", "other"], azp="other")), "azp"),
    "nonce of another request": (Lies(id_token=changed(nonce="x" * 32)), "nonce"),
    "no nonce": (Lies(id_token=without("nonce")), "claims"),
    "empty nonce": (Lies(id_token=changed(nonce="")), "nonce"),
    "expired": (Lies(id_token=changed(exp=HOUR_AGO)), "expired"),
    "no expiry": (Lies(id_token=without("exp")), "expired"),
    "issued in the future": (Lies(id_token=changed(iat=IN_AN_HOUR)), "expired"),
    "not valid yet": (Lies(id_token=changed(nbf=IN_AN_HOUR)), "expired"),
    "another access token's hash": (Lies(id_token=changed(at_hash="A" * 22)), "at_hash"),
    "no subject": (Lies(id_token=without("sub")), "claims"),
    "an empty subject": (Lies(id_token=changed(sub="")), "claims"),
    "algorithm none": (Lies(sign_id_token=HostileIssuer.sign_none), "algorithm"),
    "HS256 with the public key": (Lies(sign_id_token=HostileIssuer.sign_with_public_key), "algorithm"),
    "HS256 with the client's secret": (Lies(sign_id_token=HostileIssuer.sign_with_client_secret), "algorithm"),
    "an algorithm off the list": (Lies(sign_id_token=HostileIssuer.sign_ps256), "algorithm"),
    "somebody else's key": (Lies(sign_id_token=HostileIssuer.sign_foreign), "signature"),
    "a key that the issuer does not publish": (Lies(sign_id_token=HostileIssuer.sign_own_kid), "key"),
    "a key in the token's own header": (Lies(sign_id_token=HostileIssuer.sign_with_embedded_key), "signature"),
    "a critical extension": (Lies(sign_id_token=lambda one, claims: one.sign(claims, crit=["b64"], b64=True)), "malformed"),
    "no token at all": (Lies(sign_id_token=lambda _one, _claims: "rubbish"), "malformed"),
    "a huge token": (Lies(id_token=changed(padding="x" * 40_000)), "malformed"),
    "userinfo of another subject": (Lies(userinfo=changed(sub="somebody-else")), "userinfo_sub"),
    "userinfo without a subject": (Lies(userinfo=without("sub")), "claims"),
    "userinfo of another issuer": (Lies(userinfo=changed(iss="https://evil.example")), "issuer"),
    "userinfo for another client": (Lies(userinfo=changed(aud="other-client")), "audience"),
    "unsigned userinfo": (Lies(userinfo_type="application/json"), "userinfo_unsigned"),
    "userinfo with algorithm none": (Lies(sign_userinfo=HostileIssuer.sign_none), "algorithm"),
    "userinfo by somebody else's key": (Lies(sign_userinfo=HostileIssuer.sign_foreign), "signature"),
    "userinfo HS256 with the public key": (Lies(sign_userinfo=HostileIssuer.sign_with_public_key), "algorithm"),
    "another issuer answers (mix-up)": (Lies(answering_issuer="https://evil.example"), "issuer"),
    "a level that was not asked for": (Lies(id_token=changed(acr="eidas0")), "assurance"),
    "no level": (Lies(id_token=without("acr")), "assurance"),
    "an organisation that Suite does not know": (Lies(userinfo=changed(siret="11111111111111")), "unknown_organization"),
    "no organisation": (Lies(userinfo=without("siret")), "unknown_organization"),
    "no mail address": (Lies(userinfo=without("email")), "mail_missing"),
    "a mail address with a line more": (Lies(userinfo=changed(email="a@b@c\n")), "mail_missing"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_is_refused(issuer: HostileIssuer, name: str) -> None:
    issuer.lies, reason = HOSTILE[name]
    assert_refused(comes_back(issuer), reason)


def test_a_missing_state_is_refused(issuer: HostileIssuer) -> None:
    browser = Browser()
    address = issuer.authorize(browser.starts())
    assert_refused(browser.comes_back(address.split("&state=")[0]), "state")


def test_another_browsers_state_is_refused(issuer: HostileIssuer) -> None:
    """Login forgery: the victim's browser is sent the attacker's answer."""
    attacker, victim = Browser(), Browser()
    victim.starts()
    assert_refused(victim.comes_back(issuer.authorize(attacker.starts())), "state")


def test_a_browser_that_asked_for_nothing_is_refused(issuer: HostileIssuer) -> None:
    assert_refused(Browser().comes_back(issuer.authorize(Browser().starts())), "state")


def test_a_replayed_state_is_refused(issuer: HostileIssuer) -> None:
    browser = Browser()
    address = issuer.authorize(browser.starts())
    issuer.lies = Lies(id_token=changed(nonce="x"))
    browser.comes_back(address)
    issuer.lies = Lies()
    browser.comes_back(address)
    reasons = Record.objects.filter(action="accounts.sign_in.refused").order_by("id").values_list("details", flat=True)
    assert [details["reason"] for details in reasons] == ["nonce", "state"]
    assert not SignIn.objects.exists()


def test_a_replayed_code_is_refused(issuer: HostileIssuer) -> None:
    first, second = Browser(), Browser()
    address = issuer.authorize(first.starts())
    assert first.comes_back(address).status_code == 302
    state = issuer.authorize(second.starts()).split("&state=")[1]
    again = second.comes_back(f"{address.split('&state=')[0]}&state={state}")
    assert again.status_code == 403
    assert Record.objects.get(action="accounts.sign_in.refused").details["reason"] == "code"
    assert SignIn.objects.count() == 1


def test_a_stolen_code_does_not_serve_without_its_verifier(issuer: HostileIssuer) -> None:
    victim, thief = Browser(), Browser()
    stolen = issuer.authorize(victim.starts())
    state = issuer.authorize(thief.starts()).split("&state=")[1]
    assert_refused(thief.comes_back(f"{stolen.split('&state=')[0]}&state={state}"), "code")


def test_the_provider_saying_no_is_refused(issuer: HostileIssuer) -> None:
    browser = Browser()
    state = issuer.authorize(browser.starts()).split("&state=")[1]
    assert_refused(browser.comes_back(f"http://x/oidc/callback/?error=access_denied&state={state}"), "declined")


def test_a_second_subject_with_the_same_mail_takes_over_nobody(issuer: HostileIssuer) -> None:
    assert comes_back(issuer).status_code == 302
    issuer.person = {**issuer.person, "sub": "another-subject"}
    again = comes_back(issuer)
    assert again.status_code == 403
    assert Record.objects.get(action="accounts.sign_in.refused").details["reason"] == "mail_taken"
    assert Identity.objects.count() == 1


def test_a_mail_address_that_nobody_vouches_for_links_nobody(issuer: HostileIssuer, settings: Settings) -> None:
    settings.OIDC_VOUCHES_FOR_MAIL = False
    assert_refused(comes_back(issuer), "mail_taken")
    issuer.person = {**issuer.person, "email_verified": True}
    assert comes_back(issuer).status_code == 302


def test_a_mail_address_links_nobody_of_another_organisation(issuer: HostileIssuer) -> None:
    elsewhere = Organization.objects.get(siret=known("Eva")["siret"])
    issuer.person = {**issuer.person, "siret": elsewhere.siret}
    assert comes_back(issuer).status_code == 302
    assert User.objects.filter(email=known("Awa")["email"]).count() == 2
    sign_in = SignIn.objects.get()
    assert sign_in.membership.organization == elsewhere
    assert not sign_in.user.role_assignments.exists()


def test_another_siret_later_opens_no_other_organisation(issuer: HostileIssuer) -> None:
    assert comes_back(issuer).status_code == 302
    issuer.person = {**issuer.person, "siret": known("Eva")["siret"]}
    assert comes_back(issuer).status_code == 403
    assert Record.objects.get(action="accounts.sign_in.refused").details["reason"] == "organization_changed"


def test_strangers_become_staff_only_where_that_is_set(issuer: HostileIssuer, settings: Settings) -> None:
    issuer.person = {**issuer.person, "sub": "new", "email": "nouvelle@montreuil.example"}
    settings.OIDC_CREATES_PEOPLE = False
    assert_refused(comes_back(issuer), "unknown_person")
    settings.OIDC_CREATES_PEOPLE = True
    assert comes_back(issuer).status_code == 302
    assert not SignIn.objects.get().user.role_assignments.exists()


def test_a_name_from_outside_is_text(issuer: HostileIssuer) -> None:
    issuer.person = {**issuer.person, "sub": "x", "email": "x@montreuil.example", "given_name": "<script>\r\n\x1b[2Jx</script>"}
    browser = Browser()
    comes_back(issuer, browser)
    user = SignIn.objects.get().user
    assert user.given_name == "<script> [2Jx</script>"
    page = browser.suite.get("/").content.decode()
    assert "&lt;script&gt; [2Jx" in page
    assert "<script> [2Jx" not in page


def test_a_stranger_cannot_fill_the_log(issuer: HostileIssuer) -> None:
    browser = Browser()
    # 62 in at most two of the limit's minutes: one of them holds more than 30.
    statuses = [browser.suite.get("/oidc/callback/?code=x&state=y").status_code for _ in range(62)]
    assert set(statuses) == {403, 429}
    reasons = [one.details["reason"] for one in Record.objects.filter(action="accounts.sign_in.refused")]
    assert "too_many" in reasons
    assert len(reasons) < 62


def test_metadata_of_another_issuer_is_not_believed(issuer: HostileIssuer, settings: Settings) -> None:
    settings.OIDC_ISSUER = issuer.issuer.replace("127.0.0.1", "localhost")
    assert Browser().suite.get("/oidc/authenticate/").status_code == 503


def test_what_the_session_was_before_does_not_stay(issuer: HostileIssuer) -> None:
    browser = Browser()
    assert comes_back(issuer, browser).status_code == 302
    former = browser.suite.session
    former["of the former"] = "x"
    former.save()
    assert get_viewer(session_key=former.session_key) is not None
    assert comes_back(issuer, browser).status_code == 302
    assert browser.suite.session.session_key != former.session_key
    assert "of the former" not in browser.suite.session
    assert get_viewer(session_key=former.session_key) is None
