"""Publishing, following, muting, ending."""

from __future__ import annotations

import pytest
from livekit.protocol import models, rtc
from livekit.protocol import room as room_pb

from suite.rtc.core import media
from tests.rtc.core.test_backup_codecs import VP9_CODEC, with_vp9
from tests.rtc.core.world import VP8_CODEC, Client, World, offer_text

AUDIO_IN = ("audio", "recvonly", "")
VIDEO_IN = ("video", "recvonly", "")
NOTHING_MORE = (0, 0)


def needed(client: Client) -> tuple[int, int]:
    required = client.last("media_sections_requirement")
    return required.num_audios, required.num_videos


def test_a_track_is_known_when_its_first_packet_comes() -> None:
    world = World()
    a, b = world.join("a"), world.join("b")
    b.send(add_track=rtc.AddTrackRequest(cid="mic", type=models.TrackType.AUDIO, source=models.TrackSource.MICROPHONE))
    sid = b.last("track_published").track.sid
    b.offer(("audio", "sendonly", "mic"))
    assert a.knows("b") is None
    assert not a.all("media_sections_requirement")
    world.report(media.LayerStarted(sid, 0, media.Codec(63, "audio/red", 48_000)))
    assert a.knows("b").tracks[0].sid == sid
    assert needed(a) == (1, 0)
    assert world.event_names()[-1] == "track_published"


@pytest.mark.parametrize(("dtx", "stereo"), [(True, False), (False, False), (True, True)])
def test_the_answer_asks_for_the_sound_that_was_announced(dtx: bool, stereo: bool) -> None:
    world = World()
    a = world.join("a")
    microphone = {"type": models.TrackType.AUDIO, "source": models.TrackSource.MICROPHONE}
    a.send(add_track=rtc.AddTrackRequest(cid="mic", disable_dtx=not dtx, stereo=stereo, **microphone))
    features = set(a.last("track_published").track.audio_features)
    assert (models.AudioTrackFeature.TF_NO_DTX in features, models.AudioTrackFeature.TF_STEREO in features) == (not dtx, stereo)
    said = a.offer(("audio", "sendonly", "mic")).sdp.split("a=fmtp:111 ")[1].splitlines()[0].split(";")
    assert ("usedtx=1" in said, "stereo=1" in said) == (dtx, stereo)
    assert {"minptime=10", "useinbandfec=1"} <= set(said)


def test_a_track_that_is_published_muted_is_known_from_its_section_on() -> None:
    world = World()
    a, b = world.join("a"), world.join("b")
    b.publish("mic", muted=True)
    assert a.knows("b").tracks[0].muted


def test_with_one_connection_the_answer_fills_sections_that_the_client_offers() -> None:
    world = World()
    a, b = world.join("a"), world.join("b")
    sid = b.publish("cam", video=True)
    assert needed(a) == (0, 1)
    answer = a.offer(VIDEO_IN)
    assert dict(answer.mid_to_track_id) == {"0": sid}
    down = world.of(media.AddDowntrack)[-1]
    assert (down.track, down.mid, down.codecs[0].payload_type) == (sid, "0", 96)
    assert f"a=ssrc-group:FID {down.ssrc} {down.rtx_ssrc}" in answer.sdp
    assert f"a=msid:{b.sid}|{sid} {sid}" in answer.sdp
    assert b.last("track_subscribed").track_sid == sid
    assert world.of(media.SelectLayer)[-1].layer == 2


def test_with_two_connections_the_server_offers_one_round_at_a_time() -> None:
    world = World()
    a, b = world.join("a", single=False), world.join("b", single=False)
    first = a.last("offer")
    sid = b.publish("mic")
    assert a.last("offer").id == first.id, "one round is under way"
    answer(a, first)
    second = a.last("offer")
    assert dict(second.mid_to_track_id) == {"1": sid}
    assert not world.of(media.AddDowntrack)
    answer(a, second)
    assert world.of(media.AddDowntrack)[-1].transport == f"{a.sid}/subscriber"
    answer(a, first)
    assert len(world.of(media.AddDowntrack)) == 1


def answer(client: Client, offer: rtc.SessionDescription) -> None:
    """Accept everything that a server's offer has."""
    text = offer.sdp.replace("a=sendonly", "a=recvonly").replace("a=setup:actpass", "a=setup:active")
    client.send(answer=rtc.SessionDescription(type="answer", sdp=text, id=offer.id))


