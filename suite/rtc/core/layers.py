"""Which picture goes to whom: a layer for each subscriber, and what the publisher need not send."""

from __future__ import annotations

from typing import Final

from livekit.protocol import models, rtc

from suite.rtc.core import media
from suite.rtc.core.participant import Participant
from suite.rtc.core.settings import DOWNGRADE_DELAY
from suite.rtc.core.state import RoomState
from suite.rtc.core.subscription import Subscription
from suite.rtc.core.track import Track

LOWER: Final = "lower:"
QUALITIES: Final = (models.VideoQuality.LOW, models.VideoQuality.MEDIUM, models.VideoQuality.HIGH)
# A tile may be a tenth larger than a layer before the next one is chosen (LiveKit: layerSelectionTolerance).
TOLERANCE: Final = 0.9
DEFAULT_HEIGHTS: Final = (180, 360)


def quality_for_size(info: models.TrackInfo, *, width: int, height: int) -> int:
    """The lowest quality whose picture fills `width` x `height` pixels (LiveKit: GetQualityForDimension)."""
    if info.height == 0:
        return models.VideoQuality.HIGH
    upright = info.width < info.height
    wanted = int((width if upright else height) * TOLERANCE)
    sizes = [layer.width if upright else layer.height for layer in info.layers]
    if not sizes:
        sizes = [*DEFAULT_HEIGHTS, info.width if upright else info.height]
    sizes.sort()
    for quality, size in enumerate(sizes[:-1]):
        if size >= wanted and size != sizes[quality + 1]:
            return QUALITIES[quality]
    return QUALITIES[min(len(sizes), 3) - 1]


def wanted_quality(track: Track, subscription: Subscription) -> int:
    """What the subscriber asked for; OFF where it hides the picture."""
    setting = subscription.setting
    if subscription.disabled:
        return models.VideoQuality.OFF
    if setting.width > 0 and setting.height > 0:
        return quality_for_size(track.info, width=setting.width, height=setting.height)
    return setting.quality if setting.quality in QUALITIES else models.VideoQuality.HIGH


def layer_index(track: Track, quality: int) -> int:
    """The stream or spatial layer that carries `quality`."""
    return min(quality, (len(track.layers) or track.spatial_layers) - 1)


def _temporal(fps: int) -> int | None:
    """The temporal layer for `fps` frames a second, of three layers at 30; None for all."""
    if not fps or fps > 16:
        return None
    return 0 if fps <= 8 else 1


def select(room: RoomState, track: Track, subscription: Subscription) -> None:
    """Aim the downtrack at what its subscriber asked for and its line carries."""
    if not subscription.flowing:
        return
    if track.kind == "audio":
        layer = None if subscription.disabled else 0
    else:
        quality = wanted_quality(track, subscription)
        layer = None if quality == models.VideoQuality.OFF else layer_index(track, quality)
        if layer is not None and subscription.bandwidth_layer is not None:
            layer = None if subscription.bandwidth_layer < 0 else min(layer, subscription.bandwidth_layer)
    subscription.layer = layer
    one = track.kind == "video" and not track.layers and track.spatial_layers == 1
    if one and layer is not None:
        layer = media.WHOLE
    temporal = 0 if subscription.starved else _temporal(subscription.setting.fps)
    room.command(media.SelectLayer(subscription.downtrack, layer, temporal))


def settings_changed(room: RoomState, participant: Participant, request: rtc.UpdateTrackSettings) -> None:
    """Take over how large, how often and whether at all a subscriber shows tracks."""
    for sid in request.track_sids:
        subscription, found = participant.subscriptions.get(sid), room.track(sid)
        if subscription is None or found is None:
            continue
        subscription.setting.CopyFrom(request)
        del subscription.setting.track_sids[:]
        carrier = room.track(subscription.carrier) or found
        select(room, carrier[1], subscription)
        demand_changed(room, carrier[1], subscription)


def _wish(track: Track, subscription: Subscription) -> int:
    """The quality that a subscriber shows of the track; OFF for none."""
    off: int = models.VideoQuality.OFF
    if subscription.carrier != track.sid:
        return off
    if not subscription.flowing and not (track.of and subscription.desired):  # a backup is asked for before it is there
        return off
    quality = wanted_quality(track, subscription)
    return min(quality, len(track.info.layers) - 1) if quality != off and track.info.layers else quality


