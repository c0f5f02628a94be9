"""Sound that is not Opus: PCMU and PCMA (RFC 3551), and Opus beside it for those who cannot decode it."""

from __future__ import annotations

import pytest
from livekit.protocol import models, rtc

from suite.rtc.core import media
from suite.rtc.core.sdp import description
from tests.rtc.core.world import OPUS_CODEC, Client, World, offer_text

PCMU_CODEC = media.Codec(0, "audio/pcmu", 8_000)
HERE = ("audio", "recvonly", "")


def with_pcmu(text: str) -> str:
    return text.replace("111 63\r\n", "111 63 0\r\n").replace("a=rtpmap:111", "a=rtpmap:0 PCMU/8000\r\na=rtpmap:111")


def offer(client: Client, *sections: tuple[str, str, str], number: int = 2) -> None:
    client.send(offer=rtc.SessionDescription(type="offer", sdp=with_pcmu(offer_text(*sections)), id=number))


def publish(world: World, client: Client, *besides: str) -> str:
    """A microphone in PCMU, which could also be sent in the codecs besides; the track's sid."""
    codecs = [rtc.SimulcastCodec(codec="audio/PCMU", cid="mic"), *(rtc.SimulcastCodec(codec=name) for name in besides)]
    kind, source = models.TrackType.AUDIO, models.TrackSource.MICROPHONE
    client.send(add_track=rtc.AddTrackRequest(cid="mic", type=kind, source=source, simulcast_codecs=codecs))
    offer(client, ("audio", "sendonly", "mic"))
    sid = str(client.last("track_published").track.sid)
    world.report(media.LayerStarted(sid, 0, PCMU_CODEC))
    return sid


def test_a_room_names_its_codecs_as_livekit_does() -> None:
    joined = World().join("a").last("join")
    sound = ["audio/PCMU", "audio/PCMA", "audio/opus", "audio/red"]
    assert [codec.mime for codec in joined.room.enabled_codecs][:4] == sound
    assert [codec.mime for codec in joined.enabled_publish_codecs][-4:] == sound


def test_a_publisher_is_asked_for_the_codec_that_it_announced() -> None:
    world = World()
    viewer, publisher = world.join("viewer"), world.join("publisher")
    publish(world, publisher, "audio/opus")
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 0 111 63\r\n" in publisher.last("answer").sdp
    track = viewer.knows("publisher").tracks[0]
    assert track.mime_type == "audio/PCMU"
    assert [codec.mime_type for codec in track.codecs] == ["audio/PCMU", "audio/opus"]


@pytest.mark.parametrize("single", [True, False])
def test_who_can_decode_it_gets_it_and_nothing_else_is_asked_for(single: bool) -> None:
    world = World()
    viewer, publisher = world.join("viewer", single=single), world.join("publisher")
    sid = publish(world, publisher, "audio/opus")
    if single:
        offer(viewer, HERE)
    else:
        for number in (1, 2):  # the first has no sound
            offered = viewer.all("offer")[-1]
            assert offered.id == number
            text = offered.sdp.replace("sendonly", "recvonly")
            viewer.send(answer=rtc.SessionDescription(type="answer", sdp=text, id=number))
        assert "PCMU/8000" in offered.sdp
    assert [down.track for down in world.of(media.AddDowntrack)] == [sid]
    assert "audio/pcmu" in {codec.mime for codec in world.of(media.AddDowntrack)[0].codecs}
    assert not publisher.all("subscribed_audio_codec_update")


def test_for_who_cannot_the_second_is_asked_for_and_sent() -> None:
    world = World()
    viewer, publisher = world.join("viewer"), world.join("publisher")
    sid = publish(world, publisher, "audio/opus")
    viewer.offer(HERE)
    assert not world.of(media.AddDowntrack)
    (asked,) = publisher.all("subscribed_audio_codec_update")
    assert asked.track_sid == sid
    assert [(one.codec, one.enabled) for one in asked.subscribed_audio_codecs] == [("audio/PCMU", True), ("audio/opus", True)]
    codec = rtc.SimulcastCodec(codec="audio/opus", cid="mic in opus")
    publisher.send(add_track=rtc.AddTrackRequest(sid=sid, cid="mic in opus", simulcast_codecs=[codec]))
    offer(publisher, ("audio", "sendonly", "mic"), ("audio", "sendonly", "mic in opus"), number=3)
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0\r\n" in publisher.last("answer").sdp
    world.report(media.LayerStarted(f"{sid}/opus", 0, OPUS_CODEC))
    viewer.offer(HERE, number=3)
    assert [down.track for down in world.of(media.AddDowntrack)] == [f"{sid}/opus"]
    assert [track.sid for track in viewer.knows("publisher").tracks] == [sid]
    world.join("late").offer(HERE)
    assert len(publisher.all("subscribed_audio_codec_update")) == 1


def test_where_there_is_no_second_the_reader_is_told() -> None:
    world = World()
    viewer, publisher = world.join("viewer"), world.join("publisher")
    sid = publish(world, publisher)
    viewer.offer(HERE)
    refused = viewer.last("subscription_response")
    assert (refused.track_sid, refused.err) == (sid, models.SubscriptionError.SE_CODEC_UNSUPPORTED)


def test_opus_is_taken_out_of_red_for_who_has_no_red() -> None:
    world = World()
    viewer, publisher = world.join("viewer"), world.join("publisher")
    sid = publisher.publish("mic")
    world.report(media.LayerStarted(sid, 0, media.Codec(63, "audio/red", 48_000, "111/111")))
    text = offer_text(HERE).replace("111 63\r\n", "111\r\n")
    viewer.send(offer=rtc.SessionDescription(type="offer", sdp=text, id=2))
    assert [down.track for down in world.of(media.AddDowntrack)] == [sid]


def test_a_payload_type_of_0_has_its_parameters() -> None:
    text = with_pcmu(offer_text(HERE)).replace("PCMU/8000\r\n", "PCMU/8000\r\na=fmtp:0 x=1\r\n")
    codecs = description.parse(text).sections[0].codecs()
    assert [(codec.payload_type, codec.parameters) for codec in codecs if codec.name == "pcmu"] == [(0, "x=1")]
