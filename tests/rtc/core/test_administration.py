"""The server API's calls on rooms and participants, and what a participant changes of itself."""

from __future__ import annotations

from datetime import UTC, datetime

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


@pytest.mark.parametrize("room", ["r", "nowhere"])
def test_calls_that_are_passed_on_without_a_look_say_that_nobody_answered(room: str) -> None:
    world = World()
    world.join("a")
    mute = room_pb.MuteRoomTrackRequest(room=room, identity="zz", track_sid="TR_x", muted=True)
    follow = room_pb.UpdateSubscriptionsRequest(room=room, identity="zz", track_sids=["TR_x"], subscribe=True)
    for method, request in (("MutePublishedTrack", mute), ("UpdateSubscriptions", follow)):
        refusal = world.ask(f"RoomService/{method}", request)
        assert (refusal.code, refusal.message) == ("unavailable", "twirp error unknown: no response from servers")
    assert world.ask("RoomService/SendData", room_pb.SendDataRequest(room="nowhere", data=b"x")).code == "unavailable"
    renamed = world.ask("RoomService/UpdateRoomMetadata", room_pb.UpdateRoomMetadataRequest(room="nowhere", metadata="x"))
    assert (renamed.code, renamed.message) == ("not_found", "twirp error unknown: requested room does not exist")


def test_what_is_too_long_or_lacks_something_is_refused_in_livekits_words() -> None:
    world = World(metadata_limit=10, name_limit=10, attributes_limit=10)
    world.join("a")
    long = "x" * 11
    who = {"room": "r", "identity": "a"}
    for method, request, words in (
        ("CreateRoom", room_pb.CreateRoomRequest(name="new", metadata=long), "metadata size exceeds limits 10"),
        ("UpdateRoomMetadata", room_pb.UpdateRoomMetadataRequest(room="r", metadata=long), "metadata size exceeds limits 10"),
        ("UpdateParticipant", room_pb.UpdateParticipantRequest(metadata=long, **who), "metadata size exceeds limits 10"),
        ("UpdateParticipant", room_pb.UpdateParticipantRequest(name=long, **who), "name length exceeds limits 10"),
        (
            "UpdateParticipant",
            room_pb.UpdateParticipantRequest(attributes={"k": long}, **who),
            "attribute size exceeds limits 10",
        ),
        ("SendData", room_pb.SendDataRequest(room="r", nonce=b"x"), "nonce should be 16-bytes or not present, got: 1 bytes"),
        ("PerformRpc", room_pb.PerformRpcRequest(room="r"), "twirp error unknown: destination identity is required"),
    ):
        refusal = world.ask(f"RoomService/{method}", request)
        assert (refusal.code, refusal.message) == ("invalid_argument", words)


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


def test_no_token_has_the_new_words_and_the_old_rights() -> None:
    world = World()
    a = world.join("a")
    permission = models.ParticipantPermission(can_subscribe=True)
    request = room_pb.UpdateParticipantRequest(room="r", identity="a", metadata="m", permission=permission)
    world.ask("RoomService/UpdateParticipant", request)
    assert [token.video["canPublish"] for token in a.tokens if token.metadata == "m"] == [False]


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


def test_a_recording_in_two_codecs_has_two_files() -> None:
    world = World(egress_socket="/run/egress")
    sid = world.join("b").publish("cam", video=True)
    request = egress.TrackEgressRequest(room_name="r", track_id=sid, file=egress.DirectFileOutput(filepath="a"))
    started = world.ask("Egress/StartTrackEgress", request)
    first = media.CopiedFile("a.webm", started_at=1, ended_at=5, duration=4, size=7)
    last = {"started_at": 6, "ended_at": 8, "duration": 2, "size": 9, "filename": "a-2.mp4"}
    world.report(media.CopyEnded(started.egress_id, "the codec has changed to video/x", earlier=(first,), **last))
    ended = world.ask("Egress/ListEgress", egress.ListEgressRequest(egress_id=started.egress_id)).items[0]
    assert (ended.status, ended.error) == (egress.EGRESS_FAILED, "the codec has changed to video/x")
    assert [(one.filename, one.duration, one.size) for one in ended.file_results] == [("a.webm", 4, 7), ("a-2.mp4", 2, 9)]


