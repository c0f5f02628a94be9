"""What control wants done, in this order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from livekit.protocol import rtc, webhook

from suite.rtc.core.errors import ServiceError
from suite.rtc.core.grants import Grants
from suite.rtc.core.inputs import ConnectionId, RequestId
from suite.rtc.core.media import Command


@dataclass(frozen=True, slots=True)
class Accept:
    """The connection is let in: answers follow."""

    connection: ConnectionId


@dataclass(frozen=True, slots=True)
class Refuse:
    """The connection is not let in; HTTP `status` and a sentence in plain text."""

    connection: ConnectionId
    status: int
    message: str


@dataclass(frozen=True, slots=True)
class Send:
    connection: ConnectionId
    message: rtc.SignalResponse


@dataclass(frozen=True, slots=True)
class SendToken:
    """Sign a token that says `grants` and send it as `refresh_token`."""

    connection: ConnectionId
    grants: Grants


@dataclass(frozen=True, slots=True)
class Close:
    """Close the websocket with `code` after what was sent before."""

    connection: ConnectionId
    code: int = 1000


@dataclass(frozen=True, slots=True)
class Media:
    command: Command


@dataclass(frozen=True, slots=True)
class Notify:
    """A webhook; order is kept for each room."""

    event: webhook.WebhookEvent


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to an `Asked`: a protobuf message or a refusal."""

    request: RequestId
    result: Any | ServiceError


@dataclass(frozen=True, slots=True)
class SetTimer:
    """`TimerFired(key)` at `at`; replaces a timer of the same key."""

    key: str
    at: float


@dataclass(frozen=True, slots=True)
class CancelTimer:
    key: str


@dataclass(frozen=True, slots=True)
class RoomEnded:
    """The room is gone: its name may be placed on any worker; where it `moved`, with what is remembered of it."""

    name: str
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Remember:
    """Keep `record` of a room and a key of its own outside this worker; None forgets it."""

    room: str
    key: str
    record: Mapping[str, Any] | None


Effect = Accept | Refuse | Send | SendToken | Close | Media | Notify | Reply | SetTimer | CancelTimer | RoomEnded | Remember
