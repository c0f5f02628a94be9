"""Coming, coming back and going."""

from __future__ import annotations

from livekit.protocol import models, rtc

from suite.rtc.core import data, datatracks, ice, kept, layers, media, negotiation, profile, publishing, subscribing, updates
from suite.rtc.core.effects import Accept, Close, Effect, Refuse, RoomEnded, Send
from suite.rtc.core.errors import RemoteError
from suite.rtc.core.grants import Grants
from suite.rtc.core.inputs import ConnectionId, Joined
from suite.rtc.core.participant import Participant, Transport
from suite.rtc.core.settings import (
    LAST_WINDOW,
    PING_INTERVAL,
    PING_TIMEOUT,
    PROTOCOL,
    REFRESH_INTERVAL,
    RESUME_WINDOW,
    SERVER_VERSION,
)
from suite.rtc.core.state import MIMES, RoomState

Reason = models.DisconnectReason
Action = rtc.LeaveRequest.Action
IDLE = "idle"
RETURN = 20  # seconds at least that those of a lost worker have to come back
GONE = "gone:"
FIRST = "first:"
FIRST_AFTER = 0.05  # s from the join response to the answer of the offer that came with the request; see `_enter`


def _server_info(room: RoomState) -> models.ServerInfo:
    return models.ServerInfo(
        edition=models.ServerInfo.Standard, version=SERVER_VERSION, protocol=PROTOCOL, region=room.settings.region,
        node_id=room.settings.node_id, agent_protocol=1,
    )  # fmt: skip


def _ice_servers(room: RoomState, participant: Participant) -> list[rtc.ICEServer]:
    return ice.servers(room.settings, participant_sid=participant.sid, now=room.now)


def _transport(room: RoomState, sid: str, end: str) -> Transport:
    ids = room.identifiers
    return Transport(id=f"{sid}/{end}", ufrag=ids.ufrag(), password=ids.password(), session=ids.session())


def joined(room: RoomState, joining: Joined) -> None:
    """Let a connection in: as a newcomer, or back to the participant that it was."""
    if joining.request.reconnect:
        _resume(room, joining)
        return
    grants = joining.grants
    there = room.participants.get(grants.identity)
    if is_full(room, grants):
        # LiveKit answers 500 here; the text is ours.
        room.emit(Refuse(joining.connection, 500, "room is full"))
        return
    if there is not None:
        leave(room, there, Reason.DUPLICATE_IDENTITY)
    _enter(room, joining)


def is_full(room: RoomState, grants: Grants) -> bool:
    """Whether there is no place for one more, who may be there already; the hidden need one, as at LiveKit."""
    if not room.max_participants or grants.dependent:
        return False
    needing = (p for p in room.participants.values() if not p.grants.dependent and p.identity != grants.identity)
    return sum(1 for _ in needing) >= room.max_participants


