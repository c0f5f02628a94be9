"""What WHIP and WHEP ask of a worker, as it travels on the link: a small JSON object, then the description."""

from __future__ import annotations

from typing import Any, Final

from livekit.protocol import models

from suite.rtc.core.errors import RemoteError
from suite.rtc.core.grants import Grants
from suite.rtc.core.http_session import Offered, Patched, RequestId, Withdrawn
from suite.rtc.link.frames import pack, unpack

OFFER: Final = "Whip/Offer"
PATCH: Final = "Whip/Patch"
WITHDRAW: Final = "Whip/Withdraw"
METHODS: Final = frozenset({OFFER, PATCH, WITHDRAW})
MAX_AGENT: Final = 64  # characters


def offer_payload(*, claims: dict[str, Any], watching: bool, agent: str, offer: str) -> bytes:
    """An offer; `agent` is what the client's User-Agent says of it."""
    return pack({"claims": claims, "watching": watching, "agent": agent[:MAX_AGENT]}, offer.encode())


def session_payload(*, grants: Grants, sid: str, watching: bool, etag: str = "", fragment: str = "") -> bytes:
    """What concerns the session `sid` of the token's identity: a fragment, or its end."""
    head = {"room": grants.room, "identity": grants.identity, "sid": sid, "watching": watching, "etag": etag}
    return pack(head, fragment.encode())


def read(request: RequestId, method: str, payload: bytes) -> Offered | Patched | Withdrawn:
    """The reverse; raises `RemoteError`."""
    head, body = unpack(payload)
    try:
        text = body.decode()
        if method == OFFER:
            client = models.ClientInfo(browser=str(head["agent"]))
            return Offered(request, Grants.from_claims(head["claims"]), text, bool(head["watching"]), client)
        room, identity, sid, watching = str(head["room"]), str(head["identity"]), str(head["sid"]), bool(head["watching"])
        if method == PATCH:
            return Patched(request, room, identity, sid, watching, str(head["etag"]), text)
    except (KeyError, UnicodeDecodeError) as error:
        raise RemoteError("malformed request") from error
    return Withdrawn(request, room, identity, sid, watching)