@pytest.mark.parametrize("single", [True, False])
def test_a_round_that_a_client_lets_go_by_is_begun_anew(single: bool) -> None:
    world = World()
    a, b = world.join("a", single=single), world.join("b", single=single)
    if not single:
        answer(a, a.last("offer"))
    sid = b.publish("mic")
    kind = "media_sections_requirement" if single else "offer"
    before = len(a.all(kind))
    world.wait(16)
    assert len(a.all(kind)) == before + 1
    if single:
        a.offer(AUDIO_IN)
    else:
        answer(a, a.last("offer"))
    assert [d.track for d in world.of(media.AddDowntrack)] == [sid]
    told = len(a.all(kind))
    world.wait(60)
    assert len(a.all(kind)) == told


@pytest.mark.parametrize(
    "left", [(("audio", "inactive", ""),), (("audio", "recvonly", "mic"),), (("audio", "recvonly", ""),), ()]
)
def test_unpublishing_has_no_request_but_an_offer_without_it(left: tuple[tuple[str, str, str], ...]) -> None:
    world = World()
    a, b = world.join("a"), world.join("b")
    sid = b.publish("mic")
    a.offer(AUDIO_IN)
    b.offer(*left)
    assert a.knows("b").tracks == []
    assert world.of(media.StopReceiving)[-1].track == sid
    assert world.event_names()[-1] == "track_unpublished"


def test_muting_is_told_to_everyone() -> None:
    world = World()
    a, b = world.join("a"), world.join("b")
    sid = b.publish("mic")
    b.send(mute=rtc.MuteTrackRequest(sid=sid, muted=True))
    assert a.knows("b").tracks[0].muted
    b.send(mute=rtc.MuteTrackRequest(sid=sid, muted=False))
    assert not a.knows("b").tracks[0].muted


def test_the_server_mutes_but_does_not_unmute() -> None:
    world = World()
    a, b = world.join("a"), world.join("b")
    sid = b.publish("mic")
    request = room_pb.MuteRoomTrackRequest(room="r", identity="b", track_sid=sid, muted=True)
    assert world.ask("RoomService/MutePublishedTrack", request).track.muted
    assert b.last("mute").muted
    assert a.knows("b").tracks[0].muted
    assert world.of(media.MuteTrack)[-1] == media.MuteTrack(sid, muted=True)
    request.muted = False
    assert world.ask("RoomService/MutePublishedTrack", request).code == "failed_precondition"
    b.send(mute=rtc.MuteTrackRequest(sid=sid, muted=False))
    assert world.of(media.MuteTrack)[-1] == media.MuteTrack(sid, muted=False)


@pytest.mark.parametrize("grants", [{"canPublish": False}, {"canPublishSources": ["microphone"]}])
def test_what_may_not_be_published_is_refused_and_never_received(grants: dict[str, object]) -> None:
    world = World()
    world.join("a")
    b = world.join("b", **grants)
    b.send(add_track=rtc.AddTrackRequest(cid="cam", type=models.TrackType.VIDEO, source=models.TrackSource.CAMERA))
    assert b.last("request_response").reason == rtc.RequestResponse.NOT_ALLOWED
    assert "a=inactive" in b.offer(("video", "sendonly", "cam")).sdp
    assert not world.of(media.Receive)


def test_a_right_to_publish_that_is_taken_away_ends_the_tracks() -> None:
    world = World()
    a, b = world.join("a"), world.join("b")
    sid = b.publish("mic")
    permission = models.ParticipantPermission(can_subscribe=True, can_publish_data=True)
    world.ask("RoomService/UpdateParticipant", room_pb.UpdateParticipantRequest(room="r", identity="b", permission=permission))
    assert b.last("track_unpublished").track_sid == sid
    assert a.knows("b").tracks == []
    assert not a.knows("b").permission.can_publish
    assert b.tokens[-1].can_publish is False
    assert world.of(media.StopReceiving)


def test_a_right_that_ends_between_asking_and_offering_lets_nothing_in() -> None:
    world = World()
    world.join("a")
    b = world.join("b")
    b.send(add_track=rtc.AddTrackRequest(cid="cam", type=models.TrackType.VIDEO, source=models.TrackSource.CAMERA))
    permission = models.ParticipantPermission(can_subscribe=True, can_publish_data=True)
    world.ask("RoomService/UpdateParticipant", room_pb.UpdateParticipantRequest(room="r", identity="b", permission=permission))
    assert "a=inactive" in b.offer(("video", "sendonly", "cam")).sdp
    assert not world.of(media.Receive)


def test_without_the_right_to_subscribe_nothing_flows_until_it_is_given() -> None:
    world = World()
    a = world.join("a")
    b = world.join("b", canSubscribe=False)
    a.publish("mic")
    assert not b.all("media_sections_requirement")
    permission = models.ParticipantPermission(can_subscribe=True, can_publish=True)
    request = room_pb.UpdateParticipantRequest(room="r", identity="b", permission=permission)
    world.ask("RoomService/UpdateParticipant", request)
    assert needed(b) == (1, 0)
    b.offer(AUDIO_IN)
    assert world.of(media.AddDowntrack)
    request.permission.can_subscribe = False
    world.ask("RoomService/UpdateParticipant", request)
    assert world.of(media.RemoveDowntrack)


