"""The provider's own sign-out reaches us by the back channel, server to server."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from django.core.management import call_command

from suite.accounts.models import SignIn
from suite.audit.models import Record
from tests.browsers import known
from tests.engines import free_port
from tests.provider import running_provider
from tests.web import Web, running_web

pytestmark = pytest.mark.django_db(transaction=True)
PROMISED_SECONDS = 5.0


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> Iterator[Web]:
    """A web process and a provider that know each other's addresses."""
    call_command("seed_demonstration", verbosity=0)
    issuer = f"http://localhost:{free_port()}"
    monkeypatch.setenv("OIDC_ISSUER", issuer)
    with running_web(tmp_path) as (running,):
        variables = {
            "OIDC_ISSUER": issuer,
            "OIDC_REDIRECT_URIS": f"{running.address}/oidc/callback/",
            "OIDC_SIGNED_OUT_URIS": f"{running.address}/sign-in/?signed_out=1",
            "OIDC_BACK_CHANNEL_URI": f"{running.address}/oidc/back-channel-logout/",
        }
        with running_provider(keys=tmp_path / "keys.json", variables=variables):
            yield running


class Person:
    """A browser with one jar of cookies for both, as a real one on one machine has."""

    def __init__(self, web: Web) -> None:
        self.web = web
        self.http = requests.Session()
        self.http.headers["Accept"] = "text/html"

    def signs_in(self, given_name: str) -> requests.Response:
        choice = self.http.get(f"{self.web.address}/oidc/authenticate/", timeout=10)
        action = re.search(r'action="(/interaction/[^"]+)"', choice.text)
        assert action is not None, choice.text
        parts = urlsplit(choice.url)
        address = f"{parts.scheme}://{parts.netloc}{action[1]}"
        return self.http.post(address, data={"sub": known(given_name)["sub"]}, timeout=10)

    def signs_out(self) -> requests.Response:
        page = self.http.get(f"{self.web.address}/meetings/", timeout=10)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token is not None
        asked = self.http.post(
            f"{self.web.address}/sign-out/",
            data={"csrfmiddlewaretoken": token[1]},
            headers={"Origin": self.web.address},
            timeout=10,
        )
        xsrf = re.search(r'name="xsrf" value="([^"]+)"', asked.text)
        assert xsrf is not None, asked.text
        parts = urlsplit(asked.url)
        confirm = f"{parts.scheme}://{parts.netloc}/session/end/confirm"
        return self.http.post(confirm, data={"xsrf": xsrf[1], "logout": "yes"}, timeout=10)


def test_signing_out_in_one_browser_ends_at_the_provider_and_comes_back(web: Web) -> None:
    awa = Person(web)
    assert awa.signs_in("Awa").status_code == 200
    assert SignIn.objects.get().ended_at is None
    landed = awa.signs_out()
    assert landed.url.startswith(f"{web.address}/sign-in/?signed_out=1")
    assert "fr-alert--success" in landed.text
    assert "Avec qui" in awa.http.get(f"{web.address}/oidc/authenticate/", timeout=10).text


def test_a_session_that_ends_at_the_provider_ends_here(web: Web) -> None:
    awa = Person(web)
    awa.signs_in("Awa")
    # The same browser signs in once more (a second service of the provider's would do the same): one session there, two here.
    first = SignIn.objects.get()
    SignIn.objects.filter(id=first.id).update(session_key="kept-apart")
    assert awa.http.get(f"{web.address}/oidc/authenticate/", timeout=10).status_code == 200
    assert SignIn.objects.filter(ended_at=None).count() == 2
    awa.signs_out()
    deadline = time.monotonic() + PROMISED_SECONDS
    while SignIn.objects.filter(ended_at=None).exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    reasons = {one.details["reason"] for one in Record.objects.filter(action="accounts.sign_in.ended")}
    assert reasons == {"person", "provider"}
