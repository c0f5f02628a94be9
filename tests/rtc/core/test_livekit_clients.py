"""What LiveKit's own tests, command line and load tester send and expect of a server."""

from __future__ import annotations

import pytest
from livekit.protocol import models, rtc
from livekit.protocol import room as room_pb

from suite.rtc.core import media
from tests.rtc.core.world import VP8_CODEC, Client, World, offer_text

Reason = rtc.RequestResponse.Reason
H264 = "a=rtpmap:108 H264/90000\r\na=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n"
H264_CODEC = media.Codec(108, "video/h264", 90_000)


def asked(world: World, identity: str, *, offer: str | None = None, single: bool = True, **client: object) -> Client:
    request = rtc.JoinRequest(client_info=models.ClientInfo(**client))
    request.connection_settings.auto_subscribe = True
    if single:
        request.publisher_offer.CopyFrom(rtc.SessionDescription(type="offer", sdp=offer or offer_text(), id=1))
    return world.join(identity, request=request, single=single)


def with_ssrc(text: str) -> str:
    """The offer with its last stream's SSRC, as clients without rids write it."""
    before, data, after = text.partition("m=application")
    return before + "a=ssrc:4711 cname:x\r\n" + data + after


@pytest.mark.parametrize(("sdk", "at_once"), [("JS", True), ("PYTHON", True), ("GO", False)])
def test_the_offer_of_a_join_request_is_answered_when_the_client_can_take_it(sdk: str, at_once: bool) -> None:
    world = World()
    client = asked(world, "a", sdk=models.ClientInfo.SDK.Value(sdk))
    assert bool(client.all("answer")) is at_once
    world.wait(1)
    assert [answer.id for answer in client.all("answer")] == [1]
    client.offer(number=2)
    assert [answer.id for answer in client.all("answer")] == [1, 2]


def test_a_late_answer_to_one_who_has_left_or_has_said_nothing_is_none() -> None:
    world = World()
    client = asked(world, "a", sdk=models.ClientInfo.GO)
    client.leave()
    world.wait(1)
    assert not client.all("answer")
    client = asked(world, "b", offer="nothing", sdk=models.ClientInfo.GO)
    world.wait(1)
    assert client.last("leave").reason == models.DisconnectReason.JOIN_FAILURE


@pytest.mark.parametrize(("sdk", "begun"), [("JS", False), ("GO", True)])
def test_a_stream_is_begun_for_who_sees_tracks_by_their_packets(sdk: str, begun: bool) -> None:
    world = World()
    world.join("publisher").publish("mic", muted=True)
    reader = asked(world, "reader", offer=offer_text(("audio", "recvonly", "")), sdk=models.ClientInfo.SDK.Value(sdk))
    world.wait(1)
    assert reader.all("answer")
    assert [command.begun for command in world.of(media.AddDowntrack)] == [begun]


def add(client: Client, cid: str, *, codec: str = "", video: bool = True) -> str:
    kind = models.TrackType.VIDEO if video else models.TrackType.AUDIO
    client.send(add_track=rtc.AddTrackRequest(cid=cid, type=kind, simulcast_codecs=[rtc.SimulcastCodec(cid=cid, codec=codec)]))
    return str(client.last("track_published").track.sid)


@pytest.mark.parametrize(
    ("sdk", "video", "at_once"), [("JS", True, True), ("JS", False, True), ("GO", False, True), ("GO", True, False)]
)
def test_a_track_is_known_from_a_section_that_names_its_stream(sdk: str, video: bool, at_once: bool) -> None:
    world = World()
    viewer, publisher = world.join("viewer"), asked(world, "publisher", sdk=models.ClientInfo.SDK.Value(sdk))
    sid = add(publisher, "cid", codec="video/VP8" if video else "audio/OPUS", video=video)
    text = with_ssrc(offer_text(("video" if video else "audio", "sendrecv", "cid")))
    publisher.send(offer=rtc.SessionDescription(type="offer", sdp=text, id=2))
    known = viewer.knows("publisher")
    assert ([track.sid for track in known.tracks] == [sid]) is at_once if known else not at_once