def test_a_publisher_chooses_who_may_follow() -> None:
    world = World()
    a, b = world.join("a"), world.join("b")
    sid = b.publish("mic")
    a.offer(AUDIO_IN)
    b.send(subscription_permission=rtc.SubscriptionPermission(all_participants=False))
    assert not a.last("subscription_permission_update").allowed
    assert world.of(media.RemoveDowntrack)
    rule = rtc.TrackPermission(participant_identity="a", track_sids=[sid])
    b.send(subscription_permission=rtc.SubscriptionPermission(track_permissions=[rule]))
    assert a.last("subscription_permission_update").allowed
    a.offer(AUDIO_IN)
    a.offer(AUDIO_IN)
    assert len(world.of(media.AddDowntrack)) == 2


def test_who_follows_nothing_by_itself_asks_for_tracks() -> None:
    world = World()
    b = world.join("b")
    sid = b.publish("mic")
    request = rtc.JoinRequest(connection_settings=rtc.ConnectionSettings(auto_subscribe=False))
    a = world.join("a", request=request)
    assert not a.all("media_sections_requirement")
    a.send(subscription=rtc.UpdateSubscription(track_sids=[sid, "TR_nothing"], subscribe=True))
    assert needed(a) == (1, 0)
    world.wait(11)
    assert a.last("subscription_response").track_sid == "TR_nothing"


def test_a_small_tile_gets_a_small_layer_and_a_hidden_one_none() -> None:
    world = World()
    a, b = world.join("a"), world.join("b")
    sid = b.publish("cam", video=True)
    a.offer(VIDEO_IN)
    for setting, layer in (
        ({"width": 300, "height": 170}, 0),
        ({"width": 640, "height": 360}, 1),
        ({"width": 1920, "height": 1080}, 2),
        ({"quality": models.VideoQuality.LOW}, 0),
        ({"disabled": True}, None),
        ({"quality": models.VideoQuality.HIGH}, 2),
    ):
        a.send(track_setting=rtc.UpdateTrackSettings(track_sids=[sid], **setting))
        assert world.of(media.SelectLayer)[-1].layer == layer, setting


def test_a_publisher_learns_of_more_at_once_and_of_less_later() -> None:
    world = World()
    a, b = world.join("a"), world.join("b")
    sid = b.publish("cam", video=True)
    a.offer(VIDEO_IN)

    def wanted() -> list[bool]:
        return [q.enabled for q in b.last("subscribed_quality_update").subscribed_qualities]

    assert wanted() == [True, True, True]
    a.send(track_setting=rtc.UpdateTrackSettings(track_sids=[sid], quality=models.VideoQuality.LOW))
    assert wanted() == [True, True, True]
    world.wait(5.1)
    assert wanted() == [True, False, False]
    a.send(track_setting=rtc.UpdateTrackSettings(track_sids=[sid], quality=models.VideoQuality.HIGH))
    assert wanted() == [True, True, True]
    a.leave()
    world.wait(5.1)
    assert wanted() == [False, False, False]


def test_what_anybody_still_shows_goes_on() -> None:
    world = World()
    a, b, c = world.join("a"), world.join("b"), world.join("c")
    sid = b.publish("cam", video=True)
    a.offer(VIDEO_IN)
    c.offer(VIDEO_IN)
    before = len(b.all("subscribed_quality_update"))
    for setting in ({"quality": models.VideoQuality.LOW}, {"disabled": True}):
        a.send(track_setting=rtc.UpdateTrackSettings(track_sids=[sid], **setting))
        world.wait(5.1)
        assert len(b.all("subscribed_quality_update")) == before
    c.send(track_setting=rtc.UpdateTrackSettings(track_sids=[sid], quality=models.VideoQuality.MEDIUM))
    world.wait(5.1)
    assert [q.enabled for q in b.last("subscribed_quality_update").subscribed_qualities] == [True, True, False]
    c.leave()
    world.wait(5.1)
    assert [q.enabled for q in b.last("subscribed_quality_update").subscribed_qualities] == [False, False, False]


