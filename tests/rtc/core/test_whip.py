"""WHIP and WHEP in control: one offer, one answer, an ordinary participant."""

from __future__ import annotations

from typing import Any

import pytest
from livekit.protocol import models
from livekit.protocol import room as room_pb

from suite.rtc.core import media
from suite.rtc.core.errors import DRAINING, ServiceError
from suite.rtc.core.grants import Grants
from suite.rtc.core.http_session import Answered, Offered, Patched, Withdrawn
from suite.rtc.core.inputs import Draining
from suite.rtc.core.sdp import description as sdp
from tests.rtc.core.world import OPUS_CODEC, VP8_CODEC, World, offer_text

BOTH = (("audio", "sendonly", "mic"), ("video", "sendonly", "cam"))
PLAYER = (("audio", "recvonly", ""), ("video", "recvonly", ""))


@pytest.fixture
def world() -> World:
    return World()


def offer(
    world: World, identity: str = "w", text: str = "", *, watching: bool = False, attributes: Any = None, **video: Any
) -> Any:
    """Offer; the answer or the refusal."""
    grants = Grants(
        identity=identity, name=f"Name of {identity}", issued_at=world.now, expires_at=world.now + 60,
        video={"room": "r", "roomJoin": True, **video}, attributes=attributes or {},
    )  # fmt: skip
    before = len(world.replies)
    world.put(Offered(before + 5000, grants, text or offer_text(*(PLAYER if watching else BOTH)), watching))
    return world.replies[before]


def watch(world: World, identity: str = "p", **more: Any) -> Answered:
    answered = offer(world, identity, watching=True, **more)
    assert isinstance(answered, Answered), answered
    return answered


def published(world: World, answered: Answered) -> list[str]:
    """Let the first packets come; the tracks' sids."""
    world.report(media.TransportConnected(f"{answered.sid}/publisher"))
    sids = [command.track for command in world.of(media.Receive) if command.transport == f"{answered.sid}/publisher"]
    for sid in sids:
        world.report(media.LayerStarted(sid, 0, VP8_CODEC if sid.startswith("TR_V") else OPUS_CODEC))
    return sids


def refusal(answer: Any) -> str:
    assert isinstance(answer, ServiceError), answer
    return answer.code


def patch(world: World, answered: Answered, text: str, etag: str, *, identity: str = "w", watching: bool = False) -> Any:
    before = len(world.replies)
    etags = None if etag == "*" else (etag,)
    world.put(Patched(before + 5000, "r", identity, answered.sid, watching, etags, text))
    return world.replies[before]


def withdraw(world: World, sid: str, *, identity: str = "w", watching: bool = False) -> Any:
    before = len(world.replies)
    world.put(Withdrawn(before + 5000, "r", identity, sid, watching))
    return world.replies[before]


def test_a_draining_worker_takes_an_encoder_into_the_rooms_that_it_has_alone(world: World) -> None:
    world.join("viewer", room="other")
    world.put(Draining())
    refused = offer(world)
    assert refusal(refused) == "unavailable"
    assert refused.message.endswith(DRAINING)  # by which another worker is asked
    assert isinstance(offer(world, room="other"), Answered)


def test_an_encoder_is_an_ordinary_participant(world: World) -> None:
    viewer = world.join("viewer")
    answered = offer(world)
    answer = sdp.parse(answered.text)
    assert [(s.kind, s.direction, s.port) for s in answer.sections] == [
        ("audio", "recvonly", 9), ("video", "recvonly", 9), ("application", "sendrecv", 0),
    ]  # fmt: skip
    assert answer.anywhere("ice-ufrag") == answered.etag
    assert "ice-lite" in answer.session.attributes
    published(world, answered)
    known = viewer.knows("w")
    assert known is not None
    assert known.state == models.ParticipantInfo.ACTIVE
    assert sorted(models.TrackSource.Name(t.source) for t in known.tracks) == ["CAMERA", "MICROPHONE"]
    assert {t.name for t in known.tracks} == {"synthesized-camera", "synthesized-microphone"}
    listed = world.ask("RoomService/ListParticipants", room_pb.ListParticipantsRequest(room="r"))
    assert {p.identity for p in listed.participants} == {"viewer", "w"}
    names = world.event_names()
    assert names.count("participant_joined") == 2
    assert names.count("track_published") == 2


