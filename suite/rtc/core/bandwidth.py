"""What a subscriber's line carries: sound first, then screens and pinned pictures, then a picture from each, then better ones.

The plane says what the line carries once it has shown a limit; until then nothing is held back. What all pictures in full
would take is told to the plane, which probes the line while it is thought to carry less (`media.Want`).
"""

from __future__ import annotations

from typing import Final

from livekit.protocol import models, rtc

from suite.rtc.core import layers, media
from suite.rtc.core.congestion.allocator import STARVED, Picture, allocate, wanted
from suite.rtc.core.congestion.line import Line
from suite.rtc.core.participant import Participant
from suite.rtc.core.state import RoomState
from suite.rtc.core.subscription import Subscription
from suite.rtc.core.track import Track

AUDIO_RATE: Final = 60_000  # bit/s set aside for each track of sound
SPEAKERS: Final = 3  # tracks of sound that it is set aside for: the others are silent
CONGESTED_LOSS: Final = 0.10  # as Google Congestion Control (draft-ietf-rmcat-gcc-02, 6): over 10 % the rate falls
RECOVERY: Final = 8.0  # seconds without trouble before more is tried, on a line whose peer sends no estimate
ROOM: Final = 1.12  # of what all pictures take, for the best layer to be risen to and kept
STEP: Final = 1.5  # of the limit, at each try
UNLIMITED: Final = 20_000_000  # bit/s: a limit that has grown past it is forgotten
OFTEN: Final = 0.1  # seconds between two allocations
DEFAULT_RATES: Final = (150_000, 500_000, 1_700_000)
TIMER: Final = "line"
AGAIN: Final = "again"  # instead of the participant's sid: not now, but soon


def measured(room: RoomState, participant: Participant, bit_rate: int) -> None:
    """Take over an estimate."""
    transport = participant.subscriber
    transport.bit_rate = bit_rate
    participant.subscriber.line.estimated = True
    if transport.pretended:
        return
    fell = transport.limit is None or bit_rate < transport.limit
    transport.limit = bit_rate
    if fell:
        allocate_now(room, participant)
    else:
        allocate_soon(room, participant)


def lost(room: RoomState, participant: Participant, fraction: float) -> None:
    """Packets were lost on the way to a subscriber who sends no estimate, a share of 0 to 1."""
    transport = participant.subscriber
    if fraction <= CONGESTED_LOSS or transport.pretended or participant.subscriber.line.estimated:
        return
    current = sum(_rates(t)[s.layer] for s, t in _pictures(room, participant) if s.layer is not None)
    transport.limit = max(int(current * (1 - fraction / 2)), AUDIO_RATE)
    allocate_now(room, participant)
    room.set_timer(f"{TIMER}:{participant.sid}", RECOVERY)


def pretend(room: RoomState, participant: Participant, bit_rate: int) -> None:
    """A client asked to be treated as if its line carried so much, bit/s, until it asks for 0 (SimulateScenario)."""
    transport = participant.subscriber
    transport.pretended = bit_rate > 0
    transport.limit = max(min(bit_rate, UNLIMITED), AUDIO_RATE) if bit_rate > 0 else None
    room.cancel_timer(f"{TIMER}:{participant.sid}")
    allocate_now(room, participant)


def recover(room: RoomState, sid: str) -> None:
    """A timer: time for the allocation that was put off, or some time without trouble on a line without an estimate."""
    sid, _, again = sid.partition(":")
    participant = room.by_sid(sid)
    if participant is None:
        return
    line, transport = participant.subscriber.line, participant.subscriber
    if again:
        if line.due:
            allocate_now(room, participant)
        return
    if line.estimated or transport.limit is None or transport.pretended:
        return
    grown = int(transport.limit * STEP)
    transport.limit = None if grown > UNLIMITED else grown
    allocate_now(room, participant)
    if transport.limit is not None:
        room.set_timer(f"{TIMER}:{sid}", RECOVERY)


def settings_changed(room: RoomState, participant: Participant, request: rtc.UpdateTrackSettings) -> None:
    """Take over how large, how often and whether at all a subscriber shows tracks; what that frees goes to its others."""
    layers.settings_changed(room, participant, request)
    if participant.subscriber.limit is not None:
        allocate_soon(room, participant)


def rates_measured(room: RoomState, report: media.LayerRates) -> None:
    """What a track's layers really take: those whose line is limited may get more or less."""
    found = room.track(report.track)
    if found is None:
        return
    track, known = found[1], found[1].spatial_layers
    track.rates = dict(report.rates)
    for participant in room.participants.values():
        subscription = participant.subscriptions.get(track.of or track.sid)
        if subscription is None:
            continue
        if track.spatial_layers != known and subscription.carrier == track.sid:
            layers.select(room, track, subscription)
        if participant.subscriber.limit is not None:
            allocate_soon(room, participant)


