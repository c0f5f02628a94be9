"""Data tracks: announced, followed, forwarded under each reader's own handle, and ended."""

from __future__ import annotations

from struct import pack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from livekit.protocol import models, rtc
from livekit.protocol import room as room_pb

from suite.rtc.core import datapacket, media
from tests.rtc.core.world import Client, World

Reason = rtc.RequestResponse.Reason
LABEL = "_data_track"


def publish(client: Client, *, handle: int = 1, name: str = "pose", **more: Any) -> models.DataTrackInfo:
    client.send(publish_data_track_request=rtc.PublishDataTrackRequest(pub_handle=handle, name=name, **more))
    return client.last("publish_data_track_response").info


def follow(client: Client, sid: str, *, wanted: bool = True) -> None:
    update = rtc.UpdateDataSubscription.Update(track_sid=sid, subscribe=wanted)
    client.send(update_data_subscription=rtc.UpdateDataSubscription(updates=[update]))


def frame(handle: int, payload: bytes = b"frame", *, extensions: bytes = b"") -> bytes:
    head = pack("!BBHHHI", 0x18 | (4 if extensions else 0), 0, handle, 7, 3, 90_000)
    return head + extensions + payload


def push(world: World, sender: Client, packet: bytes) -> list[media.SendData]:
    before = len(world.of(media.SendData))
    world.report(media.DataReceived(f"{sender.sid}/publisher", LABEL, packet))
    return world.of(media.SendData)[before:]


def handles(client: Client) -> dict[int, str]:
    return {number: one.track_sid for number, one in client.last("data_track_subscriber_handles").sub_handles.items()}


def test_a_track_is_announced_followed_forwarded_and_ended() -> None:
    world = World()
    a, b = world.join("a"), world.join("b")
    info = publish(a, encryption=models.Encryption.GCM)
    assert info.sid.startswith("DTR_")
    assert (info.pub_handle, info.name, info.encryption) == (1, "pose", models.Encryption.GCM)
    assert [one.sid for one in b.knows("a").data_tracks] == [one.sid for one in a.knows("a").data_tracks] == [info.sid]
    assert b.knows("a").is_publisher
    assert not push(world, a, frame(1))
    follow(b, info.sid)
    told = b.last("subscription_permission_update")
    assert (told.participant_sid, told.track_sid, told.allowed) == (a.sid, info.sid, True)
    ((handle, sid),) = handles(b).items()
    assert sid == info.sid
    assert b.last("data_track_subscriber_handles").sub_handles[handle].publisher_identity == "a"
    (sent,) = push(world, a, frame(1))
    assert (sent.transport, sent.label, sent.payload) == (f"{b.sid}/publisher", LABEL, frame(handle))
    a.send(unpublish_data_track_request=rtc.UnpublishDataTrackRequest(pub_handle=1))
    assert a.last("unpublish_data_track_response").info == info
    assert not b.knows("a").data_tracks
    assert not handles(b)
    assert not push(world, a, frame(1))


def test_readers_leave_and_come_back_under_another_handle() -> None:
    world = World()
    a, b = world.join("a"), world.join("b", single=False)
    sid = publish(a).sid
    follow(b, sid)
    first = handles(b)
    follow(b, sid, wanted=False)
    assert not handles(b)
    assert not push(world, a, frame(1))
    follow(b, sid)
    assert handles(b).keys().isdisjoint(first)
    (sent,) = push(world, a, frame(1))
    assert sent.transport == f"{b.sid}/subscriber"


def test_a_track_may_be_followed_before_it_is_there_and_by_everyone_who_asked_for_all() -> None:
    world = World()
    every = rtc.JoinRequest(connection_settings=rtc.ConnectionSettings(auto_subscribe_data_track=True))
    a, all_of_it = world.join("a"), world.join("c", request=every)
    sid = publish(a).sid
    assert set(handles(all_of_it).values()) == {sid}
    late = world.join("d", request=every)
    assert set(handles(late).values()) == {sid}
    assert len(push(world, a, frame(1))) == 2


NAME = "name should not be empty and should not exceed 256 characters"
LONG = models.DataTrackFrameEncoding(custom="x" * 33)
ENCODING = "encoding identifier is empty or exceeds the maximum length"


@pytest.mark.parametrize(
    ("request_", "reason", "words"),
    [
        ({"pub_handle": 0, "name": "x"}, Reason.INVALID_HANDLE, "handle should be > 0 AND < 65536"),
        ({"pub_handle": 65536, "name": "x"}, Reason.INVALID_HANDLE, "handle should be > 0 AND < 65536"),
        ({"pub_handle": 2}, Reason.INVALID_NAME, NAME),
        ({"pub_handle": 2, "name": "x" * 257}, Reason.INVALID_NAME, NAME),
        ({"pub_handle": 1, "name": "x"}, Reason.DUPLICATE_HANDLE, "a data track with same handle already exists"),
        ({"pub_handle": 2, "name": "pose"}, Reason.DUPLICATE_NAME, "a data track with same name already exists"),
        ({"pub_handle": 2, "name": "x", "frame_encoding": LONG}, Reason.INVALID_REQUEST, ENCODING),
    ],
)  # fmt: skip
def test_refusals_are_livekits(request_: dict[str, Any], reason: int, words: str) -> None:
    world = World()
    a = world.join("a")
    publish(a)
    a.send(publish_data_track_request=rtc.PublishDataTrackRequest(**request_))
    answer = a.last("request_response")
    assert (answer.reason, answer.message) == (reason, words)
    assert answer.publish_data_track == rtc.PublishDataTrackRequest(**request_)
    assert len(a.all("publish_data_track_response")) == 1


