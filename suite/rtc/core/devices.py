"""What some clients say they can and cannot (LiveKit's `pkg/clientconfiguration`)."""

from __future__ import annotations

from livekit.protocol import models


def refused_codecs(client: models.ClientInfo, *, publishing: bool) -> frozenset[str]:
    """The codecs that this client is not to be offered, or not to publish with."""
    browser, system = client.browser.lower(), client.os.lower()
    firefox = browser in {"firefox", "firefox mobile"}
    refused = set()
    if browser == "safari":
        refused |= {"av1", "red"}
        if publishing and _version(client.browser_version) > (18, 3):
            refused.add("vp9")
    if firefox:
        refused.add("red")
    if publishing and ((firefox and system in {"linux", "android"}) or _is_faulty(client)):
        refused.add("h264")
    return frozenset(refused)


def _is_faulty(client: models.ClientInfo) -> bool:
    return client.device_model.lower() == "xiaomi 2201117ti" and client.os.lower() == "android"


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isascii() and part.isdigit())
