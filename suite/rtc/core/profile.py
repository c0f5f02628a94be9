"""A participant's name, metadata, attributes and rights, changed by itself or by the server's caller."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from livekit.protocol import models, rtc

from suite.rtc.core import datatracks, publishing, subscribing, updates
from suite.rtc.core.effects import SendToken
from suite.rtc.core.errors import ServiceError
from suite.rtc.core.grants import Grants
from suite.rtc.core.participant import Participant
from suite.rtc.core.settings import Settings
from suite.rtc.core.state import RoomState

Reason = rtc.RequestResponse.Reason
EMPTY: Final[Mapping[str, str]] = MappingProxyType({})


# What a participant is told of each limit that is exceeded, and what the server's caller is.
WORDS: Final = {
    "name": ("exceeds name length limit", "name length exceeds limits"),
    "metadata": ("exceeds metadata size limit", "metadata size exceeds limits"),
    "attributes": ("exceeds attributes size limit", "attribute size exceeds limits"),
}


def _exceeded(limits: Settings, *, name: str, metadata: str, attributes: Mapping[str, str]) -> tuple[str, int] | None:
    """Which of `WORDS` is too long, and how many bytes it may have."""
    sizes = {
        "name": (len(name.encode()), limits.name_limit),
        "metadata": (len(metadata.encode()), limits.metadata_limit),
        "attributes": (sum(len(k.encode()) + len(v.encode()) for k, v in attributes.items()), limits.attributes_limit),
    }
    return next(((what, limit) for what, (size, limit) in sizes.items() if limit and size > limit), None)


def too_large(limits: Settings, *, name: str, metadata: str, attributes: Mapping[str, str]) -> str:
    """What exceeds its limit, as a sentence; empty where nothing does."""
    exceeded = _exceeded(limits, name=name, metadata=metadata, attributes=attributes)
    return WORDS[exceeded[0]][0] if exceeded is not None else ""


def asked_by_self(room: RoomState, participant: Participant, request: rtc.UpdateParticipantMetadata) -> None:
    """The participant changes what others see of it; refused without the right or beyond the limits."""
    answer = rtc.RequestResponse(request_id=request.request_id, update_metadata=request)
    limit = too_large(room.settings, name=request.name, metadata=request.metadata, attributes=request.attributes)
    if not participant.grants.can_update_metadata:
        answer.reason, answer.message = Reason.NOT_ALLOWED, "does not have permission to update own metadata"
    elif limit:
        answer.reason, answer.message = Reason.LIMIT_EXCEEDED, limit
    else:
        change(room, participant, name=request.name, metadata=request.metadata, attributes=request.attributes)
    room.send(participant, rtc.SignalResponse(request_response=answer))


def change(room: RoomState, participant: Participant, *, name: str, metadata: str, attributes: Mapping[str, str]) -> None:
    """Take over what is given: an empty text leaves what was, an empty attribute removes it."""
    before = (participant.name, participant.metadata, dict(participant.attributes))
    if name:
        participant.name = name
    if metadata:
        participant.metadata = metadata
    for key, value in attributes.items():
        if value:
            participant.attributes[key] = value
        else:
            participant.attributes.pop(key, None)
    if before != (participant.name, participant.metadata, participant.attributes):
        participant.changed_at = room.now
        updates.announce(room, participant, at_once=True)
        refresh_token(room, participant)


def permit(room: RoomState, participant: Participant, permission: models.ParticipantPermission) -> None:
    """Replace the participant's rights: what they no longer allow ends."""
    before = participant.grants
    participant.grants = before.permitted(permission)
    if before.permission() == participant.grants.permission():
        return
    participant.permitted_at = room.now
    publishing.rights_changed(room, participant)
    updates.announce(room, participant, at_once=True)
    refresh_token(room, participant)
    subscribing.rights_changed(room, participant)
    datatracks.rights_changed(room, participant)


def current_grants(participant: Participant) -> Grants:
    """The grants with the name, metadata and attributes of now."""
    said = participant.grants
    return Grants(
        identity=said.identity,
        name=participant.name,
        metadata=participant.metadata,
        attributes=dict(participant.attributes),
        kind=said.kind,
        video=said.video,
        issued_at=said.issued_at,
        expires_at=said.expires_at,
        room_config=said.room_config,
    )


def refresh_token(room: RoomState, participant: Participant) -> None:
    """Send a token with which the participant can come back as it is now."""
    if participant.connection is not None:
        participant.refreshed_at = room.now
        room.emit(SendToken(participant.connection, current_grants(participant)))


def refuse_too_large(limits: Settings, *, name: str = "", metadata: str = "", attributes: Mapping[str, str] = EMPTY) -> None:
    """Raises `ServiceError` where something exceeds its limit."""
    exceeded = _exceeded(limits, name=name, metadata=metadata, attributes=attributes)
    if exceeded is not None:
        what, limit = exceeded
        raise ServiceError("invalid_argument", f"{WORDS[what][1]} {limit}")