@pytest.mark.parametrize(
    ("asked", "made"),
    [
        ("a/b.ogg", "a/b.ogg"),
        ("a/b", "a/b.ogg"),
        ("a/b.mp4", "a/b.ogg"),
        ("a/b.2026", "a/b.2026.ogg"),
        ("", "SID-2026-11-30T170530.ogg"),
        ("a/", "a/SID-2026-11-30T170530.ogg"),
        ("{room_name}/{publisher_identity}/{track_source}-{track_type}-{track_id}", "r/b/microphone-audio-SID.ogg"),
        ("{utc}-{time}-{other}", "20261130170530250-2026-11-30T170530-{other}.ogg"),
    ],
)
def test_a_recordings_name_is_filled_in(asked: str, made: str) -> None:
    world = World(egress_socket="/run/egress")
    sid = world.join("b").publish("mic")
    world.now = datetime(2026, 11, 30, 17, 5, 30, 250_000, UTC).timestamp()
    request = egress.TrackEgressRequest(room_name="r", track_id=sid, file=egress.DirectFileOutput(filepath=asked))
    info = world.ask("Egress/StartTrackEgress", request)
    assert world.of(media.StartCopy)[-1].destination == info.file_results[0].filename == made.replace("SID", sid)
    assert info.track.file.filepath == asked


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "a/{publisher_identity}/x", "x" * 510])
def test_a_recording_stays_in_its_folder(path: str) -> None:
    world = World(egress_socket="/run/egress")
    sid = world.join("../b").publish("mic")
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


def record(world: World, sid: str) -> egress.EgressInfo:
    request = egress.TrackEgressRequest(room_name="r", track_id=sid, file=egress.DirectFileOutput(filepath="film"))
    started: egress.EgressInfo = world.ask("Egress/StartTrackEgress", request)
    return started


def test_a_picture_that_is_recorded_is_sent_whole_whoever_watches() -> None:
    world = World(egress_socket="/run/egress")
    a, b = world.join("a"), world.join("b")
    sid = b.publish("cam", video=True)

    def sent() -> list[bool]:
        return [q.enabled for q in b.last("subscribed_quality_update").subscribed_qualities]

    a.offer(("video", "recvonly", ""))
    a.send(track_setting=rtc.UpdateTrackSettings(track_sids=[sid], disabled=True))
    world.wait(5.1)
    assert sent() == [False, False, False]
    started = record(world, sid)
    assert world.of(media.StartCopy)[-1].mime == "video/vp8"
    assert sent() == [True, True, True]
    a.send(track_setting=rtc.UpdateTrackSettings(track_sids=[sid], quality=models.VideoQuality.LOW))
    world.wait(5.1)
    assert sent() == [True, True, True]
    world.report(media.CopyEnded(started.egress_id, "stopped"))
    world.wait(5.1)
    assert sent() == [True, False, False]


def test_what_cannot_be_recorded_says_so() -> None:
    world = World(egress_socket="/run/egress")
    b = world.join("b")
    b.send(
        add_track=rtc.AddTrackRequest(
            cid="secret", type=models.TrackType.AUDIO, source=models.TrackSource.MICROPHONE, encryption=models.Encryption.GCM
        )
    )
    sid = b.last("track_published").track.sid
    b.offer(("audio", "sendonly", "secret"))
    world.report(media.LayerStarted(sid, 0, media.Codec(111, "audio/opus", 48_000)))
    assert record(world, sid).code == "failed_precondition"
    other = b.publish("mic", sections=(("audio", "sendonly", "secret"),))
    world.report(media.LayerStarted(other, 0, media.Codec(0, "audio/pcmu", 8_000)))
    assert record(world, other).code == "unimplemented"
    assert not world.of(media.StartCopy)


def test_without_an_egress_process_nothing_is_recorded() -> None:
    world = World()
    sid = world.join("b").publish("mic")
    request = egress.TrackEgressRequest(room_name="r", track_id=sid, file=egress.DirectFileOutput(filepath="x.ogg"))
    assert world.ask("Egress/StartTrackEgress", request).code == "internal"
    assert world.ask("Egress/ListEgress", egress.ListEgressRequest()).code == "internal"


def test_what_we_do_not_have_is_said() -> None:
    assert World().ask("RoomService/Fly", room_pb.ListRoomsRequest()).code == "unimplemented"