def _demand(room: RoomState, track: Track) -> int:
    """The highest quality that anybody shows or a recording takes; OFF for nobody."""
    if track.recorded:
        return models.VideoQuality.HIGH
    sid = track.of or track.sid
    following = (participant.subscriptions.get(sid) for participant in room.participants.values())
    wishes = (_wish(track, subscription) for subscription in following if subscription is not None)
    return max(wishes, key=_rank, default=models.VideoQuality.OFF)


def _rank(quality: int | None) -> int:
    return -1 if quality is None or quality == models.VideoQuality.OFF else quality


def demand_changed(room: RoomState, track: Track, subscription: Subscription | None = None) -> None:
    """Tell the publisher what is shown: more at once, less after `DOWNGRADE_DELAY` seconds.

    `subscription` is the one that may show more than was told. Whether others still show what it does not is looked up when
    the wait is over, once for all that has changed until then: in a large room everybody follows everybody in one moment.
    """
    if track.kind == "audio":
        if track.of and subscription is not None and subscription.carrier == track.sid:
            _ask_sound(room, track)
        return
    wish = models.VideoQuality.OFF if subscription is None else _wish(track, subscription)
    if track.recorded:
        wish = models.VideoQuality.HIGH
    if _rank(wish) > _rank(track.told_quality):
        track.lower_at = None
        _tell(room, track, wish)
    elif _rank(wish) < _rank(track.told_quality) and track.lower_at is None:
        # As LiveKit: the wait goes on where the picture is shown again in the meantime, and ends with what holds then.
        track.lower_at = room.now + DOWNGRADE_DELAY
        room.set_timer(LOWER + track.sid, DOWNGRADE_DELAY)
    for backup in track.backups.values():
        demand_changed(room, backup, subscription)


def _ask_sound(room: RoomState, backup: Track) -> None:
    """Ask the publisher of sound for a second codec."""
    publisher, found = room.by_sid(backup.publisher), room.track(backup.of)
    if publisher is None or found is None or backup.mid is not None:
        return
    names = [found[1].info.mime_type, backup.info.codecs[0].mime_type]
    codecs = [models.SubscribedAudioCodec(codec=name, enabled=True) for name in names]
    update = rtc.SubscribedAudioCodecUpdate(track_sid=found[1].sid, subscribed_audio_codecs=codecs)
    room.send(publisher, rtc.SignalResponse(subscribed_audio_codec_update=update))


def lower(room: RoomState, sid: str) -> None:
    """The wait is over: tell the publisher of less, where less is still wanted."""
    found = room.track(sid)
    if found is None or found[1].lower_at is None:
        return
    track = found[1]
    track.lower_at = None
    demand = _demand(room, track)
    if _rank(demand) != _rank(track.told_quality):
        _tell(room, track, demand)


def tell_again(room: RoomState, participant: Participant) -> None:
    """A publisher is back: it may have missed what was told."""
    for track in participant.tracks.values():
        if track.told_quality is not None and not track.of:
            _tell(room, track, track.told_quality)


def _tell(room: RoomState, track: Track, quality: int) -> None:
    """Tell the publisher what is shown of the track in each codec; a backup's news are its track's."""
    publisher, found = room.by_sid(track.publisher), room.track(track.of or track.sid)
    track.told_quality = quality
    if publisher is None or found is None:
        return
    first = found[1]
    told = [one for one in (first, *first.backups.values()) if one.told_quality is not None]
    codecs = [rtc.SubscribedCodec(codec=_codec(one), qualities=_enabled(one)) for one in told]
    update = rtc.SubscribedQualityUpdate(track_sid=first.sid, subscribed_qualities=_enabled(first), subscribed_codecs=codecs)
    room.send(publisher, rtc.SignalResponse(subscribed_quality_update=update))


def _codec(track: Track) -> str:
    return (track.info.mime_type.partition("/")[2] or track.codec_first).lower()


def _enabled(track: Track) -> list[rtc.SubscribedQuality]:
    return [rtc.SubscribedQuality(quality=q, enabled=_rank(track.told_quality) >= q) for q in QUALITIES]