def test_it_leaves_by_being_withdrawn(world: World) -> None:
    viewer = world.join("viewer")
    answered = offer(world)
    published(world, answered)
    assert refusal(withdraw(world, "PA_other")) == "not_found"
    assert refusal(withdraw(world, answered.sid, identity="viewer")) == "not_found"
    assert refusal(withdraw(world, answered.sid, watching=True)) == "not_found"
    assert isinstance(withdraw(world, answered.sid), Answered)
    known = viewer.knows("w")
    assert known is not None
    assert known.state == models.ParticipantInfo.DISCONNECTED
    assert known.disconnect_reason == models.DisconnectReason.CLIENT_INITIATED
    assert world.event_names()[-3:] == ["track_unpublished", "track_unpublished", "participant_left"]
    assert refusal(withdraw(world, answered.sid)) == "not_found"


@pytest.mark.parametrize(
    ("reason", "cause"), [("closed by the peer", "CLIENT_INITIATED"), ("no consent for 30 s", "CONNECTION_TIMEOUT")]
)
def test_it_leaves_with_its_transport(world: World, reason: str, cause: str) -> None:
    viewer = world.join("viewer")
    answered = offer(world)
    published(world, answered)
    world.report(media.TransportFailed(f"{answered.sid}/publisher", reason))
    known = viewer.knows("w")
    assert known is not None
    assert models.DisconnectReason.Name(known.disconnect_reason) == cause


def test_one_that_never_connects_is_aborted(world: World) -> None:
    offer(world)
    world.wait(61)
    assert world.event_names()[:2] == ["room_started", "participant_connection_aborted"]
    assert world.of(media.CloseTransport)


def test_it_stays_as_long_as_its_transport(world: World) -> None:
    answered = offer(world)
    published(world, answered)
    world.wait(3600)
    listed = world.ask("RoomService/ListParticipants", room_pb.ListParticipantsRequest(room="r"))
    assert [p.identity for p in listed.participants] == ["w"]


def test_it_is_removed_by_the_server_s_caller(world: World) -> None:
    answered = offer(world)
    published(world, answered)
    world.ask("RoomService/RemoveParticipant", room_pb.RoomParticipantIdentity(room="r", identity="w"))
    assert [c.transport for c in world.of(media.CloseTransport)] == [f"{answered.sid}/publisher"]


def test_the_same_identity_takes_the_place(world: World) -> None:
    first = world.join("w")
    offer(world)
    assert first.all("leave")[0].reason == models.DisconnectReason.DUPLICATE_IDENTITY
    offer(world)
    assert len(world.control.rooms["r"].state.participants) == 1


def test_nobody_resumes_into_it(world: World) -> None:
    viewer = world.join("viewer")
    answered = offer(world)
    published(world, answered)
    back = world.resume(viewer, sid=answered.sid)
    assert back.all("leave")[0].reason == models.DisconnectReason.STATE_MISMATCH


