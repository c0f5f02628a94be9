"""Data packets and calls."""

from __future__ import annotations

from typing import Any

from livekit.protocol import metrics, models, rtc
from livekit.protocol import room as room_pb

from suite.rtc.core import media
from tests.rtc.core.world import Client, World


def send(world: World, sender: Client, *, label: str = "_reliable", transport: str = "publisher", **packet: Any) -> None:
    payload = models.DataPacket(**packet).SerializeToString()
    world.report(media.DataReceived(f"{sender.sid}/{transport}", label, payload))


def arrived(world: World) -> list[tuple[str, models.DataPacket]]:
    return [(c.transport, models.DataPacket.FromString(c.payload)) for c in world.of(media.SendData)]


def test_a_packet_says_who_sent_it_whatever_it_says() -> None:
    world = World()
    a, b = world.join("a"), world.join("b")
    forged = models.UserPacket(payload=b"x", participant_identity="b", participant_sid=b.sid)
    send(world, a, user=forged, participant_identity="b", participant_sid=b.sid)
    ((transport, packet),) = arrived(world)
    assert transport == f"{b.sid}/publisher"
    assert {packet.participant_identity, packet.user.participant_identity} == {"a"}
    assert {packet.participant_sid, packet.user.participant_sid} == {a.sid}


def test_two_connections_receive_on_the_second() -> None:
    world = World()
    a, b = world.join("a", single=False), world.join("b", single=False)
    send(world, a, user=models.UserPacket(payload=b"x"), label="_lossy")
    sent = world.of(media.SendData)[-1]
    assert (sent.transport, sent.label) == (f"{b.sid}/subscriber", "_lossy")


def test_destinations_are_all_that_hear() -> None:
    world = World()
    a = world.join("a")
    b, _c = world.join("b"), world.join("c")
    send(world, a, user=models.UserPacket(payload=b"x"), destination_identities=["b"])
    send(world, a, user=models.UserPacket(payload=b"x", destination_sids=[b.sid]))
    send(world, a, user=models.UserPacket(payload=b"x"), destination_identities=["nobody"])
    assert [transport for transport, _ in arrived(world)] == [f"{b.sid}/publisher"] * 2


def test_without_the_right_nothing_is_sent() -> None:
    world = World()
    a = world.join("a", canPublishData=False)
    world.join("b")
    send(world, a, user=models.UserPacket(payload=b"x"))
    assert not world.of(media.SendData)


def test_the_plane_learns_whose_message_it_is_and_from_when_a_reader_is_slow() -> None:
    world = World(slow_reader=21_024)
    a, b = world.join("a"), world.join("b")
    assert {opened.slow_reader for opened in world.of(media.OpenTransport)} == {21_024}
    send(world, a, user=models.UserPacket(payload=b"x"))
    (sent,) = world.of(media.SendData)
    assert (sent.transport, sent.source) == (f"{b.sid}/publisher", f"{a.sid}/publisher")


def test_garbage_and_a_forged_speaker_are_dropped() -> None:
    world = World()
    a = world.join("a")
    world.join("b")
    world.report(media.DataReceived(f"{a.sid}/publisher", "_reliable", b"\xff\xff"))
    send(world, a, speaker=models.ActiveSpeakerUpdate())
    assert not world.of(media.SendData)


def test_reliable_packets_are_neither_doubled_nor_lost_over_a_resume() -> None:
    world = World()
    a, b = world.join("a"), world.join("b")
    for sequence in (1, 2, 2, 3):
        send(world, a, user=models.UserPacket(payload=bytes([sequence])), sequence=sequence)
    assert [packet.sequence for _, packet in arrived(world)] == [1, 2, 3]
    world.drop(a)
    assert world.resume(a).last("reconnect").last_message_seq == 3
    world.drop(b)
    again = world.resume(b)
    before = len(arrived(world))
    states = [rtc.DataChannelReceiveState(publisher_sid=a.sid, last_seq=1)]
    again.send(sync_state=rtc.SyncState(datachannel_receive_states=states))
    assert [packet.sequence for _, packet in arrived(world)[before:]] == [2, 3]


def test_the_server_sends_data() -> None:
    world = World()
    world.join("a")
    b = world.join("b")
    request = room_pb.SendDataRequest(room="r", data=b"x", destination_identities=["b"], topic="t")
    world.ask("RoomService/SendData", request)
    ((transport, packet),) = arrived(world)
    assert transport == f"{b.sid}/publisher"
    assert (packet.user.payload, packet.user.topic) == (b"x", "t")
    world.ask("RoomService/SendData", room_pb.SendDataRequest(room="r", data=b"x", destination_sids=["PA_gone"]))
    assert len(arrived(world)) == 1


def test_the_server_calls_a_participant() -> None:
    world = World()
    a, b = world.join("a"), world.join("b")
    request = room_pb.PerformRpcRequest(
        room="r", destination_identity="b", method="double", payload="4", response_timeout_ms=3000
    )
    assert world.ask("RoomService/PerformRpc", request) is None
    ((_, packet),) = arrived(world)
    name = packet.rpc_request.id
    forged = models.RpcResponse(request_id=name, payload="wrong")
    send(world, a, rpc_response=forged)
    assert not world.replies
    send(world, b, rpc_response=models.RpcResponse(request_id=name, payload="8"))
    assert world.replies[-1].payload == "8"
    world.ask("RoomService/PerformRpc", request)
    world.wait(3.1)
    assert world.replies[-1].code == "invalid_argument"
    request.destination_identity = "nobody"
    assert world.ask("RoomService/PerformRpc", request).code == "unavailable"


def test_every_kind_of_packet_is_passed_on_stamped() -> None:
    world = World()
    a, b = world.join("a"), world.join("b")
    values = {
        "sip_dtmf": models.SipDTMF(digit="1"),
        "transcription": models.Transcription(track_id="TR_x"),
        "metrics": metrics.MetricsBatch(timestamp_ms=1),
        "chat_message": models.ChatMessage(id="1", message="bonjour"),
        "rpc_request": models.RpcRequest(id="1", method="m"),
        "rpc_ack": models.RpcAck(request_id="1"),
        "rpc_response": models.RpcResponse(request_id="1", payload="p"),
        "stream_header": models.DataStream.Header(stream_id="s"),
        "stream_chunk": models.DataStream.Chunk(stream_id="s", content=b"x"),
        "stream_trailer": models.DataStream.Trailer(stream_id="s"),
        "encrypted_packet": models.EncryptedPacket(encrypted_value=b"x"),
    }
    for name, value in values.items():
        send(world, a, **{name: value})
        sent = world.of(media.SendData)[-1]
        assert sent.transport == f"{b.sid}/publisher"
        packet = models.DataPacket.FromString(sent.payload)
        assert getattr(packet, name) == value
        assert (packet.participant_identity, packet.participant_sid) == ("a", a.sid)


def test_a_message_on_a_channel_of_another_name_reaches_everyone_as_it_is() -> None:
    world = World()
    a, b = world.join("a"), world.join("b")
    world.report(media.DataReceived(f"{a.sid}/publisher", "pubraw", b"test unlabeled bytes"))
    sent = world.of(media.SendData)[-1]
    packet = models.DataPacket.FromString(sent.payload)
    assert (sent.transport, sent.label) == (f"{b.sid}/publisher", "_reliable")
    assert (packet.user.payload, packet.user.participant_sid) == (b"test unlabeled bytes", a.sid)
