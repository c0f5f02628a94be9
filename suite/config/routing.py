"""The addresses of websockets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from channels.routing import URLRouter
from django.urls import re_path

from suite.chat import routing as chat
from suite.documents import routing as documents
from suite.kernel.errors import NotFound
from suite.kernel.sockets import Socket
from suite.meetings import routing as meetings
from suite.rtc import routing as rtc


class UnknownSocket(Socket):
    """What answers where nothing lives."""

    async def opened(self) -> None:
        raise NotFound


page_routes: list[Any] = [
    *chat.websocket_urlpatterns,
    *documents.websocket_urlpatterns,
    *meetings.websocket_urlpatterns,
    re_path(r"^.*$", UnknownSocket.as_asgi()),
]

media_sockets: list[Any] = list(rtc.websocket_urlpatterns)


def page_sockets(guard: Callable[[Any], Any]) -> list[Any]:
    """Everything else, behind the check of origin and session."""
    # Not path(): behind the guard Channels cannot see that more of the address follows.
    return [re_path(r"^ws/", guard(URLRouter(page_routes))), re_path(r"^.*$", UnknownSocket.as_asgi())]
