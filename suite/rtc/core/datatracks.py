"""Data tracks: named streams of small frames, over the third channel; each reader knows a track by a handle of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from livekit.protocol import models, rtc

from suite.rtc.core import datapacket, media, subscribing, updates
from suite.rtc.core.data import DATA_TRACK
from suite.rtc.core.participant import DataTrack, DataWish, Participant
from suite.rtc.core.state import RoomState

Reason = rtc.RequestResponse.Reason

NAME_LIMIT: Final = 256
CUSTOM_ENCODING_LIMIT: Final = 32  # LiveKit's max_data_track_custom_encoding_length
TRACKS_MOST: Final = 256  # of one participant
WISHES_MOST: Final = 1000  # of one participant


# --- publishing


def published(room: RoomState, publisher: Participant, request: rtc.PublishDataTrackRequest) -> None:
    """Announce a data track; LiveKit's refusals and words."""
    refusal = _refusal(room, publisher, request) or _collision(publisher, request)
    if refusal is not None:
        reason, message = refusal
        answer = rtc.RequestResponse(reason=reason, message=message, publish_data_track=request)
        room.send(publisher, rtc.SignalResponse(request_response=answer))
        return
    info = models.DataTrackInfo(
        pub_handle=request.pub_handle, sid=room.identifiers.sid("DTR_"), name=request.name, encryption=request.encryption
    )
    if request.HasField("frame_encoding"):
        info.frame_encoding.CopyFrom(request.frame_encoding)
    if request.HasField("schema"):
        info.schema.CopyFrom(request.schema)
    publisher.data_tracks[request.pub_handle] = track = DataTrack(info)
    publisher.is_publisher = True
    updates.announce(room, publisher, at_once=True, but=publisher)
    room.send(publisher, rtc.SignalResponse(publish_data_track_response=rtc.PublishDataTrackResponse(info=info)))
    _tell_self(room, publisher)
    if publisher.hidden:
        return  # nobody may know of it
    for reader in list(room.others(publisher)):
        if reader.settings.auto_subscribe_data_track and reader.state == models.ParticipantInfo.ACTIVE:
            _wish(room, reader, info.sid)
        elif info.sid in reader.data_wishes:
            _reconcile(room, reader, publisher, track)


def _refusal(
    room: RoomState, publisher: Participant, request: rtc.PublishDataTrackRequest
) -> tuple[rtc.RequestResponse.Reason, str] | None:
    if not publisher.grants.can_publish_data or not room.settings.data_tracks:
        return Reason.NOT_ALLOWED, "does not have permission to publish data"
    if not 0 < request.pub_handle < 65536:
        return Reason.INVALID_HANDLE, "handle should be > 0 AND < 65536"
    if not 0 < len(request.name.encode()) <= NAME_LIMIT:
        return Reason.INVALID_NAME, "name should not be empty and should not exceed 256 characters"
    encodings: list[Any] = [request.frame_encoding, request.schema.encoding]
    if any(one.WhichOneof("value") == "custom" and not 0 < len(one.custom) <= CUSTOM_ENCODING_LIMIT for one in encodings):
        return Reason.INVALID_REQUEST, "encoding identifier is empty or exceeds the maximum length"
    return None


def _collision(publisher: Participant, request: rtc.PublishDataTrackRequest) -> tuple[rtc.RequestResponse.Reason, str] | None:
    if request.pub_handle in publisher.data_tracks:
        return Reason.DUPLICATE_HANDLE, "a data track with same handle already exists"
    if any(track.info.name == request.name for track in publisher.data_tracks.values()):
        return Reason.DUPLICATE_NAME, "a data track with same name already exists"
    if len(publisher.data_tracks) >= TRACKS_MOST:
        return Reason.LIMIT_EXCEEDED, "too many data tracks"
    return None


def unpublished(room: RoomState, publisher: Participant, request: rtc.UnpublishDataTrackRequest) -> None:
    """End a data track."""
    track = publisher.data_tracks.get(request.pub_handle)
    if track is None:
        answer = rtc.RequestResponse(reason=Reason.NOT_FOUND, unpublish_data_track=request)
        room.send(publisher, rtc.SignalResponse(request_response=answer))
        return
    readers = _end(room, publisher, track)
    updates.announce(room, publisher, at_once=True, but=publisher)
    tell_readers(room, readers)
    _tell_self(room, publisher)
    told = rtc.UnpublishDataTrackResponse(info=track.info)
    room.send(publisher, rtc.SignalResponse(unpublish_data_track_response=told))


def _tell_self(room: RoomState, participant: Participant) -> None:
    update = rtc.ParticipantUpdate(participants=[participant.info()])
    room.send(participant, rtc.SignalResponse(update=update))


def _end(room: RoomState, publisher: Participant, track: DataTrack) -> list[Participant]:
    """Its readers: they learn of the end by the participant's update, then by the handles that they are left with."""
    del publisher.data_tracks[track.info.pub_handle]
    readers = [reader for sid in track.readers if (reader := room.by_sid(sid)) is not None]
    for reader in readers:
        reader.data_wishes.pop(track.info.sid, None)
    return readers


def tell_readers(room: RoomState, readers: Iterable[Participant]) -> None:
    """Tell each once which handles it is left with."""
    for reader in {reader.sid: reader for reader in readers}.values():
        _tell_handles(room, reader)


# --- packets


