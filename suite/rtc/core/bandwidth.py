"""What a subscriber's line carries: sound first, then a picture from each, then better pictures."""

from __future__ import annotations

from typing import Final

from livekit.protocol import models, rtc

from suite.rtc.core import layers
from suite.rtc.core.participant import Participant
from suite.rtc.core.state import RoomState
from suite.rtc.core.subscription import Subscription
from suite.rtc.core.track import Track

AUDIO_RATE: Final = 60_000  # bit/s set aside for each track of sound
CONGESTED_LOSS: Final = 0.10  # as Google Congestion Control (draft-ietf-rmcat-gcc-02, 6): over 10 % the rate falls
FALL: Final = 0.7  # an estimate under this share of its recent best means a full line
RECOVERY: Final = 8.0  # seconds without trouble before more is tried
STEP: Final = 1.5  # of the limit, at each try
UNLIMITED: Final = 20_000_000  # bit/s: a limit that has grown past it is forgotten
DEFAULT_RATES: Final = (150_000, 500_000, 1_700_000)


def measured(room: RoomState, participant: Participant, bit_rate: int) -> None:
    """Take over an estimate; a fall means that the line is full."""
    transport = participant.subscriber
    transport.bit_rate = bit_rate
    transport.best_rate = max(bit_rate, int(transport.best_rate * 0.98))
    if bit_rate < transport.best_rate * FALL:
        transport.best_rate = bit_rate
        _limit(room, participant, bit_rate)


def lost(room: RoomState, participant: Participant, fraction: float) -> None:
    """Packets were lost on the way to the subscriber, a share of 0 to 1."""
    if fraction > CONGESTED_LOSS:
        rate = participant.subscriber.bit_rate
        current = sum(_rate(t, s.layer) for s, t in _pictures(room, participant) if s.layer is not None)
        _limit(room, participant, min(rate or current, int(current * (1 - fraction / 2))))


def _limit(room: RoomState, participant: Participant, bit_rate: int) -> None:
    if participant.subscriber.pretended:
        return
    participant.subscriber.limit = max(bit_rate, AUDIO_RATE)
    allocate(room, participant)
    room.set_timer(f"line:{participant.sid}", RECOVERY)


def pretend(room: RoomState, participant: Participant, bit_rate: int) -> None:
    """A client asked to be treated as if its line carried so much, bit/s, until it asks for 0 (SimulateScenario)."""
    transport = participant.subscriber
    transport.pretended = bit_rate > 0
    transport.limit = max(min(bit_rate, UNLIMITED), AUDIO_RATE) if bit_rate > 0 else None
    room.cancel_timer(f"line:{participant.sid}")
    allocate(room, participant)


def recover(room: RoomState, sid: str) -> None:
    """Some time without trouble: try more."""
    participant = room.by_sid(sid)
    if participant is None or participant.subscriber.limit is None:
        return
    grown = int(participant.subscriber.limit * STEP)
    participant.subscriber.limit = None if grown > UNLIMITED else grown
    allocate(room, participant)
    if participant.subscriber.limit is not None:
        room.set_timer(f"line:{participant.sid}", RECOVERY)


def _pictures(room: RoomState, participant: Participant) -> list[tuple[Subscription, Track]]:
    """The followed pictures, what matters most first: shared screens, then by the subscriber's priority."""
    found = []
    for subscription in participant.subscriptions.values():
        track = room.track(subscription.track)
        if subscription.flowing and subscription.kind == "video" and track is not None:
            found.append((subscription, track[1]))
    screen = models.TrackSource.SCREEN_SHARE
    return sorted(found, key=lambda pair: (pair[1].info.source != screen, pair[0].setting.priority))


def _rate(track: Track, layer: int | None) -> int:
    """Bits a second that the layer was announced with."""
    if layer is None or layer < 0:
        return 0
    announced = track.info.layers[layer].bitrate if layer < len(track.info.layers) else 0
    return announced or DEFAULT_RATES[min(layer, 2)]


def allocate(room: RoomState, participant: Participant) -> None:
    """Spread the limit: every picture its lowest layer, then one layer more in turn while it fits.

    A picture that does not fit at all is paused where the client allows it, else kept at its lowest layer.
    """
    limit = participant.subscriber.limit
    pictures = _pictures(room, participant)
    if limit is None:
        _apply(room, participant, [(s, t, None) for s, t in pictures])
        return
    sounds = sum(1 for s in participant.subscriptions.values() if s.flowing and s.kind == "audio")
    left = limit - sounds * AUDIO_RATE
    levels: dict[str, int] = {}
    tops: dict[str, int] = {}
    for subscription, track in pictures:
        quality = layers.wanted_quality(track, subscription)
        if quality == models.VideoQuality.OFF:
            continue
        tops[track.sid] = layers.layer_index(track, quality)
        if _rate(track, 0) <= left or not participant.settings.subscriber_allow_pause:
            levels[track.sid] = 0
            left -= _rate(track, 0)
        else:
            levels[track.sid] = -1
    for level in (1, 2):
        for _, track in pictures:
            more = _rate(track, level) - _rate(track, level - 1)
            if levels.get(track.sid) == level - 1 and tops[track.sid] >= level and more <= left:
                levels[track.sid] = level
                left -= more
    _apply(room, participant, [(s, t, levels.get(t.sid)) for s, t in pictures])


def _apply(room: RoomState, participant: Participant, chosen: list[tuple[Subscription, Track, int | None]]) -> None:
    states = []
    for subscription, track, layer in chosen:
        if subscription.bandwidth_layer != layer:
            subscription.bandwidth_layer = layer
            layers.select(room, track, subscription)
        paused = layer is not None and layer < 0
        if paused != subscription.told_paused:
            subscription.told_paused = paused
            state = rtc.StreamState.PAUSED if paused else rtc.StreamState.ACTIVE
            states.append(rtc.StreamStateInfo(participant_sid=subscription.publisher, track_sid=track.sid, state=state))
    if states:
        room.send(participant, rtc.SignalResponse(stream_state_update=rtc.StreamStateUpdate(stream_states=states)))