def test_what_is_not_there_is_not_found() -> None:
    a = World().join("a")
    a.send(unpublish_data_track_request=rtc.UnpublishDataTrackRequest(pub_handle=9))
    assert a.last("request_response").reason == Reason.NOT_FOUND


@pytest.mark.parametrize("settings", [{}, {"data_tracks": False}], ids=["without the right", "switched off"])
def test_without_the_right_or_switched_off(settings: dict[str, bool]) -> None:
    a = World(**settings).join("a", canPublishData=bool(settings))
    a.send(publish_data_track_request=rtc.PublishDataTrackRequest(pub_handle=1, name="pose"))
    answer = a.last("request_response")
    assert (answer.reason, answer.message) == (Reason.NOT_ALLOWED, "does not have permission to publish data")


def test_a_publisher_says_who_may_follow() -> None:
    world = World()
    a, b = world.join("a"), world.join("b")
    sid = publish(a).sid
    follow(b, sid)
    a.send(subscription_permission=rtc.SubscriptionPermission(all_participants=False))
    assert b.last("subscription_permission_update").allowed is False
    assert not handles(b)
    assert not push(world, a, frame(1))
    allowed = rtc.TrackPermission(participant_identity="b", track_sids=[sid])
    a.send(subscription_permission=rtc.SubscriptionPermission(track_permissions=[allowed]))
    assert b.last("subscription_permission_update").allowed is True
    assert len(push(world, a, frame(1))) == 1


def test_who_may_not_subscribe_gets_nothing() -> None:
    world = World()
    a, b = world.join("a"), world.join("b", canSubscribe=False)
    follow(b, publish(a).sid)
    assert not b.all("data_track_subscriber_handles")
    assert not push(world, a, frame(1))


def test_nobody_hears_of_a_hidden_ones_track() -> None:
    world = World()
    every = rtc.JoinRequest(connection_settings=rtc.ConnectionSettings(auto_subscribe_data_track=True))
    b = world.join("b", request=every)
    a = world.join("a", hidden=True)
    follow(b, publish(a).sid)
    late = world.join("c", request=every)
    for reader in (b, late):
        assert not reader.all("data_track_subscriber_handles")
        assert not reader.all("subscription_permission_update")
    assert not push(world, a, frame(1))


def test_rights_that_are_taken_away_end_what_they_allowed() -> None:
    world = World()
    a, b = world.join("a"), world.join("b")
    sid = publish(a).sid
    follow(b, sid)
    permission = models.ParticipantPermission(can_publish=True, can_publish_data=True)
    world.ask("RoomService/UpdateParticipant", room_pb.UpdateParticipantRequest(room="r", identity="b", permission=permission))
    assert not handles(b)
    assert not push(world, a, frame(1))
    permission = models.ParticipantPermission(can_publish=True, can_subscribe=True)
    world.ask("RoomService/UpdateParticipant", room_pb.UpdateParticipantRequest(room="r", identity="a", permission=permission))
    assert not b.knows("a").data_tracks
    assert not push(world, a, frame(1))


def test_who_leaves_takes_everything_along() -> None:
    world = World()
    a, b, c = world.join("a"), world.join("b"), world.join("c")
    sid, other = publish(a).sid, publish(c).sid
    follow(b, sid)
    follow(c, sid)
    follow(b, other)
    told = len(c.all("data_track_subscriber_handles"))
    b.leave()
    assert [sent.transport for sent in push(world, a, frame(1))] == [f"{c.sid}/publisher"]
    a.leave()
    assert not push(world, a, frame(1))
    assert c.closed is None
    assert len(c.all("data_track_subscriber_handles")) == told + 1, "LiveKit's own client forgets tracks by their handles"
    assert not handles(c)
    assert [m.WhichOneof("message") for m in c.received[-3:]] == ["update", "room_update", "data_track_subscriber_handles"]


def test_a_client_that_has_tracks_we_do_not_know_starts_over() -> None:
    world = World()
    a = world.join("a")
    info = publish(a)
    a.send(sync_state=rtc.SyncState(publish_data_tracks=[rtc.PublishDataTrackResponse(info=info)]))
    assert a.closed is None
    other = models.DataTrackInfo(sid="DTR_unknown", pub_handle=2, name="x")
    a.send(sync_state=rtc.SyncState(publish_data_tracks=[rtc.PublishDataTrackResponse(info=other)]))
    assert a.last("leave").action == rtc.LeaveRequest.Action.RECONNECT


def test_garbage_is_dropped_and_extensions_pass() -> None:
    world = World()
    a, b = world.join("a"), world.join("b")
    follow(b, publish(a).sid)
    good = pack("!HBB", 1, 2, 3) + b"abc" + b"\0"
    assert len(push(world, a, frame(1, extensions=good))) == 1
    for packet in (b"", bytes(11), frame(2), frame(1, extensions=pack("!H", 500)), frame(1, extensions=pack("!HBB", 0, 1, 9))):
        assert not push(world, a, packet), packet


@given(st.binary(max_size=64))
def test_any_packet_has_a_handle_or_none(packet: bytes) -> None:
    number = datapacket.handle(packet)
    assert number is None or datapacket.handle(datapacket.with_handle(packet, 77)) == 77