def test_a_track_whose_streams_are_named_by_rid_is_known_by_its_packets() -> None:
    world = World()
    viewer, publisher = world.join("viewer"), asked(world, "publisher", sdk=models.ClientInfo.JS)
    sid = add(publisher, "cid", codec="vp8")
    publisher.offer(("video", "sendonly", "cid"), rids=("q", "h", "f"))
    assert viewer.knows("publisher") is None
    world.report(media.LayerStarted(sid, 0, VP8_CODEC))
    assert viewer.knows("publisher").tracks[0].mime_type == "video/VP8"


def test_one_who_cannot_decode_a_track_is_told_and_the_next_reaches_it() -> None:
    world = World()
    publisher = world.join("publisher")
    viewer = world.join("viewer")  # its sections have VP8 alone
    first = add(publisher, "screen", codec="h264")
    text = (
        offer_text(("video", "sendonly", "screen"))
        .replace("96 97\r\n", "96 97 108\r\n")
        .replace("a=rtpmap:96", H264 + "a=rtpmap:96")
    )
    publisher.send(offer=rtc.SessionDescription(type="offer", sdp=text, id=2))
    world.report(media.LayerStarted(first, 0, H264_CODEC))
    viewer.offer(("video", "recvonly", ""))
    answer = viewer.last("subscription_response")
    assert (answer.track_sid, answer.err) == (first, models.SubscriptionError.SE_CODEC_UNSUPPORTED)
    second = add(publisher, "cam", codec="vp8")
    publisher.offer(("video", "sendonly", "screen"), ("video", "sendonly", "cam"), number=3)
    world.report(media.LayerStarted(second, 0, VP8_CODEC))
    viewer.offer(("video", "recvonly", ""), number=3)
    assert world.of(media.AddDowntrack)[-1].track == second
    assert len(viewer.all("subscription_response")) == 1


def test_a_device_that_fails_with_a_codec_is_not_asked_for_it() -> None:
    world = World()
    client = asked(world, "a", os="android", device_model="Xiaomi 2201117TI")
    add(client, "cam", codec="video/h264")
    text = (
        offer_text(("video", "sendrecv", "cam"))
        .replace("96 97\r\n", "108 96 97\r\n")
        .replace("a=rtpmap:96", H264 + "a=rtpmap:96")
    )
    client.send(offer=rtc.SessionDescription(type="offer", sdp=text, id=2))
    assert "H264" not in client.last("answer").sdp
    assert "VP8/90000" in client.last("answer").sdp


def test_one_who_never_connected_is_seen_and_gone_with_its_socket() -> None:
    world = World()
    witness = world.join("witness")
    ghost = world.join("ghost", active=False)
    world.wait(3)
    assert witness.knows("ghost").state == models.ParticipantInfo.JOINED
    world.drop(ghost)
    assert witness.knows("ghost").state == models.ParticipantInfo.DISCONNECTED
    assert world.event_names()[-1] == "participant_connection_aborted"


KEY = models.DataBlobKey(generic="blob-1") if hasattr(models, "DataBlobKey") else rtc.DataBlobKey(generic="blob-1")


def blob(contents: bytes, key: object = KEY) -> rtc.StoreDataBlobRequest:
    request = rtc.StoreDataBlobRequest(request_id=1)
    request.blob.contents = contents
    if key is not None:
        request.blob.key.CopyFrom(key)
    return request


