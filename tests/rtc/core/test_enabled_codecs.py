"""A codec that the operator does not enable: the client is told which one to send instead, as LiveKit tells it."""

from __future__ import annotations

import pytest
from livekit.protocol import models, rtc

from tests.rtc.core.world import World


def told(world: World, *codecs: str, kind: models.TrackType = models.TrackType.VIDEO) -> list[str]:
    """The codecs of the answer to a track that is asked for in these."""
    a = world.join("a")
    asked = [rtc.SimulcastCodec(codec=codec, cid="c") for codec in codecs]
    a.send(add_track=rtc.AddTrackRequest(cid="c", type=kind, source=models.TrackSource.CAMERA, simulcast_codecs=asked))
    return [codec.mime_type for codec in a.last("track_published").track.codecs]


@pytest.mark.parametrize(
    ("codecs", "answer"),
    [
        (("vp8",), ["video/h264"]),
        (("vp9", "vp8"), ["video/h264"]),
        (("av1", "h264"), ["video/av1", "video/h264"]),
        (("av1", "vp8"), ["video/av1"]),
        (("video/H264",), ["video/h264"]),
        ((), [""]),
    ],
)
def test_another_codec_is_named_instead(codecs: tuple[str, ...], answer: list[str]) -> None:
    assert told(World(video_codecs=("h264", "av1")), *codecs) == answer


def test_sound_too() -> None:
    world = World(audio_codecs=("opus",))
    assert told(world, "red", kind=models.TrackType.AUDIO) == ["audio/opus"]


def test_layers_are_those_of_the_codec_that_is_sent() -> None:
    world = World(video_codecs=("vp8",))
    a = world.join("a")
    layers = [models.VideoLayer(quality=q, width=320 << q, height=180 << q) for q in range(3)]
    codecs = [rtc.SimulcastCodec(codec="vp9", cid="c")]
    request = rtc.AddTrackRequest(cid="c", type=models.TrackType.VIDEO, layers=layers, simulcast_codecs=codecs)
    a.send(add_track=request)
    (codec,) = a.last("track_published").track.codecs
    assert codec.video_layer_mode == models.VideoLayer.Mode.ONE_SPATIAL_LAYER_PER_STREAM
    assert a.last("track_published").track.simulcast
