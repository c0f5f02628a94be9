"""The demonstration provider, from outside: the protocol that ProConnect speaks."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import os
import re
import secrets
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests

from suite.runtime.folders import ROOT
from suite.runtime.node import node_folder
from tests.engines import free_port
from tests.provider import running_provider

SCOPES = "openid given_name usual_name email uid siret idp_id organizational_unit phone"
PEOPLE = json.loads((ROOT / "provider" / "people.json").read_text())["people"]
CALLBACK = "http://localhost:8000/oidc/callback/"


@dataclass
class Inbox:
    """What the provider posts to the back channel."""

    bodies: list[str] = field(default_factory=list)
    came: threading.Event = field(default_factory=threading.Event)


@pytest.fixture(scope="module")
def inbox() -> Iterator[tuple[str, Inbox]]:
    found = Inbox()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.bodies.append(self.rfile.read(int(self.headers["content-length"])).decode())
            self.send_response(200)
            self.end_headers()
            found.came.set()

        def log_message(self, *words: object) -> None:
            """Nothing."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/bye", found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def own_provider(tmp_path_factory: pytest.TempPathFactory, inbox: tuple[str, Inbox]) -> Iterator[str]:
    issuer = f"http://localhost:{free_port()}"
    with running_provider(
        keys=tmp_path_factory.mktemp("provider") / "keys.json",
        variables={"OIDC_ISSUER": issuer, "OIDC_BACK_CHANNEL_URI": inbox[0]},
    ) as running:
        yield running


