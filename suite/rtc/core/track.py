"""A published track, from the request to publish it until it ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from livekit.protocol import models, rtc

from suite.rtc.core import media

# LiveKit's rids by quality, and the letters of its track ids by source.
RIDS: Final = ("q", "h", "f")
# What publishers call their streams, from the smallest picture to the largest; OBS counts down (LiveKit: VideoLayersRid).
RID_ORDERS: Final = (RIDS, ("l", "m", "h"), ("2", "1", "0"), ("low", "mid", "high"), ("low", "medium", "high"))
PREFIXES: Final = {
    models.TrackSource.CAMERA: "TR_VC",
    models.TrackSource.MICROPHONE: "TR_AM",
    models.TrackSource.SCREEN_SHARE: "TR_VS",
    models.TrackSource.SCREEN_SHARE_AUDIO: "TR_AS",
}
MIME_NAMES: Final = {
    "video/vp8": "video/VP8", "video/vp9": "video/VP9", "video/h264": "video/H264", "video/av1": "video/AV1",
    "video/h265": "video/H265",
    "audio/opus": "audio/opus", "audio/red": "audio/red", "audio/pcmu": "audio/PCMU", "audio/pcma": "audio/PCMA",
}  # fmt: skip
MAX_LAYERS: Final = 3
MAX_BACKUPS: Final = 2  # codecs of one track beside its first


@dataclass(slots=True)
class Track:
    """`info` is what others are told; `layers` the rids that the offer named, lowest first, empty without simulcast."""

    info: models.TrackInfo
    publisher: str  # the participant's sid
    cid: str
    codec_first: str = ""  # the codec that the publisher asked to send with
    mid: str | None = None  # bound to a section
    announced: bool = False
    subscribed_once: bool = False
    server_muted: bool = False
    layers: tuple[str, ...] = ()
    live: set[int] = field(default_factory=set)  # layers that packets come from
    rates: dict[int, int] = field(default_factory=dict)  # bit/s of the layers that packets come from
    codec: media.Codec | None = None
    recorded: bool = False  # by a recording that is to have all of it
    told_quality: int | None = None  # what the publisher was last told to send (models.VideoQuality, OFF for nothing)
    lower_at: float | None = None  # when a lower quality may be told
    of: str = ""  # of a backup: the sid of the track that it stands in for
    backups: dict[str, Track] = field(default_factory=dict)  # by codec: what the publisher can send besides

    @property
    def sid(self) -> str:
        return self.info.sid

    @property
    def kind(self) -> media.Kind:
        return "audio" if self.info.type == models.TrackType.AUDIO else "video"

    @property
    def spatial_layers(self) -> int:
        """How many layers one stream carries: as announced, or as they are received of who announced none (WHIP)."""
        if self.kind != "video" or self.layers or self.codec_first not in {"vp9", "av1"}:
            return 1
        return max(len(self.info.layers), len(self.rates), 1)


def track_prefix(request: rtc.AddTrackRequest) -> str:
    kind = "TR_A" if request.type == models.TrackType.AUDIO else "TR_V"
    return PREFIXES.get(request.source, kind)


def new_track(request: rtc.AddTrackRequest, *, sid: str, publisher: str, red: bool, enabled: Sequence[str]) -> Track:
    """The track that `request` asks for, not yet bound to a section.

    Instead of a codec that is not `enabled` (names of its kind), the first of those: clients send with what they are told.
    """
    video = request.type == models.TrackType.VIDEO
    layers = [_layer(layer) for layer in sorted(request.layers, key=lambda layer: layer.quality)[:MAX_LAYERS]]
    codec = _codec_name(request.simulcast_codecs[0].codec) if request.simulcast_codecs else ""
    if codec and codec not in enabled and enabled:
        codec = enabled[0]
    mode = models.VideoLayer.Mode.ONE_SPATIAL_LAYER_PER_STREAM
    if codec in {"vp9", "av1"}:
        mode = models.VideoLayer.Mode.MULTIPLE_SPATIAL_LAYERS_PER_STREAM
    described = models.SimulcastCodecInfo(
        mime_type=f"{'video' if video else 'audio'}/{codec}" if codec else "",
        cid=request.cid,
        layers=layers,
        video_layer_mode=mode,
    )
    info = models.TrackInfo(
        sid=sid, type=request.type, name=request.name, muted=request.muted, width=request.width, height=request.height,
        simulcast=video and len(layers) > 1, disable_dtx=request.disable_dtx, source=request.source, layers=layers,
        codecs=[described], stereo=request.stereo, disable_red=request.disable_red or not red,
        encryption=request.encryption, stream=request.stream or _default_stream(request.source),
        audio_features=_features(request), backup_codec_policy=request.backup_codec_policy,
        packet_trailer_features=dict.fromkeys(request.packet_trailer_features),
    )  # fmt: skip
    if not video:
        info.backup_codec_policy = models.BackupCodecPolicy.SIMULCAST
    return Track(info=info, publisher=publisher, cid=request.cid, codec_first=codec)


def _features(request: rtc.AddTrackRequest) -> list[models.AudioTrackFeature]:
    """What the sound is like; older clients say two of them apart."""
    asked = list(request.audio_features)
    apart = {models.AudioTrackFeature.TF_STEREO: request.stereo, models.AudioTrackFeature.TF_NO_DTX: request.disable_dtx}
    return asked + [feature for feature, said in apart.items() if said and feature not in asked]


def new_backups(request: rtc.AddTrackRequest, track: Track, *, enabled: Sequence[str]) -> None:
    """The other `enabled` codecs in which the publisher can send the track where somebody cannot decode the first."""
    for asked in request.simulcast_codecs[1 : 1 + MAX_BACKUPS]:
        codec = _codec_name(asked.codec)
        if codec not in enabled or codec == track.codec_first or codec in track.backups:
            continue
        mode = models.VideoLayer.Mode.ONE_SPATIAL_LAYER_PER_STREAM
        mime = f"{track.kind}/{codec}"
        track.info.codecs.add(mime_type=mime, layers=track.info.layers, video_layer_mode=mode)
        info = models.TrackInfo()
        info.CopyFrom(track.info)
        info.sid = f"{track.sid}/{codec}"
        del info.codecs[:]
        info.codecs.add(mime_type=mime, layers=track.info.layers, video_layer_mode=mode)
        track.backups[codec] = Track(info=info, publisher=track.publisher, cid="", codec_first=codec, of=track.sid)


def _codec_name(said: str) -> str:
    """`vp8` of both that and `video/VP8`, as clients say either."""
    return said.lower().rpartition("/")[2]


def _layer(layer: models.VideoLayer) -> models.VideoLayer:
    return models.VideoLayer(quality=layer.quality, width=layer.width, height=layer.height, bitrate=layer.bitrate)


def _default_stream(source: int) -> str:
    screen = source in {models.TrackSource.SCREEN_SHARE, models.TrackSource.SCREEN_SHARE_AUDIO}
    return "screen_share" if screen else "camera"


def bind(track: Track, *, mid: str, rids: list[str], mime: str) -> None:
    """Note the section and the rids that the track was offered with."""
    order = next((names for names in RID_ORDERS if set(rids) <= set(names)), rids)
    track.layers = tuple(sorted(rids, key=order.index))[:MAX_LAYERS]
    track.mid = mid
    track.info.mid = mid
    track.info.mime_type = MIME_NAMES.get(mime, mime)
    for index, layer in enumerate(track.info.layers):
        layer.spatial_layer = index
        layer.rid = RIDS[index]
    described = track.info.codecs[0]
    described.mid = mid
    described.mime_type = track.info.mime_type
    del described.layers[:]
    described.layers.extend(track.info.layers)
