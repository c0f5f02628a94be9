"""A signed-in page's calls to the API, through Django's own client."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client

from suite.accounts.viewer import Viewer
from tests.people import session_of


class Caller:
    """Calls as `viewer`'s page makes them; as nobody's without one."""

    def __init__(self, viewer: Viewer | None, *, enforce_csrf: bool = False) -> None:
        host = urlsplit(settings.PUBLIC_URL).netloc
        self.client = Client(HTTP_HOST=host, HTTP_ACCEPT="application/json", enforce_csrf_checks=enforce_csrf)
        if viewer is not None:
            self.client.cookies[settings.SESSION_COOKIE_NAME] = session_of(viewer)

    def get(self, address: str, **query: str) -> Any:
        return self.client.get(address, query)

    def post(self, address: str, **body: Any) -> Any:
        return self.client.post(address, body, content_type="application/json")

    def put(self, address: str, **body: Any) -> Any:
        return self.client.put(address, body, content_type="application/json")

    def patch(self, address: str, **body: Any) -> Any:
        return self.client.patch(address, body, content_type="application/json")

    def delete(self, address: str) -> Any:
        return self.client.delete(address)