@pytest.mark.parametrize(
    ("rids", "layers"),
    [
        (("q", "h", "f"), ("q", "h", "f")), (("f", "h", "q"), ("q", "h", "f")), (("0", "1", "2"), ("2", "1", "0")),
        (("h", "m", "l"), ("l", "m", "h")), (("one", "two"), ("one", "two")),
    ],
)  # fmt: skip
def test_simulcast_by_rid(world: World, rids: tuple[str, ...], layers: tuple[str, ...]) -> None:
    answered = offer(world, text=offer_text(("video", "sendonly", "cam"), rids=rids))
    assert f"a=simulcast:recv {';'.join(rids)}" in answered.text
    (receive,) = world.of(media.Receive)
    assert receive.layers == layers
    published(world, answered)
    (track,) = world.control.rooms["r"].state.participants["w"].tracks.values()
    assert [layer.rid for layer in track.info.layers] == list(layers)
    assert track.info.simulcast


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("hello", "malformed"),
        ("v=0\r\n", "unprocessable"),
        (offer_text(*BOTH).replace("a=ice-ufrag:abcd\r\n", ""), "unprocessable"),
        (offer_text(*BOTH).replace("a=fingerprint:sha-256 AA:BB\r\n", ""), "unprocessable"),
        (offer_text(*PLAYER), "unprocessable"),
        (offer_text(*BOTH).replace("VP8", "H263").replace("opus", "G729"), "unprocessable"),
        (offer_text(*(BOTH * 33)), "unprocessable"),
    ],
)
def test_what_cannot_be_answered_opens_no_room_or_lets_nobody_in(world: World, text: str, code: str) -> None:
    assert refusal(offer(world, text=text)) == code
    assert not world.of(media.OpenTransport)


def test_what_the_token_does_not_allow(world: World) -> None:
    assert refusal(offer(world, canPublish=False)) == "permission_denied"
    assert refusal(offer(world, watching=True, canSubscribe=False)) == "permission_denied"
    assert not world.control.rooms
    answered = offer(world, canPublishSources=["screen_share"])
    answer = sdp.parse(answered.text)
    assert [s.port for s in answer.sections[:2]] == [0, 9]
    published(world, answered)
    (track,) = world.control.rooms["r"].state.participants["w"].tracks.values()
    assert track.info.source == models.TrackSource.SCREEN_SHARE


def test_a_full_room(world: World) -> None:
    world = World(max_participants=1)
    world.join("a")
    assert refusal(offer(world)) == "unavailable"


# --- players


def test_a_player_is_sent_what_is_published(world: World) -> None:
    encoder = offer(world)
    sids = published(world, encoder)
    player = watch(world)
    answer = sdp.parse(player.text)
    assert [s.direction for s in answer.sections[:2]] == ["sendonly", "sendonly"]
    made = world.of(media.AddDowntrack)
    assert sorted(c.track for c in made) == sorted(sids)
    assert {c.mid: c.ssrc for c in made} == {s.mid: s.ssrcs[0] for s in answer.sections[:2]}
    assert len({s.first("msid").split()[0] for s in answer.sections[:2]}) == 1
    assert {c.transport for c in made} == {f"{player.sid}/publisher"}
    assert len(world.of(media.SelectLayer)) == 2


def test_a_player_may_come_first(world: World) -> None:
    player = watch(world)
    world.report(media.TransportConnected(f"{player.sid}/publisher"))
    world.wait(600)
    published(world, offer(world))
    assert len(world.of(media.AddDowntrack)) == 2


def test_a_section_carries_one_track_in_its_life_and_then_the_session_ends(world: World) -> None:
    encoder = offer(world)
    published(world, encoder)
    player = watch(world)
    world.report(media.TransportConnected(f"{player.sid}/publisher"))
    withdraw(world, encoder.sid)
    published(world, offer(world))
    assert len({c.ssrc for c in world.of(media.AddDowntrack)}) == 2
    world.wait(3)
    assert f"{player.sid}/publisher" in [c.transport for c in world.of(media.CloseTransport)]


def test_a_player_whose_session_ends_takes_no_other_track(world: World) -> None:
    encoder = offer(world)
    published(world, encoder)
    published(world, offer(world, "w2"))
    player = watch(world)
    withdraw(world, player.sid, identity="p", watching=True)
    assert len(world.of(media.AddDowntrack)) == 2