def _enter(room: RoomState, joining: Joined) -> None:
    grants, request = kept.rights(room, joining.grants), joining.request
    sid = room.identifiers.sid("PA_")
    publisher = _transport(room, sid, "publisher")
    participant = Participant(
        sid=sid,
        grants=grants,
        joined_at=room.now,
        connection=joining.connection,
        single=joining.single,
        client=request.client_info,
        settings=request.connection_settings,
        publisher=publisher,
        subscriber=publisher if joining.single else _transport(room, sid, "subscriber"),
        metadata=grants.metadata,
        name=grants.name,
        attributes=dict(grants.attributes),
    )
    said = request.participant_attributes
    if grants.can_update_metadata and not profile.too_large(room.settings, name="", metadata=request.metadata, attributes=said):
        participant.metadata = request.metadata or participant.metadata
        participant.attributes.update({key: value for key, value in request.participant_attributes.items() if value})
    kept.come_back(room, participant)
    keep_open(room, participant)
    room.emit(Accept(joining.connection))
    for transport in participant.transports:
        channels = data.CHANNELS if transport is participant.subscriber and not joining.single else ()
        slow = room.settings.slow_reader
        room.command(media.OpenTransport(transport.id, transport.ufrag, transport.password, channels, slow))
    room.send(participant, rtc.SignalResponse(join=_welcome(room, participant)))
    profile.refresh_token(room, participant)
    room.participants[participant.identity] = room.sids[sid] = participant
    room.connections[joining.connection] = participant
    room.set_timer(GONE + sid, 60.0)  # to become active
    updates.start_ticking(room)
    participant.state = models.ParticipantInfo.JOINED
    if not participant.hidden:
        updates.announce(room, participant)
    participant.negotiation.in_flight = True  # until the first offer (v1) or while the first one is written (v0)
    subscribing.participant_appeared(room, participant)
    for asked in request.add_track_requests:
        publishing.track_asked(room, participant, asked)
    if request.HasField("publisher_offer"):
        participant.negotiation.first = request.publisher_offer
        # The Go SDK sets its offer when it has been welcomed, while it reads on: an answer that comes before is an error to it.
        if participant.client.sdk == models.ClientInfo.GO:
            room.set_timer(FIRST + sid, FIRST_AFTER)
        elif not first_offer(room, sid):
            return
    if not joining.single:
        negotiation.offer_again(room, participant, restart=False)
    elif not request.HasField("publisher_offer"):
        participant.negotiation.in_flight = False
        negotiation.negotiate(room, participant)


def first_offer(room: RoomState, sid: str) -> bool:
    """Answer the offer that came with the join request; False where it is none, and the participant gone."""
    participant = room.sids.get(sid)
    if participant is not None and participant.negotiation.first is not None:
        offer, participant.negotiation.first = participant.negotiation.first, None
        try:
            negotiation.offer_received(room, participant, offer)
        except RemoteError:
            leave(room, participant, Reason.JOIN_FAILURE)
            return False
    return True


def _welcome(room: RoomState, participant: Participant) -> rtc.JoinResponse:
    codecs = [MIMES[name] for name in (*room.settings.video_codecs, *room.settings.audio_codecs)]
    return rtc.JoinResponse(
        room=room.describe(),
        participant=participant.info(),
        other_participants=updates.everyone(room, participant),
        server_version=SERVER_VERSION,
        ice_servers=_ice_servers(room, participant),
        subscriber_primary=participant.primary is not participant.publisher,
        ping_timeout=PING_TIMEOUT,
        ping_interval=PING_INTERVAL,
        server_info=_server_info(room),
        enabled_publish_codecs=[models.Codec(mime=mime) for mime in codecs],
        fast_publish=participant.grants.can_publish,
    )


def mismatch(connection: ConnectionId) -> list[Effect]:
    """Tell somebody who comes back to nothing to start over.

    Answering `join` makes clients drop everything and time out twice.
    """
    told = rtc.LeaveRequest(reason=Reason.STATE_MISMATCH, action=Action.RECONNECT)
    return [Accept(connection), Send(connection, rtc.SignalResponse(leave=told)), Close(connection)]


