"""The ASGI application of a media server by itself."""

from __future__ import annotations

from typing import Any

import django
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import re_path

django.setup()

from suite.rtc.routing import websocket_urlpatterns  # noqa: E402 -- needs the settings
from suite.rtc.standalone.doors import doors  # noqa: E402


async def nowhere(scope: Any, receive: Any, send: Any) -> Any:
    """A websocket to a path that we do not have."""
    await receive()
    if "websocket.http.response" in (scope.get("extensions") or {}):
        await send({"type": "websocket.http.response.start", "status": 404, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b""})
    else:
        await send({"type": "websocket.close"})


application = doors(
    ProtocolTypeRouter(
        {
            "http": get_asgi_application(),
            "websocket": URLRouter([*websocket_urlpatterns, re_path(r"", nowhere)]),
        }
    )
)
