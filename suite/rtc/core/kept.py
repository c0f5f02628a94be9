"""What outlives a worker: a room's settings, and of each participant its rights, mutes, name, metadata and attributes.

Control says with `Remember` what has changed; the signalling process keeps it and gives it to the worker that takes the
room over (`Restored`). There nobody is in the room any more: those who were have left, and come back as they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from livekit.protocol import models, webhook

from suite.rtc.core.effects import Notify, Remember
from suite.rtc.core.grants import Grants
from suite.rtc.core.participant import Participant
from suite.rtc.core.state import RoomState

Record = Mapping[str, Any]
ROOM_FIELDS: Final = ("sid", "created_at", "empty_timeout", "departure_timeout", "max_participants", "metadata")
ROOM: Final = ""  # the key of the room's own record; no identity is empty


def room_record(room: RoomState) -> Record:
    return {name: getattr(room, name) for name in ROOM_FIELDS}


def room_fields(record: Record) -> list[str]:
    """The names of a room's own fields that the record has; what a later version wrote is left out."""
    return [name for name in ROOM_FIELDS if name in record]


def participant_record(participant: Participant) -> Record:
    muted = {track.info.source for track in participant.tracks.values() if track.server_muted} | participant.muted_sources
    return {
        "sid": participant.sid, "name": participant.name, "metadata": participant.metadata,
        "attributes": dict(participant.attributes), "changed_at": participant.changed_at,
        "rights": dict(participant.grants.video) if participant.permitted_at else {}, "permitted_at": participant.permitted_at,
        "muted": sorted(muted), "kind": participant.grants.kind, "joined_at": participant.joined_at,
        "active": participant.state == models.ParticipantInfo.ACTIVE,
    }  # fmt: skip


def news(room: RoomState) -> None:
    """Say what has changed since the last time."""
    if room.ended:
        return
    _tell(room, ROOM, room_record(room))
    for identity in room.touched:
        participant = room.participants.get(identity)
        if participant is not None:
            _tell(room, identity, participant_record(participant))
        elif identity in room.absent:
            _tell(room, identity, room.absent[identity])
        elif room.kept.pop(identity, None) is not None:
            room.emit(Remember(room.name, identity, None))
    room.touched.clear()


def _tell(room: RoomState, key: str, record: Record) -> None:
    if room.kept.get(key) != record:
        room.kept[key] = record
        room.emit(Remember(room.name, key, record))


def restore(room: RoomState, records: Mapping[str, Record]) -> None:
    """Take a room over from a worker that is gone: whoever was in it has left, which the webhooks are told."""
    room.kept = dict(records)
    for identity, record in records.items():
        if identity == ROOM:
            continue
        room.absent[identity] = {**record, "active": False}
        room.touched.add(identity)
        if record.get("active"):
            room.emit(Notify(_left(room, identity, record)))


def _left(room: RoomState, identity: str, record: Record) -> webhook.WebhookEvent:
    told = webhook.WebhookEvent(event="participant_left", id=room.identifiers.sid("EV_"), created_at=int(room.now))
    told.room.CopyFrom(room.describe())
    joined_at = record["joined_at"]
    left = models.ParticipantInfo(
        sid=record["sid"], identity=identity, name=record["name"], metadata=record["metadata"], attributes=record["attributes"],
        joined_at=int(joined_at), joined_at_ms=int(joined_at * 1000), state=models.ParticipantInfo.DISCONNECTED,
        disconnect_reason=models.DisconnectReason.SERVER_SHUTDOWN,
    )  # fmt: skip
    told.participant.CopyFrom(left)
    return told


def rights(room: RoomState, grants: Grants) -> Grants:
    """The grants of somebody who comes back, with the rights that were given since the token was made."""
    record = room.absent.get(grants.identity)
    if record is None or not record["permitted_at"] or grants.issued_at > record["permitted_at"]:
        return grants
    return replace(grants, video={**record["rights"], "room": room.name, "roomJoin": True})


def come_back(room: RoomState, participant: Participant) -> None:
    """Give somebody who was in the room before what the worker that is gone knew of it."""
    record = room.absent.pop(participant.identity, None)
    room.touched.add(participant.identity)
    if record is None:
        return
    participant.muted_sources = set(record["muted"])
    participant.permitted_at = record["permitted_at"]
    if record["changed_at"] and participant.grants.issued_at <= record["changed_at"]:
        participant.name, participant.metadata = record["name"], record["metadata"]
        participant.attributes = dict(record["attributes"])
        participant.changed_at = record["changed_at"]
