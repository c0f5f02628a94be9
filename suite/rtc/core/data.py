"""Data packets: stamped with who sent them, given to whom they are meant for, and again after a lost connection."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from google.protobuf.message import DecodeError
from livekit.protocol import models, rtc

from suite.rtc.core import media, rpc
from suite.rtc.core.participant import Participant
from suite.rtc.core.state import RoomState

RELIABLE: Final = "_reliable"
LOSSY: Final = "_lossy"
DATA_TRACK: Final = "_data_track"
LABELS: Final = frozenset({RELIABLE, LOSSY})
CHANNELS: Final = (
    media.Channel(RELIABLE, ordered=True, max_retransmits=None),
    media.Channel(LOSSY, ordered=False, max_retransmits=0),
    media.Channel(DATA_TRACK, ordered=False, max_retransmits=0),
)
KEPT_BYTES: Final = 1_000_000  # of one participant's reliable packets, for those who lost a connection
KEPT_PACKETS: Final = 1_000


def received(room: RoomState, sender: Participant, label: str, payload: bytes) -> None:
    """Forward a packet; dropped where the sender may not send, it is none, or it came before."""
    if not sender.grants.can_publish_data:
        return
    if label not in LABELS:
        _unlabelled(room, sender, payload)
        return
    try:
        packet = models.DataPacket.FromString(payload)
    except DecodeError:
        return
    if packet.WhichOneof("value") in {None, "speaker"}:
        return
    if label == RELIABLE and packet.sequence:
        if packet.sequence <= sender.last_sequence:
            return
        sender.last_sequence = packet.sequence
    if packet.WhichOneof("value") == "rpc_response" and rpc.answered(room, sender.sid, packet.rpc_response):
        return
    destinations = _destinations(room, packet)
    _stamp(packet, sender)
    packet.kind = models.DataPacket.RELIABLE if label == RELIABLE else models.DataPacket.LOSSY
    stamped = packet.SerializeToString()
    if label == RELIABLE and packet.sequence:
        _keep(sender, packet.sequence, stamped, destinations)
    for participant in _readers(room, sender, destinations):
        room.command(media.SendData(participant.subscriber.id, label, stamped, sender.publisher.id))


def _unlabelled(room: RoomState, sender: Participant, payload: bytes) -> None:
    """A message on a channel of the client's own naming reaches everyone as a reliable user packet, as with LiveKit."""
    packet = models.DataPacket(kind=models.DataPacket.RELIABLE, user=models.UserPacket(payload=payload))
    _stamp(packet, sender)
    stamped = packet.SerializeToString()
    for participant in _readers(room, sender, frozenset()):
        room.command(media.SendData(participant.subscriber.id, RELIABLE, stamped, sender.publisher.id))


def _destinations(room: RoomState, packet: models.DataPacket) -> frozenset[str]:
    """The identities that the packet is meant for; empty for everyone."""
    named = set(packet.destination_identities)
    if packet.WhichOneof("value") == "user":
        named.update(packet.user.destination_identities)
        for sid in packet.user.destination_sids:
            participant = room.by_sid(sid)
            named.add(participant.identity if participant is not None else sid)
    return frozenset(named)


def _stamp(packet: models.DataPacket, sender: Participant) -> None:
    """Whoever the packet says it is from, it is from its sender."""
    packet.participant_identity, packet.participant_sid = sender.identity, sender.sid
    if packet.WhichOneof("value") == "user":
        packet.user.participant_identity, packet.user.participant_sid = sender.identity, sender.sid


def _keep(sender: Participant, sequence: int, packet: bytes, destinations: frozenset[str]) -> None:
    sender.sent.append((sequence, packet, destinations))
    sender.sent_bytes += len(packet)
    while sender.sent_bytes > KEPT_BYTES or len(sender.sent) > KEPT_PACKETS:
        sender.sent_bytes -= len(sender.sent.popleft()[1])


def _readers(room: RoomState, sender: Participant | None, destinations: frozenset[str]) -> Iterable[Participant]:
    for participant in room.participants.values():
        if participant is sender or participant.state == models.ParticipantInfo.DISCONNECTED:
            continue
        if not destinations or participant.identity in destinations:
            yield participant


def replay(room: RoomState, reader: Participant, states: Iterable[rtc.DataChannelReceiveState]) -> None:
    """Send again what a reader that is back says it has not received."""
    for state in states:
        sender = room.by_sid(state.publisher_sid)
        if sender is None or sender is reader:
            continue
        for sequence, packet, destinations in sender.sent:
            if sequence > state.last_seq and (not destinations or reader.identity in destinations):
                room.command(media.SendData(reader.subscriber.id, RELIABLE, packet))


def from_server(room: RoomState, request: models.UserPacket, *, reliable: bool, identities: Iterable[str]) -> None:
    """Send what the server's caller sends, as nobody's."""
    kind = models.DataPacket.RELIABLE if reliable else models.DataPacket.LOSSY
    destinations = frozenset(identities)
    packet = models.DataPacket(kind=kind, user=request, destination_identities=sorted(destinations))
    payload = packet.SerializeToString()
    for participant in _readers(room, None, destinations):
        room.command(media.SendData(participant.subscriber.id, RELIABLE if reliable else LOSSY, payload))
