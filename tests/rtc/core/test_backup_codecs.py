"""A track in a second codec, for those who cannot decode the first."""

from __future__ import annotations

import pytest
from livekit.protocol import models, rtc

from suite.rtc.core import media
from tests.rtc.core.world import VP8_CODEC, Client, World, offer_text

VP9 = "a=rtpmap:98 VP9/90000\r\na=rtcp-fb:98 nack pli\r\n"
VP9_CODEC = media.Codec(98, "video/vp9", 90_000)
LOW, MEDIUM, HIGH = range(3)


def with_vp9(text: str) -> str:
    return text.replace("96 97\r\n", "98 96 97\r\n").replace("a=rtpmap:96", VP9 + "a=rtpmap:96")


def publish(world: World, client: Client) -> str:
    """A camera in VP9, which could also be sent in VP8; the track's sid."""
    layers = [models.VideoLayer(quality=q, width=320 << q, height=180 << q, bitrate=150_000 << (q * 2)) for q in range(3)]
    codecs = [rtc.SimulcastCodec(codec="vp9", cid="cam"), rtc.SimulcastCodec(codec="vp8")]
    client.send(
        add_track=rtc.AddTrackRequest(
            cid="cam",
            type=models.TrackType.VIDEO,
            source=models.TrackSource.CAMERA,
            width=1280,
            height=720,
            layers=layers,
            simulcast_codecs=codecs,
        )
    )
    text = with_vp9(offer_text(("video", "sendonly", "cam")))
    client.send(offer=rtc.SessionDescription(type="offer", sdp=text, id=2))
    sid = str(client.last("track_published").track.sid)
    world.report(media.LayerStarted(sid, 0, VP9_CODEC))
    return sid


def publish_backup(world: World, client: Client, sid: str) -> None:
    codec = rtc.SimulcastCodec(codec="vp8", cid="cam in vp8")
    request = rtc.AddTrackRequest(sid=sid, cid="cam in vp8", type=models.TrackType.VIDEO, simulcast_codecs=[codec])
    client.send(add_track=request)
    assert client.last("track_published").track.sid == sid
    sections = (("video", "sendonly", "cam"), ("video", "sendonly", "cam in vp8"))
    client.send(offer=rtc.SessionDescription(type="offer", sdp=with_vp9(offer_text(*sections)), id=3))
    world.report(media.LayerStarted(f"{sid}/vp8", 0, VP8_CODEC))


def told(client: Client) -> dict[str, list[bool]]:
    """Which qualities of each codec the publisher is to send."""
    update = client.last("subscribed_quality_update")
    return {codec.codec: [q.enabled for q in codec.qualities] for codec in update.subscribed_codecs}


def test_what_can_be_sent_besides_is_announced_and_not_asked_for_without_need() -> None:
    world = World()
    viewer, publisher = world.join("viewer"), world.join("publisher")
    publish(world, publisher)
    track = viewer.knows("publisher").tracks[0]
    assert [codec.mime_type for codec in track.codecs] == ["video/VP9", "video/vp8"]
    viewer.send(offer=rtc.SessionDescription(type="offer", sdp=with_vp9(offer_text(("video", "recvonly", ""))), id=2))
    assert world.of(media.AddDowntrack)[-1].track == track.sid
    assert told(publisher) == {"vp9": [True] * 3}


@pytest.fixture
def reached() -> tuple[World, Client, Client, str]:
    """A viewer who can decode VP8 alone, and the publisher's second codec."""
    world = World()
    viewer, publisher = world.join("viewer"), world.join("publisher")
    sid = publish(world, publisher)
    viewer.offer(("video", "recvonly", ""))
    assert not world.of(media.AddDowntrack)
    assert not viewer.all("subscription_response")
    assert told(publisher) == {"vp8": [True] * 3}
    publish_backup(world, publisher, sid)
    viewer.offer(("video", "recvonly", ""), number=3)
    return world, viewer, publisher, sid


def test_who_cannot_decode_the_first_codec_gets_the_second(reached: tuple[World, Client, Client, str]) -> None:
    world, viewer, publisher, sid = reached
    down = world.of(media.AddDowntrack)[-1]
    assert (down.track, down.codecs[0].mime) == (f"{sid}/vp8", "video/vp8")
    assert f"a=msid:{publisher.sid}|{sid} {sid}" in viewer.last("answer").sdp
    assert [track.sid for track in viewer.knows("publisher").tracks] == [sid]
    assert viewer.knows("publisher").tracks[0].codecs[1].mid == "1"
    assert world.event_names().count("track_published") == 1
    assert publisher.last("track_subscribed").track_sid == sid


def test_each_codec_is_sent_as_it_is_shown(reached: tuple[World, Client, Client, str]) -> None:
    world, viewer, publisher, sid = reached
    viewer.send(track_setting=rtc.UpdateTrackSettings(track_sids=[sid], width=320, height=180))
    world.wait(6)
    assert told(publisher)["vp8"] == [True, False, False]
    other = world.join("other", active=True)
    other.send(offer=rtc.SessionDescription(type="offer", sdp=with_vp9(offer_text(("video", "recvonly", ""))), id=2))
    assert told(publisher) == {"vp9": [True] * 3, "vp8": [True, False, False]}
    viewer.send(subscription=rtc.UpdateSubscription(track_sids=[sid], subscribe=False))
    world.wait(6)
    assert told(publisher) == {"vp9": [True] * 3, "vp8": [False] * 3}


def test_a_server_mute_and_the_end_of_a_track_are_of_all_its_codecs(reached: tuple[World, Client, Client, str]) -> None:
    from livekit.protocol import room as room_pb

    world, viewer, publisher, sid = reached
    world.ask(
        "RoomService/MutePublishedTrack",
        room_pb.MuteRoomTrackRequest(room="r", identity="publisher", track_sid=sid, muted=True),
    )
    assert {command.track for command in world.of(media.MuteTrack)} == {sid, f"{sid}/vp8"}
    publisher.offer(("audio", "recvonly", ""), number=4)
    assert {command.track for command in world.of(media.StopReceiving)} == {sid, f"{sid}/vp8"}
    assert not viewer.knows("publisher").tracks
    assert world.event_names().count("track_unpublished") == 1
    assert len(world.of(media.RemoveDowntrack)) == 1


def test_a_backup_that_ends_leaves_its_readers_waiting(reached: tuple[World, Client, Client, str]) -> None:
    world, viewer, publisher, sid = reached
    text = with_vp9(offer_text(("video", "sendonly", "cam")))
    publisher.send(offer=rtc.SessionDescription(type="offer", sdp=text, id=4))
    assert world.of(media.RemoveDowntrack)
    viewer.offer(("video", "recvonly", ""), number=5)
    publish_backup(world, publisher, sid)
    viewer.offer(("video", "recvonly", ""), number=6)
    assert [down.track for down in world.of(media.AddDowntrack)] == [f"{sid}/vp8"] * 2