def test_a_data_blob_is_stored_and_fetched() -> None:
    world = World(data_blobs=True, blobs_limit=64)
    a, b = world.join("a"), world.join("b")
    a.send(store_data_blob_request=blob(b"bytes"))
    assert a.last("store_data_blob_response").request_id == 1
    b.send(get_data_blob_request=rtc.GetDataBlobRequest(request_id=2, participant_identity="a", key=KEY))
    assert b.last("get_data_blob_response").blob.contents == b"bytes"
    other = type(KEY)(generic="other")
    for identity, key in (("a", other), ("nobody", KEY)):
        b.send(get_data_blob_request=rtc.GetDataBlobRequest(participant_identity=identity, key=key))
        assert b.last("request_response").reason == Reason.NOT_FOUND
    a.send(store_data_blob_request=blob(b"bytes", None))
    assert a.last("request_response").reason == Reason.INVALID_REQUEST
    a.send(store_data_blob_request=blob(b""))
    assert a.last("request_response").reason == Reason.INVALID_REQUEST
    a.send(store_data_blob_request=blob(bytes(100)))
    assert a.last("request_response").reason == Reason.LIMIT_EXCEEDED


def test_data_blobs_are_refused_where_they_are_not_enabled() -> None:
    world = World()
    a = world.join("a")
    a.send(store_data_blob_request=blob(b"bytes"))
    assert a.last("request_response").reason == Reason.NOT_ALLOWED


def test_turn_servers_with_a_secret_give_credentials_that_end() -> None:
    from suite.rtc.core.settings import TurnServer

    turn = TurnServer(host="turn.example.org", port=5349, protocol="tls", secret="known", ttl=60)
    world = World(turn_servers=(turn,), stun_servers=("stun.example.org:3478",))
    a = world.join("a")
    first, second = a.last("join").ice_servers
    assert list(first.urls) == ["turns:turn.example.org:5349?transport=tcp"]
    assert first.username == f"{int(world.now) + 60}:{a.sid}"
    assert len(first.credential) == 28
    assert list(second.urls) == ["stun:stun.example.org:3478"]


def test_the_number_of_tracks_that_one_may_follow_is_bounded() -> None:
    world = World(video_subscriptions=1)
    publisher, viewer = world.join("publisher"), world.join("viewer")
    for number, cid in enumerate(("one", "two")):
        sid = add(publisher, cid, codec="vp8")
        sections = tuple(("video", "sendonly", name) for name in ("one", "two")[: number + 1])
        publisher.offer(*sections, number=2 + number)
        world.report(media.LayerStarted(sid, 0, VP8_CODEC))
    viewer.offer(("video", "recvonly", ""), ("video", "recvonly", ""))
    assert len(world.of(media.AddDowntrack)) == 1
    first = world.of(media.AddDowntrack)[0].track
    viewer.send(subscription=rtc.UpdateSubscription(track_sids=[first], subscribe=False))
    viewer.offer(("video", "recvonly", ""), ("video", "recvonly", ""), number=3)
    viewer.offer(("video", "recvonly", ""), ("video", "recvonly", ""), number=4)
    assert {down.track for down in world.of(media.AddDowntrack)} == {t.sid for t in viewer.knows("publisher").tracks}


def test_a_remote_unmute_is_allowed_where_the_operator_says_so() -> None:
    world = World(enable_remote_unmute=True)
    a = world.join("a")
    sid = a.publish("mic")
    for muted in (True, False):
        world.ask(
            "RoomService/MutePublishedTrack", room_pb.MuteRoomTrackRequest(room="r", identity="a", track_sid=sid, muted=muted)
        )
        assert a.last("mute") == rtc.MuteTrackRequest(sid=sid, muted=muted)
    assert world.of(media.MuteTrack)[-1] == media.MuteTrack(sid, muted=False)


def simulate(client: Client, **scenario: object) -> None:
    client.send(simulate=rtc.SimulateScenario(**scenario))


