"""Who is told of whom: at once for those who publish, together a little later for those who listen."""

from __future__ import annotations

from livekit.protocol import models, rtc

from suite.rtc.core.media import LOSS_FADES
from suite.rtc.core.participant import Participant
from suite.rtc.core.settings import QUALITY_INTERVAL, UPDATE_INTERVAL
from suite.rtc.core.state import RoomState

BATCH = "batch"
TICK = "tick"
SCORES = {
    models.ConnectionQuality.EXCELLENT: 4.5,
    models.ConnectionQuality.GOOD: 4.0,
    models.ConnectionQuality.POOR: 3.0,
    models.ConnectionQuality.LOST: 0.0,
}


def announce(room: RoomState, participant: Participant, *, at_once: bool = False, but: Participant | None = None) -> None:
    """Tell everyone, the participant too, what they are now; a hidden one is told to itself only.

    News of somebody who publishes nothing may wait `UPDATE_INTERVAL` seconds.
    """
    participant.version += 1
    room.touched.add(participant.identity)
    info = participant.info()
    if participant.hidden:
        if participant is not but:
            room.send(participant, _update([info]))
        return
    if at_once or participant.is_publisher or participant.state == models.ParticipantInfo.DISCONNECTED:
        room.batch.pop(participant.sid, None)
        participant.known = True
        broadcast(room, _update([info]), but=but)
        return
    if not room.batch:
        room.set_timer(BATCH, UPDATE_INTERVAL)
    room.batch[participant.sid] = info


def flush(room: RoomState) -> None:
    """Send the news that waited."""
    if room.batch:
        for sid in room.batch:
            if (participant := room.by_sid(sid)) is not None:
                participant.known = True
        broadcast(room, _update(list(room.batch.values())))
        room.batch.clear()


def broadcast(room: RoomState, message: rtc.SignalResponse, *, but: Participant | None = None) -> None:
    for participant in room.participants.values():
        if participant is not but and participant.state != models.ParticipantInfo.DISCONNECTED:
            room.send(participant, message)


def room_changed(room: RoomState) -> None:
    """Tell everyone the room's own state."""
    described = room.describe()
    room.told = described.SerializeToString()
    broadcast(room, rtc.SignalResponse(room_update=rtc.RoomUpdate(room=described)))


def everyone(room: RoomState, viewer: Participant) -> list[models.ParticipantInfo]:
    """The other participants that `viewer` may know of."""
    return [p.info() for p in room.others(viewer) if not p.hidden]


def _update(infos: list[models.ParticipantInfo]) -> rtc.SignalResponse:
    return rtc.SignalResponse(update=rtc.ParticipantUpdate(participants=infos))


def start_ticking(room: RoomState) -> None:
    if not room.ticking:
        room.ticking = True
        room.set_timer(TICK, QUALITY_INTERVAL)


def tick(room: RoomState) -> None:
    """Every few seconds: the room's counts, and how good each one's line is to whom follows them."""
    if not room.participants:
        room.ticking = False
        return
    room.set_timer(TICK, QUALITY_INTERVAL)
    if room.describe().SerializeToString() != room.told:
        room_changed(room)
    info = rtc.ConnectionQualityInfo
    lines = {p.sid: info(participant_sid=p.sid, quality=p.quality, score=SCORES[p.quality]) for p in room.participants.values()}
    for participant in room.participants.values():
        if participant.state != models.ParticipantInfo.ACTIVE:
            continue
        followed = {s.publisher for s in participant.subscriptions.values() if s.flowing}
        others = [lines[p.sid] for p in room.others(participant) if p.sid in followed]
        updates = [lines[participant.sid], *others]
        room.send(participant, rtc.SignalResponse(connection_quality=rtc.ConnectionQualityUpdate(updates=updates)))


def line_measured(participant: Participant, *, loss: float) -> None:
    """Note the share of packets lost on the participant's line, smoothed, and what that makes of its quality.

    The steps are LiveKit's for loss alone: over 2 % good, over 5 % poor (pkg/sfu/connectionquality/scorer.go weighs
    more); 0 to 1.
    """
    participant.loss = max(loss, participant.loss * LOSS_FADES)
    if participant.loss > 0.05:
        participant.quality = models.ConnectionQuality.POOR
    elif participant.loss > 0.02:
        participant.quality = models.ConnectionQuality.GOOD
    else:
        participant.quality = models.ConnectionQuality.EXCELLENT
