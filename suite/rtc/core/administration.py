"""The server API's calls on one room (livekit_room.proto, livekit_egress.proto)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from livekit.protocol import egress as egress_pb
from livekit.protocol import models, rtc
from livekit.protocol import room as room_pb

from suite.rtc.core import data, egress, presence, profile, publishing, subscribing, updates
from suite.rtc.core.errors import ServiceError, no_response, participant_not_found
from suite.rtc.core.participant import Participant
from suite.rtc.core.state import RoomState

Call = Callable[[RoomState, Any], Any]


def _participant(room: RoomState, identity: str) -> Participant:
    participant = room.participants.get(identity)
    if participant is None:
        raise participant_not_found()
    return participant


def _reached(room: RoomState, identity: str) -> Participant:
    """The same for calls that LiveKit passes on without a look at who is there."""
    participant = room.participants.get(identity)
    if participant is None:
        raise no_response()
    return participant


def delete_room(room: RoomState, request: room_pb.DeleteRoomRequest) -> room_pb.DeleteRoomResponse:
    del request
    presence.end(room, models.DisconnectReason.ROOM_DELETED)
    return room_pb.DeleteRoomResponse()


def list_participants(room: RoomState, request: room_pb.ListParticipantsRequest) -> room_pb.ListParticipantsResponse:
    del request
    return room_pb.ListParticipantsResponse(participants=[p.info() for p in room.participants.values()])


def get_participant(room: RoomState, request: room_pb.RoomParticipantIdentity) -> models.ParticipantInfo:
    return _participant(room, request.identity).info()


def remove_participant(room: RoomState, request: room_pb.RoomParticipantIdentity) -> room_pb.RemoveParticipantResponse:
    presence.leave(room, _participant(room, request.identity), models.DisconnectReason.PARTICIPANT_REMOVED)
    return room_pb.RemoveParticipantResponse()


def mute_published_track(room: RoomState, request: room_pb.MuteRoomTrackRequest) -> room_pb.MuteRoomTrackResponse:
    """Unmuting somebody from afar is not enabled, as on a LiveKit server by default (room.enable_remote_unmute)."""
    participant = _reached(room, request.identity)
    if not request.muted and not room.settings.enable_remote_unmute:
        raise ServiceError("failed_precondition", "twirp error unknown: remote unmute not enabled")
    publishing.told_to_mute(room, participant, request.track_sid, muted=request.muted)
    track = participant.tracks.get(request.track_sid)
    if track is None:
        return room_pb.MuteRoomTrackResponse()
    if request.muted:
        publishing.muted_by_server(room, participant, track)
    else:
        publishing.muted(room, participant, rtc.MuteTrackRequest(sid=track.sid, muted=False))
    return room_pb.MuteRoomTrackResponse(track=track.info)


def update_participant(room: RoomState, request: room_pb.UpdateParticipantRequest) -> models.ParticipantInfo:
    profile.refuse_too_large(room.settings, name=request.name, metadata=request.metadata, attributes=request.attributes)
    participant = _participant(room, request.identity)
    if request.HasField("permission"):  # first: no token has the new words and the old rights
        profile.permit(room, participant, request.permission)
    if request.name:
        profile.change(room, participant, name=request.name, metadata="", attributes={})
    if request.metadata:
        profile.change(room, participant, name="", metadata=request.metadata, attributes={})
    if request.attributes:
        profile.change(room, participant, name="", metadata="", attributes=request.attributes)
    return participant.info()


def update_subscriptions(room: RoomState, request: room_pb.UpdateSubscriptionsRequest) -> room_pb.UpdateSubscriptionsResponse:
    participant = _reached(room, request.identity)
    sids = [*request.track_sids, *(sid for p in request.participant_tracks for sid in p.track_sids)]
    subscribing.wishes_changed(room, participant, sids, wanted=request.subscribe)
    return room_pb.UpdateSubscriptionsResponse()


def send_data(room: RoomState, request: room_pb.SendDataRequest) -> room_pb.SendDataResponse:
    if len(request.nonce) not in {0, 16}:
        words = f"nonce should be 16-bytes or not present, got: {len(request.nonce)} bytes"
        raise ServiceError("invalid_argument", words)
    packet = models.UserPacket(payload=request.data, nonce=request.nonce)
    if request.HasField("topic"):
        packet.topic = request.topic
    identities = {*request.destination_identities}
    identities |= {p.identity for sid in request.destination_sids if (p := room.by_sid(sid)) is not None}
    if (request.destination_sids or request.destination_identities) and not identities:
        return room_pb.SendDataResponse()
    reliable = request.kind == models.DataPacket.RELIABLE
    data.from_server(room, packet, reliable=reliable, identities=identities)
    return room_pb.SendDataResponse()


def update_room_metadata(room: RoomState, request: room_pb.UpdateRoomMetadataRequest) -> models.Room:
    profile.refuse_too_large(room.settings, metadata=request.metadata)
    room.metadata = request.metadata
    updates.room_changed(room)
    return room.describe()


def start_track_egress(room: RoomState, request: egress_pb.TrackEgressRequest) -> egress_pb.EgressInfo:
    return egress.start(room, request)


# The methods that concern one room; Control knows the room that each is for.
CALLS: Final[dict[str, Call]] = {
    "RoomService/DeleteRoom": delete_room,
    "RoomService/ListParticipants": list_participants,
    "RoomService/GetParticipant": get_participant,
    "RoomService/RemoveParticipant": remove_participant,
    "RoomService/MutePublishedTrack": mute_published_track,
    "RoomService/UpdateParticipant": update_participant,
    "RoomService/UpdateSubscriptions": update_subscriptions,
    "RoomService/SendData": send_data,
    "RoomService/UpdateRoomMetadata": update_room_metadata,
    "Egress/StartTrackEgress": start_track_egress,
}
