"""Coming, going, and who is told."""

from __future__ import annotations

import pytest
from livekit.protocol import models, rtc
from livekit.protocol import room as room_pb

from suite.rtc.core import effects, media
from suite.rtc.core.grants import Grants
from suite.rtc.core.inputs import Carried, Joined
from tests.rtc.core.world import World, offer_text

Reason = models.DisconnectReason


@pytest.mark.parametrize("single", [True, False])
def test_a_newcomer_is_welcomed_with_who_is_there(single: bool) -> None:
    world = World()
    world.join("a", single=single)
    b = world.join("b", single=single)
    welcome = b.last("join")
    assert [p.identity for p in welcome.other_participants] == ["a"]
    assert welcome.participant.identity == "b"
    assert welcome.subscriber_primary is not single
    assert (welcome.ping_interval, welcome.ping_timeout) == (5, 15)


def test_one_connection_is_answered_at_once_and_two_are_offered() -> None:
    world = World()
    assert world.join("a").last("answer").id == 1
    two = world.join("b", single=False)
    assert not two.all("answer")
    assert "webrtc-datachannel" in two.last("offer").sdp


def test_listeners_are_announced_together_and_publishers_at_once() -> None:
    world = World()
    a = world.join("a")
    b = world.join("b")
    assert a.knows("b") is None
    world.wait(2.5)
    assert a.knows("b").state == models.ParticipantInfo.ACTIVE
    b.publish("cid")
    assert [t.source for t in a.knows("b").tracks] == [models.TrackSource.MICROPHONE]
    c = world.join("c", active=False)
    c.publish("cid", muted=True)
    world.report(media.TransportConnected(f"{c.sid}/publisher"))
    assert a.knows("c").state == models.ParticipantInfo.ACTIVE


def test_the_room_starts_with_the_first_and_ends_after_the_last() -> None:
    world = World(departure_timeout=3)
    a = world.join("a")
    a.leave()
    assert a.last("leave").reason == Reason.CLIENT_INITIATED
    assert a.closed == 1000
    assert world.event_names() == ["room_started", "participant_joined", "participant_left"]
    world.wait(2.9)
    assert not world.ended
    world.wait(0.2)
    assert world.ended == ["r"]
    assert world.event_names()[-1] == "room_finished"
    assert not world.control.rooms


def test_a_created_room_waits_for_the_first_to_come_only_so_long() -> None:
    world = World(empty_timeout=20)
    world.ask("RoomService/CreateRoom", room_pb.CreateRoomRequest(name="r", empty_timeout=4))
    world.wait(4.1)
    assert world.ended == ["r"]


def test_somebody_who_never_connects_is_aborted() -> None:
    world = World()
    a = world.join("a", active=False)
    world.wait(61)
    assert a.last("leave").reason == Reason.JOIN_FAILURE
    assert "participant_connection_aborted" in world.event_names()
    assert "participant_joined" not in world.event_names()


def test_the_same_identity_again_takes_the_place_of_the_first() -> None:
    world = World()
    first = world.join("a")
    second = world.join("a")
    assert first.last("leave").reason == Reason.DUPLICATE_IDENTITY
    assert first.closed == 1000
    assert second.closed is None
    answer = world.ask("RoomService/ListParticipants", room_pb.ListParticipantsRequest(room="r"))
    assert [p.sid for p in answer.participants] == [second.sid]


def test_a_full_room_refuses() -> None:
    world = World(max_participants=1)
    world.join("a")
    refused = world.join("b").refused
    assert refused is not None
    assert (refused.status, refused.message) == (500, "room is full")


def test_the_hidden_are_seen_by_nobody_and_count_for_nothing() -> None:
    world = World()
    a = world.join("a")
    hidden = world.join("h", hidden=True)
    late = world.join("b")
    world.wait(10)
    hidden.leave()
    assert a.knows("h") is None
    assert late.knows("h") is None
    assert a.last("room_update").room.num_participants == 2


def test_the_hidden_need_a_place_as_everybody_does() -> None:
    world = World(max_participants=2)
    world.join("a")
    h = world.join("h", hidden=True)
    for identity, hidden in (("b", False), ("i", True)):
        refused = world.join(identity, hidden=hidden).refused
        assert refused is not None
        assert refused.message == "room is full"
    assert world.join("r", hidden=True, recorder=True).refused is None
    h.leave()
    assert world.join("b").refused is None