def test_each_scenario_that_clients_test_themselves_with_concerns_its_asker_alone() -> None:
    world = World()
    other = world.join("other")
    told = {
        "server_leave": rtc.LeaveRequest.Action.DISCONNECT,
        "leave_request_full_reconnect": rtc.LeaveRequest.Action.RECONNECT,
    }
    for number, name in enumerate(f.name for f in rtc.SimulateScenario.DESCRIPTOR.oneofs[0].fields):
        client = world.join(f"asker {number}")
        numbered = name in {"speaker_update", "subscriber_bandwidth", "switch_candidate_protocol"}
        simulate(client, **{name: 1 if numbered else True})
        if name in told:
            assert client.last("leave").action == told[name]
        elif name in {"migration", "node_failure"}:
            assert client.closed is not None
            assert not client.all("leave")
        elif name == "speaker_update":
            assert other.last("speakers_changed").speakers[0].sid == client.sid
        elif name == "disconnect_signal_on_resume":
            assert world.resume(client).closed is not None
        elif name == "disconnect_signal_on_resume_no_messages":
            assert world.resume(client).refused is not None
        else:
            assert client.closed is None
    assert other.closed is None


def test_a_pretended_line_pauses_and_gives_back_a_picture() -> None:
    world = World()
    publisher = world.join("publisher")
    sid = publisher.publish("cam", video=True)
    request = rtc.JoinRequest(connection_settings=rtc.ConnectionSettings(auto_subscribe=True, subscriber_allow_pause=True))
    request.publisher_offer.CopyFrom(rtc.SessionDescription(type="offer", sdp=offer_text(("video", "recvonly", "")), id=1))
    viewer = world.join("viewer", request=request)
    assert world.of(media.SelectLayer)[-1].layer == 2
    simulate(viewer, subscriber_bandwidth=100_000)
    assert world.of(media.SelectLayer)[-1].layer is None
    states = viewer.last("stream_state_update").stream_states
    assert [(s.track_sid, s.state) for s in states] == [(sid, rtc.StreamState.PAUSED)]
    world.wait(60)
    assert world.of(media.SelectLayer)[-1].layer is None
    simulate(viewer, subscriber_bandwidth=0)
    assert viewer.last("stream_state_update").stream_states[0].state == rtc.StreamState.ACTIVE
    assert world.of(media.SelectLayer)[-1].layer == 2


def test_the_token_s_flags_are_shown_as_they_are() -> None:
    world = World()
    flags = {"recorder": True, "agent": True, "canSubscribeMetrics": True, "canManageAgentSession": True}
    shown = world.join("a", **flags).last("join").participant.permission
    assert (shown.recorder, shown.agent, shown.can_subscribe_metrics, shown.can_manage_agent_session) == (True,) * 4
    plain = world.join("b").last("join").participant.permission
    assert (plain.recorder, plain.agent, plain.can_subscribe_metrics, plain.can_manage_agent_session) == (False,) * 4


def answer(client: Client, *without: str, rejecting: tuple[int, ...] = ()) -> None:
    """Answer the last offer to a v0 client as pion does: rejected sections have no mid, those `without` codecs lack them."""
    offer = client.last("offer")
    head, *sections = offer.sdp.replace("a=sendonly", "a=recvonly").replace("actpass", "active").split("m=")
    written = []
    for number, section in enumerate(sections):
        words, *lines = section.split("\r\n")
        numbers = [line[9:].split(" ")[0] for line in lines if any(f" {name}/" in line for name in without)]
        kept = [line for line in lines if not any(line.partition(":")[2].startswith(f"{n} ") for n in numbers)]
        words = " ".join(word for word in words.split(" ") if word not in numbers)
        rejected = f"{words.partition(' ')[0]} 0 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\n"
        written.append(rejected if number in rejecting else "\r\n".join([words, *kept]))
    client.send(answer=rtc.SessionDescription(type="answer", sdp="m=".join([head, *written]), id=offer.id))


def sections(client: Client) -> list[str]:
    """The sections for sound and pictures of the last offer to a v0 client."""
    return list(client.last("offer").sdp.split("m=")[2:])


