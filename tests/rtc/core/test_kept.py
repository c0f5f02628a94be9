"""What outlives a worker: what control says to keep of its rooms, and what another makes of it."""

from __future__ import annotations

from typing import Any

from livekit.protocol import models, rtc
from livekit.protocol import room as room_pb

from suite.rtc.core import inputs, media
from tests.rtc.core.world import Client, World, offer_text

Reason = models.DisconnectReason


def kept(world: World) -> dict[str, Any]:
    """What was said to keep of the room, as the signalling process has it."""
    return world.kept["r"]


def successor(world: World, **settings: Any) -> World:
    """Another worker, which takes the room over at the same time."""
    other = World(**settings)
    other.now = world.now
    other.put(inputs.Restored("r", kept(world)))
    return other


def changed() -> World:
    """A room in which the server has changed what it can."""
    world = World(departure_timeout=30)
    world.ask("RoomService/CreateRoom", room_pb.CreateRoomRequest(name="r", metadata="first", max_participants=7))
    world.join("a", issued_at=world.now - 60)
    world.join("b", issued_at=world.now - 60)
    world.ask("RoomService/UpdateRoomMetadata", room_pb.UpdateRoomMetadataRequest(room="r", metadata="second"))
    permission = models.ParticipantPermission(can_subscribe=True, can_publish=False, can_publish_data=True)
    request = room_pb.UpdateParticipantRequest(room="r", identity="b", name="Bé", metadata="m", permission=permission)
    request.attributes["role"] = "host"
    world.ask("RoomService/UpdateParticipant", request)
    return world


def test_a_room_comes_back_with_its_settings_and_whoever_was_in_it_has_left() -> None:
    world = changed()
    before = world.control.rooms["r"].state
    other = successor(world)
    after = other.control.rooms["r"].state
    assert (after.sid, after.metadata, after.max_participants) == (before.sid, "second", 7)
    assert other.event_names() == ["participant_left", "participant_left"]  # and no second room_started
    assert {event.participant.identity for event in other.events} == {"a", "b"}
    assert {event.participant.sid for event in other.events} == {p.sid for p in before.participants.values()}


def test_rights_and_profile_win_over_the_token_of_before() -> None:
    world = changed()
    other = successor(world)
    b = other.join("b", issued_at=world.now - 60)
    me = b.last("join").participant
    assert (me.name, me.metadata, dict(me.attributes)) == ("Bé", "m", {"role": "host"})
    assert not me.permission.can_publish
    assert me.permission.can_publish_data


def test_a_token_from_afterwards_says_what_it_says() -> None:
    world = changed()
    other = successor(world)
    b = other.join("b", issued_at=world.now + 1)
    assert b.last("join").participant.name == "Name of b"
    assert b.last("join").participant.permission.can_publish


def test_a_server_mute_is_kept() -> None:
    world = World()
    a = world.join("a")
    sid = a.publish("mic")
    world.ask("RoomService/MutePublishedTrack", room_pb.MuteRoomTrackRequest(room="r", identity="a", track_sid=sid, muted=True))
    other = successor(world)
    a = other.join("a")
    sid = a.publish("mic")
    assert media.MuteTrack(sid, muted=True) in other.of(media.MuteTrack)
    assert a.last("mute") == rtc.MuteTrackRequest(sid=sid, muted=True)


def test_the_room_ends_where_nobody_comes_back() -> None:
    other = successor(changed())
    other.wait(31)
    assert other.event_names()[-1] == "room_finished"
    assert other.ended == ["r"]


def test_one_who_comes_back_with_its_old_connection_starts_over() -> None:
    world = changed()
    client = world.clients[1]
    other = successor(world)
    back = other.join("a", request=rtc.JoinRequest(reconnect=True, participant_sid=client.sid), active=False)
    assert back.last("leave").reason == Reason.STATE_MISMATCH
    assert back.last("leave").action == rtc.LeaveRequest.Action.RECONNECT


def test_nothing_is_kept_of_somebody_who_left_nor_of_a_room_that_ended() -> None:
    world = World(departure_timeout=1)
    a = world.join("a")
    assert set(kept(world)) == {"", "a"}
    a.leave()
    assert set(kept(world)) == {""}
    world.wait(2)
    assert world.ended == ["r"]


def test_a_worker_that_is_told_to_stop_leaves_its_rooms_to_another() -> None:
    world = changed()
    for effect in world.control.close(world.now):
        world.note(effect)
    assert world.moved == ["r"]
    assert world.ended == []
    assert {key: record["active"] for key, record in kept(world).items() if key} == {"a": False, "b": False}
    other = successor(world)
    assert other.event_names() == []  # the first worker told the webhooks of everyone's leaving
    assert other.join("b", issued_at=world.now - 60).last("join").participant.name == "Bé"


def test_a_draining_worker_takes_no_new_rooms_but_lets_people_into_those_it_has() -> None:
    world = World()
    world.join("a")
    world.put(inputs.Draining())
    assert world.join("b").refused is None
    refused = world.join("c", room="new").refused
    assert refused is not None
    assert refused.status == 503
    assert world.ask("RoomService/CreateRoom", room_pb.CreateRoomRequest(name="other")).code == "unavailable"


def test_a_token_may_say_how_the_room_that_it_opens_is_to_be() -> None:
    from suite.rtc.core.grants import Grants
    from suite.rtc.core.inputs import Joined

    world = World()
    asked = {"maxParticipants": 3, "emptyTimeout": 11, "metadata": "said", "departureTimeout": 12, "tags": {"x": "y"}}
    claims = {"sub": "a", "exp": 2_000_000_000, "video": {"room": "r", "roomJoin": True}, "roomConfig": asked}
    world.clients[9] = Client(world, 9, "a")
    offer = rtc.SessionDescription(type="offer", sdp=offer_text(), id=1)
    world.put(Joined(9, Grants.from_claims(claims), rtc.JoinRequest(publisher_offer=offer), single=True))
    room = world.control.rooms["r"].state
    assert (room.max_participants, room.empty_timeout, room.departure_timeout, room.metadata) == (3, 11, 12, "said")