def _resume(room: RoomState, joining: Joined) -> None:
    participant = room.participants.get(joining.grants.identity)
    sid = joining.request.participant_sid
    if participant is None or participant.sid != sid or participant.single != joining.single or participant.http:
        room.emit(*mismatch(joining.connection))
        return
    if participant.refuse_resume:
        participant.refuse_resume = False
        room.emit(Refuse(joining.connection, 500, "simulated failure"))
        return
    if participant.connection is not None:
        room.connections.pop(participant.connection, None)
        room.emit(Close(participant.connection))
    participant.connection = joining.connection
    room.connections[joining.connection] = participant
    room.cancel_timer(GONE + participant.sid)
    room.emit(Accept(joining.connection))
    answer = rtc.ReconnectResponse(
        ice_servers=_ice_servers(room, participant), server_info=_server_info(room), last_message_seq=participant.last_sequence
    )
    room.send(participant, rtc.SignalResponse(reconnect=answer))
    others = updates.everyone(room, participant)
    if others:
        room.send(participant, rtc.SignalResponse(update=rtc.ParticipantUpdate(participants=others)))
    if participant.drop_on_resume:
        participant.drop_on_resume = False
        room.emit(Close(joining.connection))
        return
    profile.refresh_token(room, participant)
    if joining.request.HasField("sync_state"):
        synchronized(room, participant, joining.request.sync_state)
        if participant.state == models.ParticipantInfo.DISCONNECTED:
            return
    layers.tell_again(room, participant)
    if participant.single:
        participant.negotiation.in_flight = False
        negotiation.negotiate(room, participant)
    else:
        negotiation.offer_again(room, participant, restart=True)


def synchronized(room: RoomState, participant: Participant, state: rtc.SyncState) -> None:
    """A client that is back says what it has: it gets the reliable packets that it lacks."""
    data.replay(room, participant, state.datachannel_receive_states)
    if not datatracks.is_in_step(participant, state):
        leave(room, participant, Reason.STATE_MISMATCH, action=Action.RECONNECT)


def connection_lost(room: RoomState, connection: ConnectionId) -> None:
    """The websocket is gone: the participant is kept for a while, to come back."""
    participant = room.connections.pop(connection, None)
    if participant is None or participant.connection != connection:
        return
    participant.connection = None
    if participant.state != models.ParticipantInfo.ACTIVE and not any(t.connected for t in participant.transports):
        leave(room, participant, Reason.SIGNAL_CLOSE, told=False)  # it never was there
        return
    room.set_timer(GONE + participant.sid, RESUME_WINDOW)


def tick(room: RoomState) -> None:
    """Every few seconds: new tokens for those whose last one ages, then the room's news."""
    for participant in room.participants.values():
        if room.now - participant.refreshed_at >= REFRESH_INTERVAL:
            profile.refresh_token(room, participant)
    updates.tick(room)


def connected(room: RoomState, participant: Participant, transport: Transport) -> None:
    """Media can flow: the participant is there for the others."""
    transport.connected = True
    if transport is not participant.primary or participant.state != models.ParticipantInfo.JOINED:
        return
    participant.state = models.ParticipantInfo.ACTIVE
    if participant.connection is not None or participant.http is not None:
        room.cancel_timer(GONE + participant.sid)
    updates.announce(room, participant)
    room.notify("participant_joined", participant=participant)
    datatracks.appeared(room, participant)
    if participant.http is not None:
        publishing.announce_described(room, participant)


def transport_failed(room: RoomState, participant: Participant, transport: Transport) -> None:
    """No media any longer: the client may restart ICE or start over for a while, a short one without signalling."""
    transport.connected = False
    wait = LAST_WINDOW if participant.connection is None else RESUME_WINDOW
    room.set_timer(GONE + participant.sid, wait)


def gone(room: RoomState, sid: str) -> None:
    """The wait for a participant is over."""
    participant = room.by_sid(sid)
    if participant is None:
        return
    stays = participant.connection is not None or (participant.http is not None and not participant.http.finished)
    if stays and participant.state == models.ParticipantInfo.ACTIVE and participant.primary.connected:
        return
    reason = Reason.CONNECTION_TIMEOUT if participant.state == models.ParticipantInfo.ACTIVE else Reason.JOIN_FAILURE
    leave(room, participant, reason, action=Action.RECONNECT)