def received(room: RoomState, publisher: Participant, packet: bytes) -> None:
    """Forward a packet to the track's readers, each under its own handle."""
    number = datapacket.handle(packet)
    track = publisher.data_tracks.get(number) if number is not None else None
    if track is None:
        return
    for sid, handle in track.readers.items():
        reader = room.by_sid(sid)
        if reader is not None:
            room.command(media.SendData(reader.subscriber.id, DATA_TRACK, datapacket.with_handle(packet, handle)))


# --- following


def wishes_changed(room: RoomState, reader: Participant, request: rtc.UpdateDataSubscription) -> None:
    """Follow or leave data tracks; one that is not there yet is followed when it comes."""
    for update in request.updates[:WISHES_MOST]:
        if update.subscribe:
            _wish(room, reader, update.track_sid)
        elif (wish := reader.data_wishes.pop(update.track_sid, None)) is not None:
            found = _found(room, update.track_sid)
            if found is not None:
                found[1].readers.pop(reader.sid, None)
            if wish.handle is not None:
                _tell_handles(room, reader)


def appeared(room: RoomState, reader: Participant) -> None:
    """Somebody is there who may follow every data track."""
    if reader.settings.auto_subscribe_data_track:
        for publisher in [other for other in room.others(reader) if not other.hidden]:
            for track in list(publisher.data_tracks.values()):
                _wish(room, reader, track.info.sid)


def _found(room: RoomState, sid: str) -> tuple[Participant, DataTrack] | None:
    for participant in (one for one in room.participants.values() if not one.hidden):
        for track in participant.data_tracks.values():
            if track.info.sid == sid:
                return participant, track
    return None


def _wish(room: RoomState, reader: Participant, sid: str) -> None:
    if sid not in reader.data_wishes:
        if len(reader.data_wishes) >= WISHES_MOST:
            return
        reader.data_wishes[sid] = DataWish()
    found = _found(room, sid)
    if found is not None and found[0] is not reader:
        _reconcile(room, reader, *found)


def _reconcile(room: RoomState, reader: Participant, publisher: Participant, track: DataTrack) -> None:
    """Bring what a reader gets in line with its wish, its right and the publisher's permission."""
    wish = reader.data_wishes.get(track.info.sid)
    if wish is None:
        return
    permitted = subscribing.is_permitted(publisher, reader, track.info.sid)
    if reader.grants.can_subscribe and wish.told_permitted is not permitted:
        wish.told_permitted = permitted
        told = rtc.SubscriptionPermissionUpdate(participant_sid=publisher.sid, track_sid=track.info.sid, allowed=permitted)
        room.send(reader, rtc.SignalResponse(subscription_permission_update=told))
    flows = permitted and reader.grants.can_subscribe
    if flows and wish.handle is None:
        wish.handle = track.readers[reader.sid] = _next_handle(room, reader)
        wish.publisher_identity, wish.publisher_sid = publisher.identity, publisher.sid
        _tell_handles(room, reader)
    elif not flows and wish.handle is not None:
        wish.handle = None
        track.readers.pop(reader.sid, None)
        _tell_handles(room, reader)


def _next_handle(room: RoomState, reader: Participant) -> int:
    """Never 0, and none that is in use; the first is any, as LiveKit's."""
    used = {wish.handle for wish in reader.data_wishes.values()}
    number = reader.data_handle or room.identifiers.ssrc() & 0xFF
    while True:
        number = number % 0xFFFF + 1
        if number not in used:
            reader.data_handle = number
            return number


def _tell_handles(room: RoomState, reader: Participant) -> None:
    handles = {
        wish.handle: rtc.DataTrackSubscriberHandles.PublishedDataTrack(
            publisher_identity=wish.publisher_identity, publisher_sid=wish.publisher_sid, track_sid=sid
        )
        for sid, wish in reader.data_wishes.items()
        if wish.handle is not None
    }
    told = rtc.DataTrackSubscriberHandles(sub_handles=handles)
    room.send(reader, rtc.SignalResponse(data_track_subscriber_handles=told))


# --- what changes for a participant as a whole


def policy_changed(room: RoomState, publisher: Participant) -> None:
    """The publisher has said who may follow what."""
    for reader in list(room.others(publisher)):
        for track in list(publisher.data_tracks.values()):
            _reconcile(room, reader, publisher, track)


def rights_changed(room: RoomState, participant: Participant) -> None:
    """What the participant may no longer publish ends, what it may no longer follow stops, and what it may comes back."""
    if not participant.grants.can_publish_data and participant.data_tracks:
        readers = [reader for track in list(participant.data_tracks.values()) for reader in _end(room, participant, track)]
        updates.announce(room, participant, at_once=True)
        tell_readers(room, readers)
    for sid in list(participant.data_wishes):
        found = _found(room, sid)
        if found is not None:
            _reconcile(room, participant, *found)


def left(room: RoomState, participant: Participant) -> list[Participant]:
    """The participant publishes and follows nothing any more; who read what it published."""
    readers = [reader for track in list(participant.data_tracks.values()) for reader in _end(room, participant, track)]
    for sid in participant.data_wishes:
        found = _found(room, sid)
        if found is not None:
            found[1].readers.pop(participant.sid, None)
    participant.data_wishes.clear()
    return readers


def is_in_step(participant: Participant, state: rtc.SyncState) -> bool:
    """Whether every data track that a client that is back says it has is known here."""
    known = {track.info.sid for track in participant.data_tracks.values()}
    return all(one.info.sid in known for one in state.publish_data_tracks)
