"""What comes into control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from livekit.protocol import rtc

from suite.rtc.core.grants import Grants
from suite.rtc.core.http_session import Offered, Patched, Withdrawn
from suite.rtc.core.media import Report

ConnectionId = int
RequestId = int


@dataclass(frozen=True, slots=True)
class Joined:
    """A signalling connection whose token was checked; `single` where one peer connection serves both ways (v1).

    `only_asking` is answered without anybody coming in.
    """

    connection: ConnectionId
    grants: Grants
    request: rtc.JoinRequest
    single: bool
    only_asking: bool = False


@dataclass(frozen=True, slots=True)
class Signalled:
    connection: ConnectionId
    request: rtc.SignalRequest


@dataclass(frozen=True, slots=True)
class SignallingClosed:
    connection: ConnectionId


@dataclass(frozen=True, slots=True)
class Asked:
    """A call of the server API; `method` as `RoomService/CreateRoom`, `message` its protobuf request."""

    request: RequestId
    method: str
    message: Any


@dataclass(frozen=True, slots=True)
class Reported:
    report: Report


@dataclass(frozen=True, slots=True)
class TimerFired:
    key: str


@dataclass(frozen=True, slots=True)
class Restored:
    """A room comes from a worker that is gone, with what was remembered of it (`Remember`)."""

    room: str
    records: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Carried:
    """What the worker receives and sends at present, of all rooms."""

    byte_rate: float  # bytes/s


@dataclass(frozen=True, slots=True)
class Draining:
    """No new rooms from now on."""


Input = (
    Joined | Signalled | SignallingClosed | Asked | Reported | TimerFired | Restored | Carried | Draining | Offered | Patched
    | Withdrawn
)  # fmt: skip