def publish_h264(publisher: Client, cid: str, *before: str) -> str:
    sid = add(publisher, cid, codec="h264")
    text = offer_text(*(("video", "sendonly", name) for name in (*before, cid)))
    text = text.replace("96 97\r\n", "96 97 108\r\n").replace("a=rtpmap:96", H264 + "a=rtpmap:96")
    publisher.send(offer=rtc.SessionDescription(type="offer", sdp=text, id=2))
    publisher.world.report(media.LayerStarted(sid, 0, H264_CODEC))
    return sid


def test_h265_is_for_those_who_can_decode_it() -> None:
    """As at LiveKit 1.13, whose offers have it under 116."""
    world = World()
    publisher, viewer, other = world.join("publisher"), world.join("viewer", single=False), world.join("other", single=False)
    assert "video/H265" in [codec.mime for codec in publisher.last("join").room.enabled_codecs]
    answer(viewer)
    answer(other)
    sid = add(publisher, "screen", codec="h265")
    text = offer_text(("video", "sendonly", "screen")).replace("96 97\r\n", "96 97 120\r\n")
    text = text.replace("a=rtpmap:96", "a=rtpmap:120 H265/90000\r\na=fmtp:120 profile-id=1;level-id=93\r\na=rtpmap:96")
    publisher.send(offer=rtc.SessionDescription(type="offer", sdp=text, id=2))
    assert world.of(media.Receive)[-1].codecs[0].mime == "video/h265"
    world.report(media.LayerStarted(sid, 0, media.Codec(120, "video/h265", 90_000)))
    assert "a=rtpmap:116 H265/90000" in sections(viewer)[0]
    answer(viewer)
    answer(other, "H265")
    assert [(down.track, down.transport.split("/")[0]) for down in world.of(media.AddDowntrack)] == [(sid, viewer.sid)]
    assert other.last("subscription_response").err == models.SubscriptionError.SE_CODEC_UNSUPPORTED


@pytest.mark.parametrize("rejected", [True, False])
def test_with_two_connections_one_who_cannot_decode_a_track_is_told_too(rejected: bool) -> None:
    world = World()
    publisher, viewer = world.join("publisher"), world.join("viewer", single=False)
    answer(viewer)
    first = publish_h264(publisher, "screen")
    codecs = sections(viewer)[0]
    assert codecs.index("H264/90000") < codecs.index("VP8/90000"), "all of them, what it is sent with first"
    answer(viewer, "H264", rejecting=(1,) if rejected else ())
    told = viewer.last("subscription_response")
    assert (told.track_sid, told.err) == (first, models.SubscriptionError.SE_CODEC_UNSUPPORTED)
    assert viewer.closed is None
    answer(viewer, "H264", rejecting=(1,) if rejected else ())
    second = add(publisher, "cam", codec="vp8")
    publisher.offer(("video", "sendonly", "screen"), ("video", "sendonly", "cam"), number=3)
    world.report(media.LayerStarted(second, 0, VP8_CODEC))
    answer(viewer, "H264", rejecting=(1,) if rejected else ())
    assert [down.track for down in world.of(media.AddDowntrack)] == [second]
    assert len(viewer.all("subscription_response")) == 1


def test_a_section_of_a_go_client_rests_once() -> None:
    world = World()
    request = rtc.JoinRequest(client_info=models.ClientInfo(sdk=models.ClientInfo.GO))
    request.connection_settings.auto_subscribe = True
    a, b = world.join("a"), world.join("b", single=False, request=request)
    answer(b)
    for cid in ("one", "two"):
        a.publish(cid, sections=(("audio", "sendonly", "one"),) if cid == "two" else ())
        answer(b)
    a.leave()
    for resting in (["a=inactive", "a=ssrc"], ["a=sendonly", "a=inactive"]):  # a round for each
        assert all(words in section for words, section in zip(resting, sections(b), strict=True))
        answer(b)
    c = world.join("c")
    third = c.publish("three")
    assert [("a=sendonly" in section, "a=ssrc" in section) for section in sections(b)] == [(True, True), (True, False)]
    answer(b)
    assert world.of(media.AddDowntrack)[-1].track == third
