"""Calls that the server's caller makes on a participant (livekit_room.proto, PerformRpc)."""

from __future__ import annotations

from typing import Final

from livekit.protocol import models
from livekit.protocol import room as room_pb

from suite.rtc.core import data, media
from suite.rtc.core.effects import Reply
from suite.rtc.core.errors import ServiceError, no_response
from suite.rtc.core.inputs import RequestId
from suite.rtc.core.state import RoomState

TIMER: Final = "rpc"
DEFAULT_WAIT: Final = 10_000  # ms
LONGEST_WAIT: Final = 60_000  # ms
MAX_PAYLOAD: Final = 15 * 1024  # bytes, the clients' own limit
MAX_PENDING: Final = 1_000  # of one room
TIMED_OUT: Final = "RpcError 1502: Response timeout"  # the clients' code and words
TOO_LARGE: Final = "RpcError 1402: Request payload too large"


def call(room: RoomState, request: RequestId, message: room_pb.PerformRpcRequest) -> None:
    """Call a method on a participant; its answer, or a refusal, is the reply.

    Raises `ServiceError` where nobody of that identity is there or the payload is too large.
    """
    if not message.destination_identity:
        raise ServiceError("invalid_argument", "twirp error unknown: destination identity is required")
    participant = room.participants.get(message.destination_identity)
    if participant is None:
        raise no_response()
    if len(message.payload.encode()) > MAX_PAYLOAD:
        raise ServiceError("invalid_argument", f"twirp error unknown: {TOO_LARGE}")
    if len(room.calls) >= MAX_PENDING:
        raise ServiceError("resource_exhausted", "twirp error unknown: too many calls at once")
    wait = min(message.response_timeout_ms or DEFAULT_WAIT, LONGEST_WAIT)
    name = room.identifiers.uuid()
    room.calls[name] = (request, participant.sid)
    asked = models.RpcRequest(id=name, method=message.method, payload=message.payload, response_timeout_ms=wait, version=1)
    packet = models.DataPacket(kind=models.DataPacket.RELIABLE, participant_identity=name, rpc_request=asked)
    room.command(media.SendData(participant.subscriber.id, data.RELIABLE, packet.SerializeToString()))
    room.set_timer(f"{TIMER}:{name}", wait / 1000)


def answered(room: RoomState, sender_sid: str, response: models.RpcResponse) -> bool:
    """Whether the response was to a call of the server's caller, by the participant that was called."""
    asked, called = room.calls.get(response.request_id, (0, ""))
    if called != sender_sid:
        return False
    del room.calls[response.request_id]
    room.cancel_timer(f"{TIMER}:{response.request_id}")
    if response.WhichOneof("value") == "error":
        words = f"twirp error unknown: RpcError {response.error.code}: {response.error.message}"
        room.emit(Reply(asked, ServiceError("invalid_argument", words)))
    else:
        room.emit(Reply(asked, room_pb.PerformRpcResponse(payload=response.payload)))
    return True


def timed_out(room: RoomState, name: str) -> None:
    """Nobody answered in time."""
    asked, _ = room.calls.pop(name, (None, ""))
    if asked is not None:
        room.emit(Reply(asked, ServiceError("invalid_argument", f"twirp error unknown: {TIMED_OUT}")))
