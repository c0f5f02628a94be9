"""Who looks, on every request and every socket, read afresh: a deactivated person is refused at the next request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.cookie import parse_cookie

from suite.accounts.selectors import get_viewer
from suite.accounts.viewer import Viewer
from suite.kernel.context import acting, origin
from suite.kernel.errors import NotSignedIn


class ViewerMiddleware:
    """Sets `request.viewer`: the signed-in person, or None."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        viewer = get_viewer(session_key=request.COOKIES.get(settings.SESSION_COOKIE_NAME))
        request.viewer = viewer  # type: ignore[attr-defined]  # ours
        with acting(replace(origin(), assurance=viewer.acr if viewer else "")):
            return self.get_response(request)


def viewer_required(request: HttpRequest) -> Viewer:
    """The signed-in person; raises `NotSignedIn`, which a page answers with the sign-in page."""
    viewer: Viewer | None = getattr(request, "viewer", None)
    if viewer is None:
        raise NotSignedIn
    return viewer


class ViewerSocketMiddleware:
    """Sets `scope["viewer"]` (a `Viewer` or None) and `scope["session_key"]` on websockets, from the session's cookie."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = dict(scope.get("headers", []))
        cookies = parse_cookie(headers.get(b"cookie", b"").decode("latin-1"))
        session_key = cookies.get(settings.SESSION_COOKIE_NAME)
        viewer = await database_sync_to_async(get_viewer)(session_key=session_key)
        await self.app({**scope, "session_key": session_key, "viewer": viewer}, receive, send)