def test_a_player_gets_only_what_its_sections_can_hold_and_its_codecs_read(world: World) -> None:
    published(world, offer(world))
    published(world, offer(world, "w2"))
    watch(world)
    assert len(world.of(media.AddDowntrack)) == 2
    before = len(world.of(media.AddDowntrack))
    only_h264 = offer_text(*PLAYER).replace("VP8", "H264")
    watch(world, "p2", text=only_h264)
    assert {c.kind for c in world.of(media.AddDowntrack)[before:]} == {"audio"}


def test_a_token_may_name_the_tracks(world: World) -> None:
    published(world, offer(world))
    (named, _) = sids = sorted(published(world, offer(world, "w2")))
    watch(world, attributes={"whep.tracks": named})
    assert [c.track for c in world.of(media.AddDowntrack)] == [named]
    assert len(sids) == 2


def test_a_right_that_is_taken_away_ends_the_tracks(world: World) -> None:
    published(world, offer(world))
    watch(world)
    permission = models.ParticipantPermission(can_subscribe=False)
    request = room_pb.UpdateParticipantRequest(room="r", identity="p", permission=permission)
    world.ask("RoomService/UpdateParticipant", request)
    assert len(world.of(media.RemoveDowntrack)) == 2


# --- trickle and restarts

NEW = "a=ice-ufrag:fresh\r\na=ice-pwd:" + "n" * 24 + "\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
CANDIDATE = "a=candidate:1 1 udp 2130706431 192.0.2.7 5000 typ host\r\n"


def test_candidates_are_taken_and_dropped(world: World) -> None:
    answered = offer(world)
    before = len(world.commands)
    fragment = "a=ice-ufrag:abcd\r\na=ice-pwd:" + "p" * 24 + "\r\n" + CANDIDATE
    taken = patch(world, answered, fragment, answered.etag)
    assert (taken.text, taken.etag) == ("", answered.etag)
    assert patch(world, answered, fragment, "*").text == ""
    assert len(world.commands) == before


def test_ice_restarts(world: World) -> None:
    answered = offer(world)
    restarted = patch(world, answered, NEW + CANDIDATE, "*")
    (command,) = world.of(media.RestartIce)
    assert f"a=ice-ufrag:{command.ufrag}\r\n" in restarted.text
    assert restarted.etag == command.ufrag != answered.etag
    assert refusal(patch(world, answered, NEW, answered.etag)) == "precondition_failed"
    assert patch(world, answered, NEW, restarted.etag).text == ""


def test_fragments_that_are_none(world: World) -> None:
    answered = offer(world)
    for text in ("", "hello", "a=ice-ufrag:x\r\n", "a=" + "x" * 2000, NEW + NEW.replace("fresh", "other")):
        assert refusal(patch(world, answered, text, "*")) == "malformed"
    assert refusal(patch(world, answered, NEW, answered.etag)) == "malformed"
    assert refusal(patch(world, answered, NEW, "*", identity="x")) == "not_found"
    assert not world.of(media.RestartIce)


def test_streams_that_the_offer_names_are_known_once_the_encoder_is_there(world: World) -> None:
    msid = "a=msid:stream mic\r\n"
    named = offer_text(("audio", "sendonly", "mic")).replace(msid, msid + "a=ssrc:7 cname:x\r\n")
    answered = offer(world, text=named)
    assert world.event_names() == ["room_started"]
    world.report(media.TransportConnected(f"{answered.sid}/publisher"))
    assert world.event_names() == ["room_started", "participant_joined", "track_published"]


@pytest.mark.parametrize(("offered", "answered"), [("actpass", "passive"), ("active", "passive"), ("passive", "active")])
def test_who_begins_the_handshake(world: World, offered: str, answered: str) -> None:
    """FFmpeg's encoder waits for it unless it is told otherwise."""
    answer = offer(world, text=offer_text(*BOTH).replace("actpass", offered))
    assert {s.first("setup") for s in sdp.parse(answer.text).sections if s.port} == {answered}
    (remote,) = world.of(media.SetRemote)
    assert remote.passive == (offered == "passive")
