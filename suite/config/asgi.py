"""The web process: pages and API by Django, sockets by Channels."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "suite.config.settings")

from django.core.asgi import get_asgi_application

pages = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator

from suite.accounts.middleware import ViewerSocketMiddleware
from suite.config.routing import media_sockets, page_sockets


def guard(app: Any) -> Any:
    """The check of origin, then of the session, around a page's sockets."""
    return AllowedHostsOriginValidator(ViewerSocketMiddleware(app))


application = ProtocolTypeRouter(
    {
        "http": pages,
        # The media server's sockets carry their own token; any client of LiveKit's may come, with or without an origin.
        "websocket": URLRouter(
            [*media_sockets, *page_sockets(lambda app: AllowedHostsOriginValidator(ViewerSocketMiddleware(app)))]
        ),
    }
)
