"""What a participant that came by HTTP has instead of signalling: one offer, one answer, and what they agreed on."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from livekit.protocol import models, rtc

from suite.rtc.core import media
from suite.rtc.core.grants import Grants

RequestId = int


@dataclass(frozen=True, slots=True)
class Offered:
    """An offer came by HTTP, its token checked: to publish (WHIP) or to watch (WHEP)."""

    request: RequestId
    grants: Grants
    offer: str
    watching: bool
    client: models.ClientInfo = field(default_factory=models.ClientInfo)


@dataclass(frozen=True, slots=True)
class Patched:
    """A fragment for the session `sid`; `etags` as `If-Match` has them, without quotes, None for `*`."""

    request: RequestId
    room: str
    identity: str
    sid: str
    watching: bool
    etags: tuple[str, ...] | None
    fragment: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The session `sid` is to end."""

    request: RequestId
    room: str
    identity: str
    sid: str
    watching: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """What such a request is answered: a description or a fragment, or no text, and the ICE session's entity tag."""

    sid: str
    etag: str
    text: str
    ice_servers: tuple[rtc.ICEServer, ...] = ()

    def SerializeToString(self) -> bytes:  # noqa: N802 -- the name of every answer's, which are protobufs otherwise
        """Its bytes on the link."""
        servers = [[list(one.urls), one.username, one.credential] for one in self.ice_servers]
        return json.dumps({"sid": self.sid, "etag": self.etag, "text": self.text, "ice_servers": servers}).encode()

    @classmethod
    def from_bytes(cls, payload: bytes) -> Answered:
        """The reverse."""
        said: dict[str, Any] = json.loads(payload)
        servers = tuple(rtc.ICEServer(urls=urls, username=name, credential=word) for urls, name, word in said["ice_servers"])
        return cls(said["sid"], said["etag"], said["text"], servers)


@dataclass(slots=True)
class HeldSection:
    """A section of a player's offer, answered `sendonly` at once: it carries one track in its life.

    Its SSRCs are in the answer. They are never used for a second track: SRTP would count its packets from the beginning
    and encrypt two of them alike (RFC 7714, 8.1).
    """

    mid: str
    kind: media.Kind
    codecs: tuple[media.Codec, ...]
    extensions: dict[str, int]
    ssrc: int
    rtx_ssrc: int | None
    used: bool = False

    def takes(self, codec: media.Codec | None) -> bool:
        """Whether the player can read what the publisher sends; RED is unwrapped for those who lack it."""
        if codec is None or self.kind == "audio":
            return True
        return any(mine.mime == codec.mime for mine in self.codecs)


@dataclass(slots=True)
class HttpSession:
    """WHIP's (`watching` False) or WHEP's session. The entity tag of its ICE session is the server's ufrag."""

    watching: bool
    sections: dict[str, HeldSection] = field(default_factory=dict)
    finished: bool = False  # a player for whom nothing can come any more

    @property
    def used_up(self) -> bool:
        return bool(self.sections) and all(section.used for section in self.sections.values())
