"""The STUN and TURN servers that clients are told of."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Final

from livekit.protocol import rtc

from suite.rtc.core.settings import DEFAULT_TTL, LONGEST_TTL, Settings, TurnServer

URL: Final = re.compile(
    r"(?P<scheme>turns?):(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::(?P<port>\d{1,5}))?(?:\?transport=(?P<transport>udp|tcp))?"
)


def servers(settings: Settings, *, participant_sid: str, now: float) -> list[rtc.ICEServer]:
    """What one participant is told."""
    told = [rtc.ICEServer(urls=urls, username=name, credential=word) for urls, name, word in settings.ice_servers]
    told += [_turn(server, participant_sid, now) for server in settings.turn_servers]
    if settings.stun_servers:
        told.append(rtc.ICEServer(urls=[f"stun:{server}" for server in settings.stun_servers]))
    return told


def turn_servers(urls: str, *, secret: str, ttl: int = 0) -> tuple[TurnServer, ...]:
    """The servers that `urls` name, with commas between (RFC 7065), with credentials made of `secret`; `ttl` in seconds.

    Raises `ValueError` where one is no address of a TURN server, or there is no secret.
    """
    found = []
    for url in filter(None, (part.strip() for part in urls.split(","))):
        matched = URL.fullmatch(url)
        if matched is None:
            raise ValueError(f"{url} is no address of a TURN server, such as turn:turn.example.org:3478?transport=udp")
        secure = matched["scheme"] == "turns"
        transport = matched["transport"] or ("tcp" if secure else "udp")
        port = int(matched["port"] or (5349 if secure else 3478))
        found.append(TurnServer(matched["host"], port, "tls" if secure else transport, secret=secret, ttl=ttl))
    if found and not secret:
        raise ValueError("TURN servers need a secret, of which their credentials are made")
    return tuple(found)


def _turn(server: TurnServer, participant_sid: str, now: float) -> rtc.ICEServer:
    """Credentials end with the time in their name (coturn's `use-auth-secret`: HMAC-SHA1 of it)."""
    scheme, transport = {"tls": ("turns", "tcp"), "udp": ("turn", "udp")}.get(server.protocol, ("turn", "tcp"))
    url = f"{scheme}:{server.host}:{server.port}?transport={transport}"
    if not server.secret:
        return rtc.ICEServer(urls=[url], username=server.username, credential=server.credential)
    lives = min(server.ttl if server.ttl > 0 else DEFAULT_TTL, LONGEST_TTL)
    name = f"{int(now) + lives}:{participant_sid}"
    word = base64.b64encode(hmac.digest(server.secret.encode(), name.encode(), hashlib.sha1)).decode()
    return rtc.ICEServer(urls=[url], username=name, credential=word)
