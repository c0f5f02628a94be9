"""What a participant asks for by signalling, one line a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from livekit.protocol import models, rtc

from suite.rtc.core import (
    bandwidth,
    blobs,
    datatracks,
    negotiation,
    presence,
    profile,
    publishing,
    speakers,
    subscribing,
)
from suite.rtc.core.errors import RemoteError
from suite.rtc.core.participant import Participant
from suite.rtc.core.state import RoomState

Handler = Callable[[RoomState, Participant, Any], None]


def handle(room: RoomState, participant: Participant, request: rtc.SignalRequest) -> None:
    """Act on a request; raises `RemoteError` where it is not what the protocol allows."""
    kind = request.WhichOneof("message")
    if kind is None:
        raise RemoteError("empty signal request")
    handler = HANDLERS.get(kind)
    if handler is not None:
        handler(room, participant, getattr(request, kind))


def _ping(room: RoomState, participant: Participant, _sent: int) -> None:
    room.send(participant, rtc.SignalResponse(pong=int(room.now * 1000)))


def _ping_request(room: RoomState, participant: Participant, ping: rtc.Ping) -> None:
    pong = rtc.Pong(last_ping_timestamp=ping.timestamp, timestamp=int(room.now * 1000))
    room.send(participant, rtc.SignalResponse(pong_resp=pong))


def _leave(room: RoomState, participant: Participant, _request: rtc.LeaveRequest) -> None:
    presence.leave(room, participant, models.DisconnectReason.CLIENT_INITIATED)


def _policy(room: RoomState, participant: Participant, policy: rtc.SubscriptionPermission) -> None:
    subscribing.policy_changed(room, participant, policy)
    datatracks.policy_changed(room, participant)


def _wishes(room: RoomState, participant: Participant, request: rtc.UpdateSubscription) -> None:
    sids = [*request.track_sids, *(sid for p in request.participant_tracks for sid in p.track_sids)]
    subscribing.wishes_changed(room, participant, sids[:1000], wanted=request.subscribe)


def _simulate(room: RoomState, participant: Participant, scenario: rtc.SimulateScenario) -> None:
    """What clients' tests ask a server to pretend; it concerns nobody but the asker."""
    match scenario.WhichOneof("scenario"):
        case "speaker_update":
            speakers.pretend(room, participant, scenario.speaker_update)
        case "disconnect_signal_on_resume":
            participant.drop_on_resume = True
        case "disconnect_signal_on_resume_no_messages":
            participant.refuse_resume = True
        case "migration":
            presence.leave(room, participant, models.DisconnectReason.MIGRATION, told=False)
        case "node_failure":
            presence.leave(room, participant, models.DisconnectReason.SERVER_SHUTDOWN, told=False)
        case "server_leave":
            presence.leave(room, participant, models.DisconnectReason.SERVER_SHUTDOWN)
        case "subscriber_bandwidth":
            bandwidth.pretend(room, participant, scenario.subscriber_bandwidth)
        case "leave_request_full_reconnect":
            presence.leave(room, participant, models.DisconnectReason.UNKNOWN_REASON, action=rtc.LeaveRequest.Action.RECONNECT)
        case _:
            return


# What is not here needs no answer: `trickle`, as the server is ICE-lite and follows no candidate, and what the protocol
# has superseded (`update_layers`).
HANDLERS: Final[dict[str, Handler]] = {
    "ping": _ping,
    "ping_req": _ping_request,
    "offer": negotiation.offer_received,
    "answer": negotiation.answer_received,
    "add_track": publishing.track_asked,
    "mute": publishing.muted,
    "subscription": _wishes,
    "track_setting": bandwidth.settings_changed,
    "subscription_permission": _policy,
    "update_metadata": profile.asked_by_self,
    "update_audio_track": publishing.details_changed,
    "update_video_track": publishing.details_changed,
    "sync_state": presence.synchronized,
    "leave": _leave,
    "simulate": _simulate,
    "publish_data_track_request": datatracks.published,
    "unpublish_data_track_request": datatracks.unpublished,
    "update_data_subscription": datatracks.wishes_changed,
    "store_data_blob_request": blobs.stored,
    "get_data_blob_request": blobs.fetched,
}
