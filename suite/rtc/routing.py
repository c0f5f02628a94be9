"""Where signalling's websockets are."""

from __future__ import annotations

from django.urls import re_path

from suite.rtc.consumers import SignallingConsumer, SingleConnectionConsumer

websocket_urlpatterns = [
    re_path(r"^rtc/?$", SignallingConsumer.as_asgi()),
    re_path(r"^rtc/v1/?$", SingleConnectionConsumer.as_asgi()),
]
