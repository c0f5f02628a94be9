"""The web process: pages and API by Django, sockets by Channels."""

import os
import warnings
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "suite.config.settings")
# WhiteNoise hands over its files synchronously: each is small and read from the system's cache.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

from django.core.asgi import get_asgi_application

django = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.conf import settings

from suite.accounts.middleware import ViewerSocketMiddleware
from suite.config.routing import media_sockets, page_sockets
from suite.kernel.bodies import BodyLimit
from suite.kernel.deadline import Deadline


def guard(app: Any) -> Any:
    """The check of origin, then of the session, around a page's sockets."""
    return AllowedHostsOriginValidator(ViewerSocketMiddleware(app))


application = ProtocolTypeRouter(
    {
        "http": Deadline(BodyLimit(django, limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE), seconds=settings.ANSWER_SECONDS),
        # The media server's sockets carry their own token; any client of LiveKit's may come, with or without an origin.
        "websocket": URLRouter([*media_sockets, *page_sockets(guard)]),
    }
)