@pytest.mark.parametrize("grant", ["agent", "recorder"])
def test_who_is_there_for_others_only_needs_no_place(grant: str) -> None:
    world = World(max_participants=1)
    a = world.join("a")
    assert world.join("n", **{grant: True}).refused is None
    world.wait(10)
    assert a.last("room_update").room.num_participants == 1
    assert world.join("b").refused is not None


@pytest.mark.parametrize("grant", ["agent", "recorder"])
def test_who_is_there_for_others_only_keeps_no_room_open(grant: str) -> None:
    world = World(departure_timeout=20)
    a = world.join("a")
    n = world.join("n", **{grant: True})
    world.wait(30)
    a.leave()
    world.wait(19)
    assert not world.ended
    world.wait(2)
    assert world.ended == ["r"]
    assert n.last("leave").reason == Reason.ROOM_CLOSED


def test_an_agent_alone_waits_as_long_as_an_empty_room() -> None:
    world = World(empty_timeout=40, departure_timeout=5)
    world.join("first", agent=True)
    world.wait(10)
    world.join("first", agent=True)  # again
    world.wait(20)
    assert not world.ended
    a = world.join("a")
    world.wait(60)
    assert not world.ended
    a.leave()
    world.wait(6)
    assert world.ended == ["r"]


def test_rooms_hear_nothing_of_one_another() -> None:
    world = World()
    a = world.join("a", room="one")
    b = world.join("b", room="two")
    b.publish("cid")
    world.wait(10)
    assert a.knows("b") is None
    assert not a.all("media_sections_requirement")
    a.offer(("audio", "recvonly", ""))
    assert not world.of(media.AddDowntrack)


@pytest.mark.parametrize("single", [True, False])
def test_coming_back_within_the_window_keeps_everything(single: bool) -> None:
    world = World()
    a = world.join("a", single=single)
    b = world.join("b", single=single)
    sid = b.publish("cid")
    world.drop(b)
    world.wait(14)
    again = world.resume(b, single=single)
    assert not again.all("join")
    assert again.all("reconnect")
    assert again.knows("a") is not None
    assert [t.sid for t in a.knows("b").tracks] == [sid]
    assert bool(again.all("offer")) is not single
    world.wait(60)
    assert a.knows("b").state == models.ParticipantInfo.ACTIVE


def test_coming_back_too_late_or_as_somebody_else_means_starting_over() -> None:
    world = World()
    world.join("a")
    b = world.join("b")
    world.drop(b)
    world.wait(16)
    late = world.resume(b)
    assert late.last("leave").reason == Reason.STATE_MISMATCH
    assert late.last("leave").action == rtc.LeaveRequest.RECONNECT
    assert late.closed == 1000
    a_again = world.resume(world.clients[1], sid="PA_other")
    assert a_again.last("leave").reason == Reason.STATE_MISMATCH


def test_an_offer_with_new_credentials_restarts_ice() -> None:
    world = World()
    a = world.join("a")
    before = a.last("answer").sdp
    a.offer(ufrag="wxyz")
    restarted = world.of(media.RestartIce)[-1]
    assert f"a=ice-ufrag:{restarted.ufrag}\r\n" in a.last("answer").sdp
    assert f"a=ice-ufrag:{restarted.ufrag}\r\n" not in before
    a.offer(ufrag="wxyz")
    assert len(world.of(media.RestartIce)) == 1


def test_without_media_and_signalling_nobody_is_kept_for_long() -> None:
    world = World()
    a = world.join("a")
    world.drop(a)
    world.report(media.TransportFailed(f"{a.sid}/publisher", "consent"))
    world.wait(5.1)
    assert "participant_left" in world.event_names()


def test_garbage_in_an_offer_closes_its_sender_alone() -> None:
    world = World()
    a, b = world.join("a"), world.join("b")
    a.send(offer=rtc.SessionDescription(type="offer", sdp="v=0\r\nnonsense", id=9))
    assert a.closed == 1003
    assert b.closed is None


def test_a_stopped_worker_sends_everyone_elsewhere() -> None:
    world = World()
    a = world.join("a")
    for effect in world.control.close(world.now):
        world.note(effect)
    assert a.last("leave").action == rtc.LeaveRequest.RECONNECT
    assert a.closed == 1000
    assert "room_finished" not in world.event_names()