def allocate_soon(room: RoomState, participant: Participant) -> None:
    """Allocate, ten times a second at most."""
    line = participant.subscriber.line
    left = line.allocated_at + OFTEN - room.now
    if left <= 0:
        allocate_now(room, participant)
    elif not line.due:
        line.due = True
        room.set_timer(f"{TIMER}:{participant.sid}:{AGAIN}", left)


def allocate_now(room: RoomState, participant: Participant) -> None:
    """Spread what the line carries over what is shown, and say what all of it would take."""
    line, limit = participant.subscriber.line, participant.subscriber.limit
    line.due, line.allocated_at = False, room.now
    heard = sum(1 for s in participant.subscriptions.values() if s.flowing and s.kind == "audio")
    sounds = AUDIO_RATE * min(heard, SPEAKERS)
    shown = [(s, t) for s, t in _pictures(room, participant) if layers.wanted_quality(t, s) != models.VideoQuality.OFF]
    pictures = [_picture(subscription, track) for subscription, track in shown]
    _tell_plane(room, participant, line, sounds + int(ROOM * wanted(pictures)))
    if limit is None:
        for subscription, track in shown:
            _give(room, participant, track, subscription, None)
        _tell_states(room, participant, {track.sid: None for _, track in shown})
        return
    levels: dict[str, int] = allocate(pictures, limit - sounds, margin=line.patience.margin(room.now))
    line.patience.changed({one.key: one.current for one in pictures}, levels, room.now)
    for subscription, track in shown:
        _give(room, participant, track, subscription, levels[track.sid])
    _tell_states(room, participant, dict(levels))


def _picture(subscription: Subscription, track: Track) -> Picture:
    top = layers.layer_index(track, layers.wanted_quality(track, subscription))
    current = top if subscription.bandwidth_layer is None else min(subscription.bandwidth_layer, top)
    first = track.info.source == models.TrackSource.SCREEN_SHARE or subscription.setting.priority > 0
    return Picture(key=track.sid, first=first, rates=_rates(track)[: top + 1], current=current)


def _tell_plane(room: RoomState, participant: Participant, line: Line, bit_rate: int) -> None:
    """Say what is wanted, where the line is known to have a limit and it has changed by a tenth."""
    limited = participant.subscriber.limit is not None and line.estimated
    bit_rate = bit_rate if limited else 0
    if bit_rate != line.told and abs(bit_rate - line.told) >= line.told / 10:
        line.told = bit_rate
        room.command(media.Want(participant.subscriber.id, bit_rate))


def _pictures(room: RoomState, participant: Participant) -> list[tuple[Subscription, Track]]:
    """The followed pictures, what matters most first: by the subscriber's priority (1 first, 0 for none), then screens."""
    found = []
    for subscription in participant.subscriptions.values():
        track = room.track(subscription.carrier)
        if subscription.flowing and subscription.kind == "video" and track is not None:
            found.append((subscription, track[1]))
    screen = models.TrackSource.SCREEN_SHARE
    return sorted(found, key=lambda pair: (pair[0].setting.priority or 1_000, pair[1].info.source != screen))


def _rates(track: Track) -> tuple[int, ...]:
    """Bit/s of each layer as it is received, or as it was announced where it is not; of SVC with the layers below."""
    announced = [layer.bitrate for layer in track.info.layers]
    count = len(track.layers) or track.spatial_layers
    rates = []
    for index in range(count):
        said = announced[index] if index < len(announced) and announced[index] else DEFAULT_RATES[min(index, 2)]
        rates.append(track.rates.get(index) or said)
    return tuple(rates)


def _give(room: RoomState, participant: Participant, track: Track, subscription: Subscription, level: int | None) -> None:
    """Hold a picture to `level`, None for no limit; one that may not be paused keeps the base of its lowest layer."""
    starved = level == STARVED and not participant.settings.subscriber_allow_pause
    given = 0 if starved else level
    if (subscription.bandwidth_layer, subscription.starved) != (given, starved):
        subscription.bandwidth_layer, subscription.starved = given, starved
        layers.select(room, track, subscription)


def _tell_states(room: RoomState, participant: Participant, levels: dict[str, int | None]) -> None:
    """Say of which pictures the line has become too narrow or wide enough."""
    states = []
    for subscription, track in _pictures(room, participant):
        paused = levels.get(track.sid) == STARVED and not subscription.starved
        if paused != subscription.told_paused:
            subscription.told_paused = paused
            state = rtc.StreamState.PAUSED if paused else rtc.StreamState.ACTIVE
            sid = subscription.track
            states.append(rtc.StreamStateInfo(participant_sid=subscription.publisher, track_sid=sid, state=state))
    if states:
        room.send(participant, rtc.SignalResponse(stream_state_update=rtc.StreamStateUpdate(stream_states=states)))
