"""The state cookie of INIT ACK (RFC 9260, 5.1.3): what we would keep of a peer, signed, and kept by the peer."""

from __future__ import annotations

import hmac
from struct import Struct
from typing import Final

from suite.rtc.sctp.errors import Malformed
from suite.rtc.sctp.wire import Introduction

LIFETIME: Final = 60.0  # s
_MADE: Final = Struct("!dI")
_KEY_SIZE: Final = 32


def cookie_new(*, peer: Introduction, tag: int, key: bytes, now: float) -> bytes:
    """A cookie that says how `peer` introduced itself, to the side of that `tag`."""
    kept = _MADE.pack(now, tag) + peer._replace(cookie=b"").written()
    return hmac.digest(key, kept, "sha256") + kept


def cookie_open(cookie: bytes, *, key: bytes, now: float) -> tuple[bytes, int] | None:
    """The introduction, as written, and our tag; None where the cookie is too old. Refuses one that is not ours."""
    signature, kept = cookie[:_KEY_SIZE], cookie[_KEY_SIZE:]
    if len(kept) < _MADE.size or not hmac.compare_digest(signature, hmac.digest(key, kept, "sha256")):
        raise Malformed("a cookie that is not ours")
    made, tag = _MADE.unpack_from(kept)
    if now - made > LIFETIME:
        return None
    return kept[_MADE.size :], tag
