"""The server API's calls on rooms and participants, and what a participant changes of itself."""

from __future__ import annotations

import pytest
from livekit.protocol import egress, models, rtc
from livekit.protocol import room as room_pb

from suite.rtc.core import media
from tests.rtc.core.world import World


def test_a_room_is_created_once() -> None:
    world = World()
    first = world.ask("RoomService/CreateRoom", room_pb.CreateRoomRequest(name="r", metadata="hello", max_participants=3))
    again = world.ask("RoomService/CreateRoom", room_pb.CreateRoomRequest(name="r", metadata="second"))
    assert (first.sid, again.metadata, again.max_participants) == (again.sid, "hello", 3)
    assert world.event_names() == ["room_started"]


@pytest.mark.parametrize("name", ["", "x" * 300])
def test_a_name_that_cannot_be_is_refused(name: str) -> None:
    refusal = World().ask("RoomService/CreateRoom", room_pb.CreateRoomRequest(name=name))
    assert refusal.code == "invalid_argument"


def test_deleting_a_room_sends_everyone_away() -> None:
    world = World()
    a = world.join("a")
    world.ask("RoomService/DeleteRoom", room_pb.DeleteRoomRequest(room="r"))
    assert a.last("leave").reason == models.DisconnectReason.ROOM_DELETED
    assert world.event_names()[-2:] == ["participant_left", "room_finished"]
    assert world.ask("RoomService/DeleteRoom", room_pb.DeleteRoomRequest(room="r")).code == "not_found"


def test_what_is_not_there_is_not_found() -> None:
    world = World()
    world.join("a")
    for room in ("r", "nowhere"):
        identity = room_pb.RoomParticipantIdentity(room=room, identity="zz")
        assert world.ask("RoomService/GetParticipant", identity).code == "not_found"
        assert world.ask("RoomService/RemoveParticipant", identity).code == "not_found"
    assert not world.ask("RoomService/ListParticipants", room_pb.ListParticipantsRequest(room="nowhere")).participants


def test_a_changed_profile_is_told_and_signed() -> None:
    world = World()
    a, b = world.join("a"), world.join("b")
    request = room_pb.UpdateParticipantRequest(room="r", identity="b", name="Bé", metadata="m", attributes={"role": "host"})
    told = world.ask("RoomService/UpdateParticipant", request)
    assert (told.name, told.metadata, dict(told.attributes)) == ("Bé", "m", {"role": "host"})
    assert a.knows("b").name == "Bé"
    assert b.tokens[-1].attributes == {"role": "host"}
    request = room_pb.UpdateParticipantRequest(room="r", identity="b", metadata="x" * 600_000)
    assert world.ask("RoomService/UpdateParticipant", request).code == "invalid_argument"


def test_ones_own_profile_needs_the_right() -> None:
    world = World()
    a = world.join("a", canUpdateOwnMetadata=True)
    b = world.join("b")
    for client, reason in ((a, rtc.RequestResponse.OK), (b, rtc.RequestResponse.NOT_ALLOWED)):
        client.send(update_metadata=rtc.UpdateParticipantMetadata(name="New", request_id=7))
        assert (client.last("request_response").reason, client.last("request_response").request_id) == (reason, 7)
    assert b.knows("a").name == "New"
    assert a.knows("b") is None or a.knows("b").name == "Name of b"
    a.send(update_metadata=rtc.UpdateParticipantMetadata(metadata="x" * 600_000, request_id=8))
    assert a.last("request_response").reason == rtc.RequestResponse.LIMIT_EXCEEDED


def test_an_empty_attribute_removes_it() -> None:
    world = World()
    a = world.join("a", canUpdateOwnMetadata=True)
    a.send(update_metadata=rtc.UpdateParticipantMetadata(attributes={"x": "1", "y": "2"}))
    a.send(update_metadata=rtc.UpdateParticipantMetadata(attributes={"y": ""}))
    assert dict(a.knows("a").attributes) == {"x": "1"}


def test_room_metadata_is_told() -> None:
    world = World()
    a = world.join("a")
    world.ask("RoomService/UpdateRoomMetadata", room_pb.UpdateRoomMetadataRequest(room="r", metadata="z"))
    assert a.last("room_update").room.metadata == "z"


def test_a_track_is_recorded_until_it_is_stopped() -> None:
    world = World(egress_socket="/run/egress")
    b = world.join("b")
    sid = b.publish("mic")
    request = egress.TrackEgressRequest(room_name="r", track_id=sid, file=egress.DirectFileOutput(filepath="a/b.ogg"))
    started = world.ask("Egress/StartTrackEgress", request)
    copy = world.of(media.StartCopy)[-1]
    assert (copy.egress_id, copy.track, copy.socket, copy.destination) == (started.egress_id, sid, "/run/egress", "a/b.ogg")
    assert world.ask("Egress/ListEgress", egress.ListEgressRequest(active=True)).items[0].egress_id == started.egress_id
    stopped = world.ask("Egress/StopEgress", egress.StopEgressRequest(egress_id=started.egress_id))
    assert stopped.status == egress.EGRESS_ENDING
    world.report(media.CopyEnded(started.egress_id, "stopped"))
    ended = world.ask("Egress/ListEgress", egress.ListEgressRequest(egress_id=started.egress_id)).items[0]
    assert ended.status == egress.EGRESS_COMPLETE
    assert world.ask("Egress/StopEgress", egress.StopEgressRequest(egress_id=started.egress_id)).code == "failed_precondition"


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", ""])
def test_a_recording_stays_in_its_folder(path: str) -> None:
    world = World(egress_socket="/run/egress")
    sid = world.join("b").publish("mic")
    request = egress.TrackEgressRequest(room_name="r", track_id=sid, file=egress.DirectFileOutput(filepath=path))
    assert world.ask("Egress/StartTrackEgress", request).code == "invalid_argument"


def test_a_recording_ends_with_its_track() -> None:
    world = World(egress_socket="/run/egress")
    b = world.join("b")
    sid = b.publish("mic")
    request = egress.TrackEgressRequest(room_name="r", track_id=sid, file=egress.DirectFileOutput(filepath="x.ogg"))
    started = world.ask("Egress/StartTrackEgress", request)
    b.offer(("audio", "inactive", ""))
    assert world.of(media.StopCopy)[-1].egress_id == started.egress_id


def test_without_an_egress_process_nothing_is_recorded() -> None:
    world = World()
    sid = world.join("b").publish("mic")
    request = egress.TrackEgressRequest(room_name="r", track_id=sid, file=egress.DirectFileOutput(filepath="x.ogg"))
    assert world.ask("Egress/StartTrackEgress", request).code == "internal"
    assert world.ask("Egress/ListEgress", egress.ListEgressRequest()).code == "internal"


def test_what_we_do_not_have_is_said() -> None:
    assert World().ask("RoomService/Fly", room_pb.ListRoomsRequest()).code == "unimplemented"
