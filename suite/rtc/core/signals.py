"""What a participant asks for by signalling, one line a request."""

from __future__ import annotations

from livekit.protocol import models, rtc

from suite.rtc.core import layers, negotiation, presence, profile, publishing, speakers, subscribing
from suite.rtc.core.effects import Close
from suite.rtc.core.errors import RemoteError
from suite.rtc.core.participant import Participant
from suite.rtc.core.state import RoomState


def handle(room: RoomState, participant: Participant, request: rtc.SignalRequest) -> None:
    """Act on a request; raises `RemoteError` where it is not what the protocol allows."""
    match request.WhichOneof("message"):
        case "ping":
            room.send(participant, rtc.SignalResponse(pong=int(room.now * 1000)))
        case "ping_req":
            pong = rtc.Pong(last_ping_timestamp=request.ping_req.timestamp, timestamp=int(room.now * 1000))
            room.send(participant, rtc.SignalResponse(pong_resp=pong))
        case "offer":
            negotiation.offer_received(room, participant, request.offer)
        case "answer":
            negotiation.answer_received(room, participant, request.answer)
        case "add_track":
            publishing.track_asked(room, participant, request.add_track)
        case "mute":
            publishing.muted(room, participant, request.mute)
        case "subscription":
            _wishes(room, participant, request.subscription)
        case "track_setting":
            layers.settings_changed(room, participant, request.track_setting)
        case "subscription_permission":
            subscribing.policy_changed(room, participant, request.subscription_permission)
        case "update_metadata":
            profile.asked_by_self(room, participant, request.update_metadata)
        case "update_audio_track":
            publishing.details_changed(room, participant, request.update_audio_track)
        case "update_video_track":
            publishing.details_changed(room, participant, request.update_video_track)
        case "sync_state":
            presence.synchronized(room, participant, request.sync_state)
        case "leave":
            presence.leave(room, participant, models.DisconnectReason.CLIENT_INITIATED)
        case "simulate":
            _simulate(room, participant, request.simulate)
        case "publish_data_track_request":
            # Data tracks come with the media server's second step; a client is told so instead of waiting.
            refused = rtc.RequestResponse(
                reason=rtc.RequestResponse.Reason.NOT_ALLOWED,
                message="data tracks are not enabled",
                publish_data_track=request.publish_data_track_request,
            )
            room.send(participant, rtc.SignalResponse(request_response=refused))
        case None:
            raise RemoteError("empty signal request")
        case _:
            # trickle: the server is ICE-lite and follows no candidate; update_layers: superseded in the protocol.
            return


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
        case "migration" | "node_failure":
            participant.resumable = False
            if participant.connection is not None:
                room.emit(Close(participant.connection))
        case "server_leave":
            presence.leave(room, participant, models.DisconnectReason.SERVER_SHUTDOWN)
        case "leave_request_full_reconnect":
            presence.leave(room, participant, models.DisconnectReason.UNKNOWN_REASON, action=rtc.LeaveRequest.Action.RECONNECT)
        case _:
            return
