"""The back channel: only the provider's own, fresh, unused word ends a session."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from suite.accounts.models import SignIn
from suite.accounts.selectors import get_viewer
from suite.audit.models import Record
from suite.kernel.ids import uuid7
from suite.kernel.models import OutboxEvent
from tests import people
from tests.security.hostile_issuer import Claims, HostileIssuer, running_hostile_issuer

pytestmark = pytest.mark.django_db
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
def issuer(db: None, engines: None, settings: Settings) -> Iterator[HostileIssuer]:
    with running_hostile_issuer({}) as found:
        settings.OIDC_ISSUER = found.issuer
        settings.OIDC_RP_CLIENT_ID = "suite"
        yield found


@pytest.fixture
def key(issuer: HostileIssuer) -> str:
    """Two sessions of one person; this is the key of the one called `sid-1`."""
    viewer = people.person(people.organization())
    found = [people.session_of(viewer) for _ in range(2)]
    for number, one in enumerate(found, start=1):
        SignIn.objects.filter(session_key=one).update(issuer=issuer.issuer, sub="sub-1", sid=f"sid-{number}")
    return found[0]


def token(issuer: HostileIssuer, **changes: Any) -> Claims:
    now = int(time.time())
    claims = {"iss": issuer.issuer, "aud": "suite", "iat": now, "exp": now + 120, "jti": str(uuid7()), "sub": "sub-1",
              "sid": "sid-1", "events": {EVENT: {}}, **changes}  # fmt: skip
    return {name: value for name, value in claims.items() if value is not None}


def says(signed: str) -> int:
    return int(Client().post("/oidc/back-channel-logout/", {"logout_token": signed}).status_code)


def test_the_providers_word_ends_that_session(issuer: HostileIssuer, key: str) -> None:
    assert says(issuer.sign(token(issuer))) == 200
    assert get_viewer(session_key=key) is None
    assert SignIn.objects.filter(ended_at=None).count() == 1
    assert Record.objects.get(action="accounts.sign_in.ended").details == {"reason": "provider"}
    assert OutboxEvent.objects.filter(name="accounts.sign_in_ended").count() == 1


def test_a_subject_alone_ends_all_of_theirs(issuer: HostileIssuer, key: str) -> None:
    assert says(issuer.sign(token(issuer, sid=None))) == 200
    assert not SignIn.objects.filter(ended_at=None).exists()


def test_a_token_serves_once(issuer: HostileIssuer, key: str) -> None:
    signed = issuer.sign(token(issuer, sid="unknown"))
    assert (says(signed), says(signed)) == (200, 400)


BENT: dict[str, Callable[[HostileIssuer], Claims]] = {
    "issuer": lambda one: token(one, iss="https://evil.example"),
    "audience": lambda one: token(one, aud="other"),
    "nonce": lambda one: token(one, nonce="x"),
    "no event": lambda one: token(one, events=None),
    "another event": lambda one: token(one, events={"http://schemas.openid.net/event/other": {}}),
    "an event that is no object": lambda one: token(one, events={EVENT: True}),
    "events as a list": lambda one: token(one, events=[EVENT]),
    "neither sid nor sub": lambda one: token(one, sid=None, sub=None),
    "a sid that is no text": lambda one: token(one, sid=["sid-1"]),
    "no jti": lambda one: token(one, jti=None),
    "expired": lambda one: token(one, exp=int(time.time()) - 600),
    "old and without expiry": lambda one: token(one, exp=None, iat=int(time.time()) - 600),
    "no time": lambda one: token(one, iat=None),
}


@pytest.mark.parametrize("name", BENT)
def test_a_bent_token_ends_nothing(issuer: HostileIssuer, key: str, name: str) -> None:
    assert says(issuer.sign(BENT[name](issuer))) == 400
    assert get_viewer(session_key=key) is not None


@pytest.mark.parametrize(
    "sign",
    [HostileIssuer.sign_none, HostileIssuer.sign_foreign, HostileIssuer.sign_with_public_key, HostileIssuer.sign_own_kid],
)
def test_a_forged_token_ends_nothing(issuer: HostileIssuer, key: str, sign: Callable[[HostileIssuer, Claims], str]) -> None:
    assert says(sign(issuer, token(issuer))) == 400
    assert get_viewer(session_key=key) is not None


def test_nothing_and_rubbish_are_answers(issuer: HostileIssuer) -> None:
    assert Client().post("/oidc/back-channel-logout/").status_code == 400
    assert says("rubbish") == 400
    assert Client().get("/oidc/back-channel-logout/").status_code == 405


def test_an_id_token_is_no_logout_token(issuer: HostileIssuer, key: str) -> None:
    now = int(time.time())
    claims = {"iss": issuer.issuer, "aud": "suite", "iat": now, "exp": now + 60, "sub": "sub-1", "sid": "sid-1", "nonce": "n",
              "jti": "j"}  # fmt: skip
    assert says(issuer.sign(claims)) == 400
    assert get_viewer(session_key=key) is not None