def test_rooms_are_not_made_by_joining_where_that_is_off() -> None:
    world = World(auto_create=False)
    refused = world.join("a").refused
    assert refused is not None
    assert refused.status == 404
    world.ask("RoomService/CreateRoom", room_pb.CreateRoomRequest(name="r"))
    assert world.join("a").refused is None


def test_what_is_offered_while_joining_is_published_without_another_round() -> None:
    world = World()
    world.join("a")
    request = rtc.JoinRequest(
        connection_settings=rtc.ConnectionSettings(auto_subscribe=True),
        add_track_requests=[rtc.AddTrackRequest(cid="mic", type=models.TrackType.AUDIO, source=models.TrackSource.MICROPHONE)],
        publisher_offer=rtc.SessionDescription(type="offer", sdp=offer_text(("audio", "sendonly", "mic")), id=1),
    )
    b = world.join("b", request=request)
    assert b.last("track_published").cid == "mic"
    assert "a=recvonly" in b.last("answer").sdp
    assert world.of(media.Receive)[-1].kind == "audio"


def test_a_long_stay_gets_new_tokens_to_come_back_with() -> None:
    world = World()
    a = world.join("a")
    assert len(a.tokens) == 1
    world.wait(310)
    assert len(a.tokens) == 2


def test_asking_lets_nobody_in() -> None:
    world = World(auto_create=False)
    grants = Grants(identity="a", video={"room": "r", "roomJoin": True}, issued_at=world.now)
    asking = Joined(1, grants, rtc.JoinRequest(), single=True, only_asking=True)
    assert [type(e) for e in world.control.handle(asking, world.now)] == [effects.Refuse]
    world.ask("RoomService/CreateRoom", room_pb.CreateRoomRequest(name="r"))
    assert [type(e) for e in world.control.handle(asking, world.now)] == [effects.Accept]
    assert not world.ask("RoomService/ListParticipants", room_pb.ListParticipantsRequest(room="r")).participants


def test_what_a_newcomer_says_of_itself_needs_the_right_and_has_a_limit() -> None:
    world = World()
    for identity, right, attributes, kept in (
        ("a", True, {"k": "v"}, {"k": "v"}),
        ("b", False, {"k": "v"}, {}),
        ("c", True, {"k": "v" * 100_000}, {}),
    ):
        request = rtc.JoinRequest(metadata="said", participant_attributes=attributes)
        me = world.join(identity, request=request, canUpdateOwnMetadata=right).last("join").participant
        assert (dict(me.attributes), me.metadata) == (kept, "said" if kept else "")


def test_a_full_worker_takes_nobody_more_and_keeps_those_who_are_there() -> None:
    world = World(track_limit=3)
    a, b = world.join("a"), world.join("b")
    b.publish("mic")
    a.offer(("audio", "recvonly", ""))  # one published, one followed
    assert world.join("c").refused is None
    b.publish("cam", video=True, sections=(("audio", "sendonly", "mic"),))
    for room in ("r", "another"):
        refused = world.join("d", room=room).refused
        assert refused is not None
        assert (refused.status, refused.message) == (503, "reached configured limit for node")
    assert a.closed is None
    b.send(ping=5)
    assert b.all("pong")
    b.leave()
    assert world.join("d").refused is None


def test_a_worker_that_carries_as_much_as_it_may_takes_nobody_more() -> None:
    world = World(byte_rate_limit=1_000_000)
    a = world.join("a")
    world.put(Carried(1_000_000.0))
    refused = world.join("b").refused
    assert refused is not None
    assert (refused.status, refused.message) == (503, "reached configured limit for node")
    assert a.closed is None
    world.put(Carried(999_999.0))
    assert world.join("b").refused is None


def test_a_worker_has_so_many_rooms_and_no_more() -> None:
    world = World(max_rooms=1)
    assert world.join("a").refused is None
    refused = world.join("b", room="another").refused
    assert refused is not None
    assert (refused.status, refused.message) == (503, "too many rooms")
    assert world.join("b").refused is None
    created = world.ask("RoomService/CreateRoom", room_pb.CreateRoomRequest(name="another"))
    assert created.code == "resource_exhausted"