def leave(
    room: RoomState,
    participant: Participant,
    reason: models.DisconnectReason,
    *,
    action: rtc.LeaveRequest.Action = Action.DISCONNECT,
    told: bool = True,
) -> None:
    """End a participant: its tracks, its connections, its place; the others are told why, it where `told`."""
    if participant.state == models.ParticipantInfo.DISCONNECTED:
        return
    was_active = participant.state == models.ParticipantInfo.ACTIVE
    participant.disconnect_reason = reason
    _say_goodbye(room, participant, reason, action, told=told)
    participant.state = models.ParticipantInfo.DISCONNECTED
    participant.negotiation.in_flight = True  # no more rounds
    readers = _take_away(room, participant)
    if room.participants.get(participant.identity) is participant:
        del room.participants[participant.identity]
    room.sids.pop(participant.sid, None)
    room.touched.add(participant.identity)
    if reason == Reason.SERVER_SHUTDOWN:
        room.absent[participant.identity] = kept.participant_record(participant)
    room.batch.pop(participant.sid, None)
    room.speaking.pop(participant.sid, None)
    if participant.known and not participant.hidden:
        updates.announce(room, participant)
        updates.room_changed(room)
    datatracks.tell_readers(room, readers)
    room.notify("participant_left" if was_active else "participant_connection_aborted", participant=participant)
    if room.kept_open and is_idle(room):
        room.kept_open = False
        room.set_timer(IDLE, float(room.departure_timeout))


def _say_goodbye(
    room: RoomState, participant: Participant, reason: models.DisconnectReason, action: rtc.LeaveRequest.Action, *, told: bool
) -> None:
    room.cancel_timer(GONE + participant.sid)
    if participant.connection is None:
        return
    if told:
        goodbye = rtc.LeaveRequest(reason=reason, action=action)
        room.send(participant, rtc.SignalResponse(leave=goodbye))
    room.emit(Close(participant.connection))
    room.connections.pop(participant.connection, None)
    participant.connection = None


def _take_away(room: RoomState, participant: Participant) -> list[Participant]:
    """End what the participant publishes and follows, and its peer connections; who read its data tracks."""
    for track in list(participant.tracks.values()):
        publishing.track_ended(room, participant, track)
    for subscription in list(participant.subscriptions.values()):
        subscribing.stop(room, participant, subscription)
        found = room.track(subscription.track)
        if found is not None:
            layers.demand_changed(room, found[1])
    readers = datatracks.left(room, participant)
    for transport in participant.transports:
        room.command(media.CloseTransport(transport.id))
    return readers


def is_idle(room: RoomState) -> bool:
    """Whether nobody is there for whom the room would be kept open; the hidden are, agents and recorders are not."""
    return all(p.grants.dependent for p in room.participants.values())


def keep_open(room: RoomState, newcomer: Participant) -> None:
    """Somebody came: the room does not end for want of people."""
    if not newcomer.grants.dependent:
        room.kept_open = True
        room.cancel_timer(IDLE)


def room_idle(room: RoomState) -> None:
    """Nobody came, or nobody came back."""
    room.kept_open = not is_idle(room)
    if not room.kept_open:
        end(room, Reason.ROOM_CLOSED)


def end(room: RoomState, reason: models.DisconnectReason) -> None:
    """End the room and everyone's stay in it."""
    if room.ended:
        return
    for participant in list(room.participants.values()):
        leave(room, participant, reason)
    moved = reason == Reason.SERVER_SHUTDOWN  # its people come back by themselves: for them it goes on
    if moved:
        kept.news(room)
    room.ended = True
    for key in (IDLE, updates.TICK, updates.BATCH, "quiet"):
        room.cancel_timer(key)
    for egress_id in list(room.egresses):
        room.command(media.StopCopy(egress_id))
    if not moved:
        room.notify("room_finished")
    room.emit(RoomEnded(room.name, moved=moved))


def shut_down(room: RoomState) -> None:
    """The worker stops: clients come back by themselves and find another, or its successor."""
    for participant in list(room.participants.values()):
        leave(room, participant, Reason.SERVER_SHUTDOWN, action=Action.RECONNECT)
    end(room, Reason.SERVER_SHUTDOWN)
