"""A browser of ours, Django's client on one side and HTTP on the provider's, carrying the redirections between them."""

from __future__ import annotations

import json
import re
import secrets
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from django.conf import settings
from django.test import Client

from suite.runtime.folders import ROOT

PEOPLE: list[dict[str, Any]] = json.loads((ROOT / "provider" / "people.json").read_text(encoding="utf-8"))["people"]
SECONDS = 10


def known(given_name: str) -> dict[str, Any]:
    """The demonstration's person of that given name."""
    return next(one for one in PEOPLE if one["given_name"] == given_name)


class Browser:
    """One person's browser at Suite's address."""

    def __init__(self) -> None:
        # An address of its own: refusals are counted by address.
        address = f"198.{18 + secrets.randbelow(2)}.{secrets.randbelow(256)}.{secrets.randbelow(256)}"  # RFC 2544's range
        self.suite = Client(HTTP_HOST=urlsplit(settings.PUBLIC_URL).netloc, HTTP_ACCEPT="text/html", REMOTE_ADDR=address)
        self.http = requests.Session()

    def starts(self, next_url: str = "/", **more: str) -> str:
        """The provider's address that Suite sends to."""
        answer = self.suite.get("/oidc/authenticate/", {"next": next_url, **more})
        assert answer.status_code == 302, answer.content
        return str(answer["Location"])

    def chooses(self, address: str, sub: str) -> str:
        """Suite's address that the demonstration provider sends back to, after choosing `sub` on its page."""
        answer = self._follow(self.http.get(address, allow_redirects=False, timeout=SECONDS))
        if answer.is_redirect:
            return answer.headers["location"]
        action = re.search(r'action="(/interaction/[^"]+)"', answer.text)
        assert action is not None, answer.text
        form = self.http.post(settings.OIDC_ISSUER + action[1], data={"sub": sub}, allow_redirects=False, timeout=SECONDS)
        return self._follow(form).headers["location"]

    def comes_back(self, address: str) -> Any:
        """Suite's answer to the way back."""
        parts = urlsplit(address)
        return self.suite.get(parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()})

    def signs_in(self, given_name: str, next_url: str = "/", **more: str) -> Any:
        """The whole round; Suite's last answer."""
        return self.comes_back(self.chooses(self.starts(next_url, **more), known(given_name)["sub"]))

    def _follow(self, answer: requests.Response) -> requests.Response:
        while answer.is_redirect and answer.headers["location"].startswith((settings.OIDC_ISSUER, "/")):
            address = answer.headers["location"]
            address = settings.OIDC_ISSUER + address if address.startswith("/") else address
            answer = self.http.get(address, allow_redirects=False, timeout=SECONDS)
        return answer