def test_a_narrow_line_keeps_the_sound_and_gets_smaller_pictures() -> None:
    world = World()
    a, b = world.join("a"), world.join("b")
    b.publish("mic", sections=())
    b.publish("cam", video=True, sections=(("audio", "sendonly", "mic"),))
    a.offer(AUDIO_IN, VIDEO_IN)
    line = f"{a.sid}/publisher"
    world.report(media.Bandwidth(line, 3_000_000))
    world.report(media.Bandwidth(line, 300_000))
    video = next(d for d in world.of(media.AddDowntrack) if d.kind == "video")
    assert world.of(media.SelectLayer)[-1] == media.SelectLayer(video.downtrack, 0, None)
    assert world.of(media.Want)[-1].bit_rate > 2_000_000
    world.wait(10)
    world.report(media.Bandwidth(line, 3_000_000))
    assert world.of(media.SelectLayer)[-1] == media.SelectLayer(video.downtrack, 2, None)


def test_speakers_are_told_when_they_begin_and_end() -> None:
    world = World()
    a, b = world.join("a"), world.join("b")
    sid = b.publish("mic")
    world.report(media.AudioLevels({sid: 0.5}))
    world.report(media.AudioLevels({sid: 0.55}))
    spoken = a.all("speakers_changed")
    assert [(s.sid, s.active, s.level) for s in spoken[-1].speakers] == [(b.sid, True, 0.5)]
    assert len(spoken) == 1
    world.wait(1.1)
    assert [(s.sid, s.active) for s in a.last("speakers_changed").speakers] == [(b.sid, False)]


def test_a_flood_of_tracks_is_refused() -> None:
    world = World()
    b = world.join("b")
    for number in range(70):
        b.send(add_track=rtc.AddTrackRequest(cid=str(number), source=models.TrackSource.MICROPHONE))
    assert b.last("request_response").reason == rtc.RequestResponse.LIMIT_EXCEEDED
    assert len(b.all("track_published")) == 64


@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize(("announced", "reads", "cut"), [(True, False, True), (True, True, False), (False, False, False)])
def test_trailers_are_cut_for_who_cannot_read_them_where_they_are_announced(
    announced: bool, reads: bool, cut: bool, single: bool
) -> None:
    world = World()
    client = models.ClientInfo(capabilities=[models.ClientInfo.CAP_PACKET_TRAILER] if reads else [])
    asked = rtc.JoinRequest(client_info=client, connection_settings=rtc.ConnectionSettings(auto_subscribe=True))
    if single:
        asked.publisher_offer.CopyFrom(rtc.SessionDescription(type="offer", sdp=offer_text(), id=1))
    a, b = world.join("a", request=asked, single=single), world.join("b")
    features = [models.PacketTrailerFeature.PTF_USER_TIMESTAMP] * (2 if announced else 0)
    b.send(add_track=rtc.AddTrackRequest(cid="cam", type=models.TrackType.VIDEO, packet_trailer_features=features))
    assert list(b.last("track_published").track.packet_trailer_features) == features[:1]
    b.offer(("video", "sendonly", "cam"))
    world.report(media.LayerStarted(str(b.last("track_published").track.sid), 0, VP8_CODEC))
    if single:
        a.offer(VIDEO_IN)
    else:
        answer(a, a.last("offer"))
        answer(a, a.last("offer"))
    assert world.of(media.AddDowntrack)[-1].trailers is cut


def test_layers_that_nobody_announced_are_found_in_the_stream() -> None:
    world = World()
    a, b = world.join("a"), world.join("b")
    codecs = [rtc.SimulcastCodec(codec="vp9", cid="cam")]
    b.send(add_track=rtc.AddTrackRequest(cid="cam", type=models.TrackType.VIDEO, simulcast_codecs=codecs))
    sid = str(b.last("track_published").track.sid)
    for client, section in ((b, ("video", "sendonly", "cam")), (a, VIDEO_IN)):
        client.send(offer=rtc.SessionDescription(type="offer", sdp=with_vp9(offer_text(section)), id=2))
        if client is b:
            world.report(media.LayerStarted(sid, 0, VP9_CODEC))
    a.send(track_setting=rtc.UpdateTrackSettings(track_sids=[sid], quality=models.VideoQuality.LOW))
    assert world.of(media.SelectLayer)[-1].layer == media.WHOLE, "nothing is known of what is in the stream"
    world.report(media.LayerRates(sid, {0: 100_000, 1: 400_000, 2: 1_000_000}))
    assert world.of(media.SelectLayer)[-1].layer == 0
    told = len(world.of(media.SelectLayer))
    world.report(media.LayerRates(sid, {0: 90_000, 1: 300_000, 2: 900_000}))
    assert len(world.of(media.SelectLayer)) == told
    a.send(track_setting=rtc.UpdateTrackSettings(track_sids=[sid], quality=models.VideoQuality.HIGH))
    assert world.of(media.SelectLayer)[-1].layer == 2
