"""The STUN and TURN servers that clients are told of."""

from __future__ import annotations

import base64
import hashlib
import hmac

from livekit.protocol import rtc

from suite.rtc.core.settings import DEFAULT_TTL, LONGEST_TTL, Settings, TurnServer


def servers(settings: Settings, *, participant_sid: str, now: float) -> list[rtc.ICEServer]:
    """What one participant is told."""
    told = [rtc.ICEServer(urls=urls, username=name, credential=word) for urls, name, word in settings.ice_servers]
    told += [_turn(server, participant_sid, now) for server in settings.turn_servers]
    if settings.stun_servers:
        told.append(rtc.ICEServer(urls=[f"stun:{server}" for server in settings.stun_servers]))
    return told


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