class Person:
    """A browser of somebody who signs in."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.http = requests.Session()
        self.verifier = secrets.token_urlsafe(48)
        self.nonce = secrets.token_urlsafe(16)

    def asks(self, **more: str) -> requests.Response:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "client_id": "suite",
            "response_type": "code",
            "scope": SCOPES,
            "redirect_uri": CALLBACK,
            "state": "the-state",
            "nonce": self.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **more,
        }
        return self.follow(self.http.get(f"{self.issuer}/auth", params=asked, allow_redirects=False, timeout=5))

    def follow(self, answer: requests.Response) -> requests.Response:
        while answer.is_redirect and answer.headers["location"].startswith((self.issuer, "/")):
            address = answer.headers["location"]
            answer = self.http.get(
                self.issuer + address if address.startswith("/") else address, allow_redirects=False, timeout=5
            )
        return answer

    def picks(self, answer: requests.Response, sub: str) -> dict[str, str]:
        action = re.search(r'action="(/interaction/[^"]+)"', answer.text)
        assert action is not None
        back = self.follow(self.http.post(self.issuer + action[1], data={"sub": sub}, allow_redirects=False, timeout=5))
        assert back.headers["location"].startswith(CALLBACK)
        return {name: values[0] for name, values in parse_qs(urlsplit(back.headers["location"]).query).items()}

    def trades(self, code: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": self.verifier,
            "client_id": "suite",
            "client_secret": os.environ["OIDC_CLIENT_SECRET"],
        }
        answer = requests.post(f"{self.issuer}/token", data=form, timeout=5)
        return {"status": answer.status_code, **answer.json()}

    def verifies(self, token: str, **options: Any) -> dict[str, Any]:
        key = jwt.PyJWKSet.from_dict(requests.get(f"{self.issuer}/jwks", timeout=5).json()).keys[0]
        return jwt.decode(token, key, algorithms=["RS256"], audience="suite", issuer=self.issuer, options=options)


def person(given_name: str) -> dict[str, Any]:
    return next(one for one in PEOPLE if one["given_name"] == given_name)


def signed_in(issuer: str, who: dict[str, Any], **more: str) -> tuple[Person, dict[str, Any]]:
    browser = Person(issuer)
    back = browser.picks(browser.asks(**more), who["sub"])
    assert back["state"] == "the-state"
    return browser, browser.trades(back["code"])


def test_a_whole_round_gives_proconnects_claims(own_provider: str) -> None:
    awa = person("Awa")
    browser, tokens = signed_in(own_provider, awa)
    told = browser.verifies(tokens["id_token"])
    assert (told["sub"], told["nonce"], told["acr"], told["amr"]) == (awa["sub"], browser.nonce, "eidas1", ["pwd"])
    assert told["sid"]
    assert "email" not in told
    answer = requests.get(f"{own_provider}/me", headers={"authorization": f"Bearer {tokens['access_token']}"}, timeout=5)
    assert answer.headers["content-type"].startswith("application/jwt")
    about = browser.verifies(answer.text)
    names = ("sub", "given_name", "usual_name", "email", "uid", "siret", "organizational_unit", "phone")
    assert {name: about[name] for name in names} == {name: awa[name] for name in names}
    assert about["idp_id"]


def test_an_auditor_comes_with_a_second_factor(own_provider: str) -> None:
    browser, tokens = signed_in(own_provider, person("David"))
    told = browser.verifies(tokens["id_token"])
    assert (told["acr"], told["amr"]) == ("eidas2", ["pwd", "mfa"])


def test_a_level_that_the_client_insists_on_is_reached(own_provider: str) -> None:
    asked = json.dumps({"id_token": {"acr": {"essential": True, "values": ["eidas2"]}}})
    browser, tokens = signed_in(own_provider, person("Awa"), claims=asked)
    assert browser.verifies(tokens["id_token"])["acr"] == "eidas2"


def test_the_page_lists_everybody_in_french_and_loads_nothing_from_elsewhere(own_provider: str) -> None:
    answer = Person(own_provider).asks()
    assert answer.status_code == 200
    for one in PEOPLE:
        assert f"{one['given_name']} {one['usual_name']}" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "//" not in re.sub(r"http://www.w3.org\S+", "", answer.text).replace("<!doctype html>", "")


def test_cancelling_goes_back_with_an_error(own_provider: str) -> None:
    browser = Person(own_provider)
    assert browser.picks(browser.asks(), "")["error"] == "access_denied"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code_challenge": "", "code_challenge_method": ""}, "invalid_request"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
    ],
)
def test_a_careless_client_is_refused(own_provider: str, change: dict[str, str], error: str) -> None:
    answer = Person(own_provider).asks(**change)
    assert f"error={error}" in answer.headers.get("location", "")


def test_a_code_needs_its_verifier_and_serves_once(own_provider: str) -> None:
    browser = Person(own_provider)
    code = browser.picks(browser.asks(), person("Awa")["sub"])["code"]
    right, browser.verifier = browser.verifier, "x" * 64
    assert browser.trades(code)["error"] == "invalid_grant"
    browser.verifier = right
    again = browser.picks(Person.asks(browser, prompt="login"), person("Awa")["sub"])["code"]
    assert browser.trades(again)["status"] == 200
    assert browser.trades(again)["error"] == "invalid_grant"


def test_an_unknown_address_to_return_to_is_a_page_not_a_redirection(own_provider: str) -> None:
    answer = Person(own_provider).asks(redirect_uri="http://evil.example/")
    assert answer.status_code == 400
    assert "La connexion n’a pas abouti" in answer.text


def test_signing_out_ends_the_session_and_tells_the_back_channel(own_provider: str, inbox: tuple[str, Inbox]) -> None:
    browser, tokens = signed_in(own_provider, person("Bruno"))
    parameters = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": "http://localhost:8000/", "state": "bye"}
    asked = browser.http.get(f"{own_provider}/session/end", params=parameters, timeout=5)
    xsrf = re.search(r'name="xsrf" value="([^"]+)"', asked.text)
    assert xsrf is not None
    form = {"xsrf": xsrf[1], "logout": "yes"}
    answer = browser.http.post(f"{own_provider}/session/end/confirm", data=form, allow_redirects=False, timeout=5)
    assert answer.headers["location"] == "http://localhost:8000/?state=bye"
    assert inbox[1].came.wait(5)
    token = parse_qs(inbox[1].bodies[0])["logout_token"][0]
    told = browser.verifies(token)
    assert told["sub"] == person("Bruno")["sub"]
    assert told["sid"] == browser.verifies(tokens["id_token"])["sid"]
    assert "http://schemas.openid.net/event/backchannel-logout" in told["events"]
    assert "Avec qui" in browser.asks().text


def test_outside_a_demonstration_it_does_not_start() -> None:
    environment = {**os.environ, "SUITE_MODE": "production"}
    ended = subprocess.run(
        [node_folder() / "node", "provider/server.mjs"], cwd=ROOT, env=environment, check=False, capture_output=True, timeout=30
    )
    assert ended.returncode == 1
    assert b"demonstration only" in ended.stderr
