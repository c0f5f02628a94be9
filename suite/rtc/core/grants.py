"""What a token allows: LiveKit's claims, kept as they came so that a refreshed token says the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from google.protobuf import json_format
from livekit.protocol import models
from livekit.protocol import room as room_pb

SOURCES: Final = {
    "camera": models.TrackSource.CAMERA,
    "microphone": models.TrackSource.MICROPHONE,
    "screen_share": models.TrackSource.SCREEN_SHARE,
    "screen_share_audio": models.TrackSource.SCREEN_SHARE_AUDIO,
}
SOURCE_NAMES: Final = {number: name for name, number in SOURCES.items()}
KINDS: Final = {
    "standard": models.ParticipantInfo.STANDARD,
    "ingress": models.ParticipantInfo.INGRESS,
    "egress": models.ParticipantInfo.EGRESS,
    "sip": models.ParticipantInfo.SIP,
    "agent": models.ParticipantInfo.AGENT,
}
DEPENDENT: Final = frozenset({"agent", "egress"})


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


@dataclass(frozen=True, slots=True)
class Grants:
    """One token's claims. A right that is not said to publish, subscribe or send data is granted, as LiveKit does."""

    identity: str = ""
    name: str = ""
    metadata: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    kind: str = "standard"
    video: Mapping[str, Any] = field(default_factory=dict)
    issued_at: float = 0.0
    expires_at: float = 0.0
    room_config: Mapping[str, Any] = field(default_factory=dict)  # LiveKit's `roomConfig`: of a room that the token creates

    @classmethod
    def from_claims(cls, claims: Mapping[str, Any]) -> Grants:
        """Read what a verified token says; what has another type than it should counts as absent."""
        attributes = _mapping(claims.get("attributes"))
        issued = claims.get("iat") or claims.get("nbf") or 0
        return cls(
            identity=_text(claims.get("sub")) or _text(claims.get("identity")),
            name=_text(claims.get("name")),
            metadata=_text(claims.get("metadata")),
            attributes={str(k): v for k, v in attributes.items() if isinstance(v, str)},
            kind=_text(claims.get("kind")) or "standard",
            video=dict(_mapping(claims.get("video"))),
            issued_at=float(issued) if isinstance(issued, (int, float)) else 0.0,
            expires_at=float(claims.get("exp") or 0),
            room_config=dict(_mapping(claims.get("roomConfig"))),
        )

    def claims(self) -> dict[str, Any]:
        """The claims of a token that says the same, without issuer and times."""
        said: dict[str, Any] = {"sub": self.identity, "identity": self.identity, "name": self.name, "kind": self.kind}
        said["video"] = dict(self.video)
        if self.metadata:
            said["metadata"] = self.metadata
        if self.attributes:
            said["attributes"] = dict(self.attributes)
        if self.room_config:
            said["roomConfig"] = dict(self.room_config)
        return said

    def room_request(self) -> room_pb.CreateRoomRequest:
        """What the token says of the room that it may create; what cannot be read says nothing."""
        asked = room_pb.CreateRoomRequest(name=self.room)
        try:
            given = json_format.ParseDict(dict(self.room_config), room_pb.RoomConfiguration(), ignore_unknown_fields=True)
        except json_format.ParseError:
            return asked
        for name in ("empty_timeout", "departure_timeout", "max_participants", "metadata"):
            setattr(asked, name, getattr(given, name))
        return asked

    def _flag(self, name: str, *, absent: bool) -> bool:
        value = self.video.get(name)
        return absent if value is None else value is True

    @property
    def room(self) -> str:
        return _text(self.video.get("room"))

    @property
    def can_publish(self) -> bool:
        return self._flag("canPublish", absent=True)

    @property
    def can_subscribe(self) -> bool:
        return self._flag("canSubscribe", absent=True)

    @property
    def can_publish_data(self) -> bool:
        return self._flag("canPublishData", absent=self.can_publish)

    @property
    def can_update_metadata(self) -> bool:
        return self._flag("canUpdateOwnMetadata", absent=False)

    @property
    def hidden(self) -> bool:
        return self._flag("hidden", absent=False)

    @property
    def recorder(self) -> bool:
        return self._flag("recorder", absent=False)

    @property
    def dependent(self) -> bool:
        """Whether it is there for others only (an agent, a recorder): as at LiveKit it fills no room and keeps none open."""
        return self.kind in DEPENDENT or self._flag("agent", absent=False) or self.recorder

    def has(self, grant: str) -> bool:
        """Whether an administrative grant (`roomJoin`, `roomAdmin`, `roomCreate`, `roomList`, `roomRecord`) is given."""
        return self._flag(grant, absent=False)

    @property
    def sources(self) -> frozenset[models.TrackSource]:
        """The only sources that may be published; empty where all may."""
        named = self.video.get("canPublishSources")
        if not isinstance(named, list):
            return frozenset()
        return frozenset(SOURCES.get(_text(name).lower(), models.TrackSource.UNKNOWN) for name in named)

    def may_publish(self, source: models.TrackSource) -> bool:
        """Whether a track of `source` may be published."""
        return self.can_publish and (not self.sources or source in self.sources)

    def permission(self) -> models.ParticipantPermission:
        """The same as others see it."""
        return models.ParticipantPermission(
            can_subscribe=self.can_subscribe,
            can_publish=self.can_publish,
            can_publish_data=self.can_publish_data,
            can_publish_sources=sorted(self.sources),
            hidden=self.hidden,
            recorder=self.recorder,
            can_update_metadata=self.can_update_metadata,
            agent=self._flag("agent", absent=False),
            can_subscribe_metrics=self._flag("canSubscribeMetrics", absent=False),
            can_manage_agent_session=self._flag("canManageAgentSession", absent=False),
        )

    def permitted(self, permission: models.ParticipantPermission) -> Grants:
        """These grants with the rights of `permission`, which replaces them all."""
        video = dict(self.video)
        video.update(
            canPublish=permission.can_publish,
            canSubscribe=permission.can_subscribe,
            canPublishData=permission.can_publish_data,
            canUpdateOwnMetadata=permission.can_update_metadata,
            canSubscribeMetrics=permission.can_subscribe_metrics,
            canManageAgentSession=permission.can_manage_agent_session,
        )
        video.pop("canPublishSources", None)
        if permission.can_publish_sources:
            video["canPublishSources"] = [SOURCE_NAMES.get(s, "unknown") for s in permission.can_publish_sources]
        for name in ("hidden", "recorder", "agent"):
            if getattr(permission, name):
                video[name] = True
            else:
                video.pop(name, None)
        return replace(self, video=video)
