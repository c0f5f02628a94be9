"""A signed-in browser without scripts: forms are sent, pages are read as text."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client

from suite.accounts.viewer import Viewer
from tests.people import session_of


def browser(viewer: Viewer, language: str = "en") -> Client:
    client = Client(HTTP_HOST=urlsplit(settings.PUBLIC_URL).netloc, HTTP_ACCEPT="text/html")
    client.cookies[settings.SESSION_COOKIE_NAME] = session_of(viewer)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return client


def page(client: Client, address: str) -> str:
    """What is read at `address`."""
    answer: Any = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return str(answer.content.decode())


def send(client: Client, address: str, **fields: str) -> str:
    """Where a sent form leads."""
    answer: Any = client.post(address, fields)
    assert answer.status_code == 302, (address, answer.status_code, answer.content[:300])
    return str(answer["Location"])
