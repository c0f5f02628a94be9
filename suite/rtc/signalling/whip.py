"""What WHIP and WHEP ask of a worker, as it travels on the link: a small JSON object, then the description."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from livekit.protocol import models

from suite.rtc.core.errors import RemoteError, ServiceError
from suite.rtc.core.grants import Grants
from suite.rtc.core.http_session import Offered, Patched, RequestId, Withdrawn
from suite.rtc.link.frames import pack, unpack

OFFER: Final = "Whip/Offer"
PATCH: Final = "Whip/Patch"
WITHDRAW: Final = "Whip/Withdraw"
METHODS: Final = frozenset({OFFER, PATCH, WITHDRAW})
MAX_AGENT: Final = 64  # characters
# An entity tag (RFC 9110, 8.8.3), a comma in it too; without quotes, as LiveKit's own have none.
_TAG: Final = re.compile(r'(?P<weak>W/)?"(?P<tag>[\x21\x23-\x7e\x80-\xff]*)"|(?P<bare>[^\s",*]+)')
_BETWEEN: Final = re.compile(r"[ \t]*,[ \t,]*")


def entity_tags(matched: str) -> tuple[str, ...] | None:
    """The strong tags of `If-Match`, None for `*`; a weak one matches nothing (RFC 9110, 13.1.1).

    Raises `ServiceError` where it names none, or is no list of them.
    """
    matched = matched.strip(" \t,")
    if not matched:
        raise ServiceError("no_tag", "missing entity tag")
    if matched == "*":
        return None
    tags: list[str] = []
    at = 0
    while (found := _TAG.match(matched, at)) is not None:
        if not found["weak"]:
            tags.append(found["bare"] or found["tag"] or "")
        if found.end() == len(matched):
            return tuple(tags)
        between = _BETWEEN.match(matched, found.end())
        if between is None:
            break
        at = between.end()
    raise ServiceError("malformed", "If-Match is no list of entity tags")


def offer_payload(*, claims: dict[str, Any], watching: bool, agent: str, offer: str) -> bytes:
    """An offer; `agent` is what the client's User-Agent says of it."""
    return pack({"claims": claims, "watching": watching, "agent": agent[:MAX_AGENT]}, offer.encode())


def session_payload(*, grants: Grants, sid: str, watching: bool, etags: Sequence[str] | None = (), fragment: str = "") -> bytes:
    """What concerns the session `sid` of the token's identity: a fragment, or its end."""
    tags = None if etags is None else list(etags)
    head = {"room": grants.room, "identity": grants.identity, "sid": sid, "watching": watching, "etags": tags}
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
            etags = None if head["etags"] is None else tuple(map(str, head["etags"]))
            return Patched(request, room, identity, sid, watching, etags, text)
    except (KeyError, TypeError, UnicodeDecodeError) as error:
        raise RemoteError("malformed request") from error
    return Withdrawn(request, room, identity, sid, watching)
