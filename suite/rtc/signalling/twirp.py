"""The server API's door (Twirp): which method takes what, who may call it, JSON and protobuf."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import json_format
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass
from livekit.protocol import agent_dispatch, egress, ingress, models, room, sip

from suite.rtc.core.errors import ServiceError
from suite.rtc.core.grants import Grants

JSON: Final = "application/json"
PROTOBUF: Final = "application/protobuf"


@dataclass(frozen=True, slots=True)
class Method:
    """`grant` is what the caller's token must give in its `claim`, `room` the request's field with the room that it is for.

    `absent` says why a method of LiveKit's is not here, and what is instead.
    """

    request: Any
    response: Any
    grant: str
    room: str = ""
    claim: str = "video"
    absent: str = ""


_PARTICIPANT = room.RoomParticipantIdentity
_HERE: Final[dict[str, Method]] = {
    "RoomService/CreateRoom": Method(room.CreateRoomRequest, models.Room, "roomCreate"),
    "RoomService/ListRooms": Method(room.ListRoomsRequest, room.ListRoomsResponse, "roomList"),
    "RoomService/DeleteRoom": Method(room.DeleteRoomRequest, room.DeleteRoomResponse, "roomCreate"),
    "RoomService/ListParticipants": Method(room.ListParticipantsRequest, room.ListParticipantsResponse, "roomAdmin", "room"),
    "RoomService/GetParticipant": Method(_PARTICIPANT, models.ParticipantInfo, "roomAdmin", "room"),
    "RoomService/RemoveParticipant": Method(_PARTICIPANT, room.RemoveParticipantResponse, "roomAdmin", "room"),
    "RoomService/MutePublishedTrack": Method(room.MuteRoomTrackRequest, room.MuteRoomTrackResponse, "roomAdmin", "room"),
    "RoomService/UpdateParticipant": Method(room.UpdateParticipantRequest, models.ParticipantInfo, "roomAdmin", "room"),
    "RoomService/UpdateSubscriptions": Method(
        room.UpdateSubscriptionsRequest, room.UpdateSubscriptionsResponse, "roomAdmin", "room"
    ),
    "RoomService/SendData": Method(room.SendDataRequest, room.SendDataResponse, "roomAdmin", "room"),
    "RoomService/UpdateRoomMetadata": Method(room.UpdateRoomMetadataRequest, models.Room, "roomAdmin", "room"),
    "RoomService/ForwardParticipant": Method(
        room.ForwardParticipantRequest, room.ForwardParticipantResponse, "roomAdmin", "room"
    ),
    "RoomService/MoveParticipant": Method(room.MoveParticipantRequest, room.MoveParticipantResponse, "roomAdmin", "room"),
    "RoomService/PerformRpc": Method(room.PerformRpcRequest, room.PerformRpcResponse, "roomAdmin", "room"),
    "Egress/StartTrackEgress": Method(egress.TrackEgressRequest, egress.EgressInfo, "roomRecord"),
    "Egress/StopEgress": Method(egress.StopEgressRequest, egress.EgressInfo, "roomRecord"),
    "Egress/ListEgress": Method(egress.ListEgressRequest, egress.ListEgressResponse, "roomRecord"),
}
# Of LiveKit's services that need other programs beside a server; who has the right is told so (HTTP 501).
_ABSENT: Final = {
    "Egress": (egress, "tracks are recorded one by one here (StartTrackEgress): nothing draws or mixes them, nor streams them"),
    "Ingress": (ingress, "there is no ingress here: encoders publish by WHIP, at /whip/v1, with a token of the room"),
    "SIP": (sip, "there is no telephony (SIP) here"),
    "AgentDispatchService": (agent_dispatch, "no agent is dispatched here: it joins the room with a token of its own"),
}
_CALLS: Final = frozenset({"CreateSIPParticipant", "TransferSIPParticipant"})  # for whom a token lets call


def _absent(service: str, method: MethodDescriptor, why: str) -> Method:
    """LiveKit's own right to a method, which is not here."""
    request, response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
    match service:
        case "SIP":
            return Method(request, response, "call" if method.name in _CALLS else "admin", claim="sip", absent=why)
        case "AgentDispatchService":
            return Method(request, response, "roomAdmin", "room", absent=why)
        case "Ingress":
            return Method(request, response, "ingressAdmin", absent=why)
    return Method(request, response, "roomRecord", absent=why)


METHODS: Final[dict[str, Method]] = {
    f"{service}/{method.name}": _absent(service, method, why)
    for service, (file, why) in _ABSENT.items()
    for method in file.DESCRIPTOR.services_by_name[service].methods
} | _HERE


def permit(method: Method, message: Any, claims: Mapping[str, Any] | None) -> None:
    """Raises `ServiceError` unauthenticated where the caller's token does not give the method's grant."""
    grants = Grants.from_claims({"video": (claims or {}).get(method.claim)})
    if not grants.has(method.grant) or (method.room and getattr(message, method.room) != grants.room):
        raise ServiceError("unauthenticated", "permissions denied")


def decode(method: Method, content_type: str, body: bytes) -> Any:
    """Read a request; unknown JSON fields are ignored; raises `ServiceError` malformed."""
    message = method.request()
    if content_type == PROTOBUF:
        try:
            message.ParseFromString(body)
        except DecodeError as error:
            raise ServiceError("malformed", "the protobuf request could not be decoded") from error
        return message
    try:
        json_format.Parse(body or b"{}", message, ignore_unknown_fields=True, max_recursion_depth=20)
    except (json_format.ParseError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise ServiceError("malformed", "the json request could not be decoded") from error
    return message


def encode(method: Method, content_type: str, payload: bytes) -> bytes:
    """Write a response, which the worker gave as protobuf."""
    if content_type == PROTOBUF:
        return payload
    message = method.response.FromString(payload)
    said = json_format.MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()


def encode_error(error: ServiceError, meta: Mapping[str, str] | None = None) -> bytes:
    """A refusal, always JSON."""
    said: dict[str, Any] = {"code": error.code, "msg": error.message}
    if meta:
        said["meta"] = dict(meta)
    return json.dumps(said, separators=(",", ":")).encode()


def bad_route(verb: str, path: str, message: str) -> tuple[ServiceError, dict[str, str]]:
    """A request to nowhere, in Twirp's words."""
    return ServiceError("bad_route", message), {"twirp_invalid_route": f"{verb} {path}"}
