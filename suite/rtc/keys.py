"""The keys and secrets that tokens may be signed with."""

from __future__ import annotations

from django.conf import settings


def keys() -> dict[str, str]:
    """Key to secret: those of a media server by itself, or the whole Suite's one."""
    several: dict[str, str] = getattr(settings, "LIVEKIT_KEYS", {})
    return several or {settings.LIVEKIT_API_KEY: settings.LIVEKIT_API_SECRET}
