"""What a client says when it opens its signalling: a query with a token, in two forms (v0 `/rtc`, v1 `/rtc/v1`)."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from google.protobuf.message import DecodeError
from livekit.protocol import models, rtc

from suite.rtc.core.errors import JoinRefused
from suite.rtc.core.grants import Grants
from suite.rtc.signalling.messages import MAX_MESSAGE
from suite.rtc.signalling.tokens import bearer, verify

MAX_PARAMETERS: Final = 100
TOO_LARGE: Final = "join request too large"
TRUE: Final = frozenset({"1", "true", "t", "yes"})
CAPABILITIES: Final = models.ClientInfo.Capability.keys()
SDKS: Final = frozenset(models.ClientInfo.SDK.keys())
OTHER_NAMES: Final = {"IOS": "SWIFT", "REACTNATIVE": "REACT_NATIVE", "UNITYWEB": "UNITY_WEB"}


@dataclass(frozen=True, slots=True)
class Joining:
    """A checked request to join: what the token claims, what the client says of itself, and in which form."""

    claims: dict[str, Any]
    grants: Grants
    request: rtc.JoinRequest
    single: bool


def parameters(query: str) -> dict[str, str]:
    """What an address says after its `?`; raises `JoinRefused` where that is too much to be a client's."""
    try:
        return dict(parse_qsl(query, max_num_fields=MAX_PARAMETERS))
    except ValueError as error:
        raise JoinRefused(400, "too many parameters") from error


def joining(
    *, query: Mapping[str, str], authorization: str, single: bool, keys: Mapping[str, str], now: float, strict: bool = False
) -> Joining:
    """Check a request to join; raises `JoinRefused` with LiveKit's status and sentence.

    Attributes that cannot be read say nothing, but where it is `strict`: as in `validate`.
    """
    token = query.get("access_token") or bearer(authorization)
    if not token:
        raise JoinRefused(401, "no permissions to access the room")
    claims = verify(token, keys=keys, now=now)
    if not isinstance(claims.get("video"), dict):
        raise JoinRefused(401, "no permissions to access the room")
    single = single or bool(query.get("join_request"))  # LiveKit's v0 takes it too
    request = wrapped_request(query.get("join_request", "")) if single else plain_request(query, strict=strict)
    grants = Grants.from_claims(claims)
    if not grants.has("roomJoin"):
        raise JoinRefused(401, "permissions denied")
    if not grants.identity:
        raise JoinRefused(400, "identity cannot be empty")
    if not grants.room:
        raise JoinRefused(400, "no room name")
    if publishing := "" if single else query.get("publish", ""):
        # A second connection of the same person, which publishes only.
        if not grants.can_publish:
            raise JoinRefused(401, "permissions denied")
        claims = {**claims, "sub": f"{grants.identity}#{publishing}", "video": {**claims["video"], "canSubscribe": False}}
        grants = Grants.from_claims(claims)
    if (request.metadata or request.participant_attributes) and not grants.can_update_metadata:
        raise JoinRefused(401, "permissions denied")
    return Joining(claims, grants, request, single)


def plain_request(query: Mapping[str, str], *, strict: bool = False) -> rtc.JoinRequest:
    """The v0 form: one parameter for each thing; raises `JoinRefused` where attributes cannot be read and it is `strict`."""

    def whole(name: str) -> int:
        text = query.get(name, "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0

    def flag(name: str, *, absent: bool = False) -> bool:
        return query[name].lower() in TRUE if name in query else absent

    sdk, named = query.get("sdk", "").upper(), query.get("capabilities", "").split(",")
    sdk = OTHER_NAMES.get(sdk, sdk)
    client = models.ClientInfo(
        sdk=sdk if sdk in SDKS else "UNKNOWN",
        version=query.get("version", "")[:64],
        protocol=whole("protocol"),
        os=query.get("os", "")[:64],
        os_version=query.get("os_version", "")[:64],
        device_model=query.get("device_model", "")[:64],
        browser=query.get("browser", "")[:64],
        browser_version=query.get("browser_version", "")[:64],
        network=query.get("network", "")[:64],
        client_protocol=whole("client_protocol"),
        capabilities=[name for name in CAPABILITIES if name in named],
    )
    settings = rtc.ConnectionSettings(
        auto_subscribe=flag("auto_subscribe", absent=True), adaptive_stream=flag("adaptive_stream"),
    )  # fmt: skip
    if "subscriber_allow_pause" in query:
        settings.subscriber_allow_pause = flag("subscriber_allow_pause")
    if "auto_subscribe_data_track" in query:
        settings.auto_subscribe_data_track = flag("auto_subscribe_data_track")
    return rtc.JoinRequest(
        client_info=client, connection_settings=settings, reconnect=flag("reconnect"),
        participant_sid=query.get("sid", "")[:64], reconnect_reason=_reason(whole("reconnect_reason")),
        participant_attributes=_attributes(query.get("attributes", ""), strict=strict),
    )  # fmt: skip


def _reason(number: int) -> str:
    """Why a client comes back, of the protocol's reasons."""
    reasons = {value: name for name, value in models.ReconnectReason.items()}
    return str(reasons.get(number, reasons[0]))


def _attributes(text: str, *, strict: bool) -> dict[str, str]:
    """Attributes as base64url of JSON."""
    try:
        said = json.loads(base64.urlsafe_b64decode(text)) if text else {}
    except ValueError:
        said = None
    given = said if isinstance(said, dict) else {}
    attributes = {key: value for key, value in given.items() if isinstance(value, str)}
    if strict and attributes != said:
        raise JoinRefused(400, "cannot decode attributes")
    return attributes


def wrapped_request(text: str) -> rtc.JoinRequest:
    """The v1 form: a protobuf in base64url, perhaps compressed; raises `JoinRefused` where it is not that, or too long."""
    if not text:
        raise JoinRefused(400, "join_request is required")
    if len(text) > MAX_MESSAGE * 4 // 3 + 4:
        raise JoinRefused(400, TOO_LARGE)
    try:
        raw = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise JoinRefused(400, "cannot base64 decode wrapped join request") from error
    try:
        wrapped = rtc.WrappedJoinRequest.FromString(raw)
    except DecodeError as error:
        raise JoinRefused(400, "cannot unmarshal wrapped join request") from error
    body = wrapped.join_request
    if wrapped.compression == rtc.WrappedJoinRequest.GZIP:
        body = _inflate(body)
    try:
        return rtc.JoinRequest.FromString(body)
    except DecodeError as error:
        raise JoinRefused(400, "cannot unmarshal join request") from error


def _inflate(body: bytes) -> bytes:
    """Undo gzip, up to `MAX_MESSAGE` bytes."""
    inflater = zlib.decompressobj(wbits=31)
    try:
        inflated = inflater.decompress(body, MAX_MESSAGE)
    except zlib.error as error:
        raise JoinRefused(400, "cannot read decompressed join request") from error
    if not inflater.eof:
        raise JoinRefused(400, TOO_LARGE if len(inflated) >= MAX_MESSAGE else "cannot read decompressed join request")
    return inflated
