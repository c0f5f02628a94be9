"""Who is speaking, told when it changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from livekit.protocol import models, rtc

from suite.rtc.core.participant import Participant
from suite.rtc.core.state import RoomState

QUIET: Final = "quiet"
PATIENCE: Final = 1.0  # seconds without a report after which nobody speaks
# LiveKit tells levels in eighths, so that a steady voice is told once.
STEPS: Final = 8
NOTEWORTHY: Final = 0.25  # a smaller change of somebody who goes on speaking is not told


def levels_measured(room: RoomState, levels: Mapping[str, float]) -> None:
    """Take over how loud each speaking track is (0 to 1); tracks that are not named are quiet."""
    heard: dict[str, float] = {}
    for sid, level in levels.items():
        found = room.track(sid)
        if found is None or found[1].info.muted or level <= 0:
            continue
        stepped = max(1, round(min(level, 1.0) * STEPS)) / STEPS
        speaker = found[0].sid
        heard[speaker] = max(stepped, heard.get(speaker, 0.0))
    _tell(room, heard)
    if heard:
        room.set_timer(QUIET, PATIENCE)
    else:
        room.cancel_timer(QUIET)


def quiet(room: RoomState) -> None:
    _tell(room, {})


def pretend(room: RoomState, participant: Participant, seconds: int) -> None:
    """A client asked to be shown as speaking (SimulateScenario)."""
    _tell(room, {participant.sid: 0.9})
    room.set_timer(QUIET, float(max(1, min(seconds, 30))))


def _tell(room: RoomState, heard: dict[str, float]) -> None:
    for sid, level in heard.items():
        told = room.speaking.get(sid)
        if told is not None and abs(told - level) < NOTEWORTHY:
            heard[sid] = told
    changed = [
        models.SpeakerInfo(sid=sid, level=level, active=True) for sid, level in heard.items() if room.speaking.get(sid) != level
    ]
    changed += [models.SpeakerInfo(sid=sid) for sid in room.speaking if sid not in heard]
    room.speaking = heard
    if not changed:
        return
    for viewer in room.participants.values():
        shown = [s for s in changed if (speaker := room.by_sid(s.sid)) is None or not speaker.hidden]
        if shown:
            room.send(viewer, rtc.SignalResponse(speakers_changed=rtc.SpeakersChanged(speakers=shown)))
