"""How the services of meetings are called."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

from django.conf import settings

from suite.kernel import clock
from suite.kernel.refs import SYSTEM
from suite.meetings.access import Standing
from suite.meetings.models import Capture, CapturedTrack
from suite.meetings.services import captures, meetings, participations, rooms, sounds
from tests import people
from tests.audit.worlds import captured, purged, recording, sitting, some_bytes

Call = Callable[[], object]


def _room() -> Call:
    viewer = people.person(people.organization())
    return lambda: rooms.room_create(viewer=viewer, title="Point", now=clock.now())


def _erase() -> Call:
    viewer = people.person(people.organization())
    room = rooms.room_create(viewer=viewer, title="Point", now=clock.now())
    purged(room.resource, viewer)
    return lambda: rooms.room_erase(room_id=room.pk, now=clock.now())


def _open() -> Call:
    viewer = people.person(people.organization())
    room = rooms.room_create(viewer=viewer, title="Point", now=clock.now())
    return lambda: meetings.meeting_open(room=room, actor=viewer.ref, now=clock.now())


def _end() -> Call:
    at = sitting()
    return lambda: meetings.meeting_end(meeting=at.meeting, actor=at.awa.ref, now=clock.now())


def _ask() -> Call:
    at = sitting()
    return lambda: participations.participation_ask(room=at.meeting.room, viewer=None, standing=Standing.VISITOR, name="Léo",
                                                    shared_microphone=False, now=clock.now())  # fmt: skip


def _admit() -> Call:
    at = sitting()
    return lambda: participations.participation_admit(participation=at.guest, actor=at.awa.ref, now=clock.now())


def _refuse() -> Call:
    at = sitting()
    return lambda: participations.participation_refuse(participation=at.guest, actor=at.awa.ref, now=clock.now())


def _rename() -> Call:
    at = sitting()
    return lambda: participations.participation_rename(participation=at.guest, name="Inès D.", now=clock.now())


def _join() -> Call:
    at = sitting()
    participations.participation_admit(participation=at.guest, actor=at.awa.ref, now=clock.now())
    return lambda: participations.participation_joined(participation=at.guest, now=clock.now())


def _leave() -> Call:
    at = sitting()
    return lambda: participations.participation_left(participation=at.present, now=clock.now())


def _remove() -> Call:
    at = sitting()
    return lambda: participations.participation_remove(participation=at.present, actor=at.awa.ref, now=clock.now())


def _bar() -> Call:
    at = sitting()
    return lambda: participations.participation_bar(participation=at.guest, actor=at.awa.ref, now=clock.now())


def _mute() -> Call:
    at = sitting()
    return lambda: participations.participation_mute(participation=at.present, actor=at.awa.ref, now=clock.now())


def _capture() -> Call:
    at = sitting()
    return lambda: captures.capture_start(meeting=at.meeting, viewer=at.awa, now=clock.now())


def _stop() -> Call:
    at = sitting()
    capture, _consent = captured(at)
    return lambda: captures.capture_stop(capture=capture, actor=at.awa.ref, now=clock.now())


def _agree() -> Call:
    at = sitting()
    captures.capture_start(meeting=at.meeting, viewer=at.awa, now=clock.now())
    return lambda: captures.consent_give(participation=at.present, now=clock.now())


def _decline() -> Call:
    at = sitting()
    captures.capture_start(meeting=at.meeting, viewer=at.awa, now=clock.now())
    return lambda: captures.consent_decline(participation=at.present, now=clock.now())


def _claim() -> Call:
    _capture_of, consent = captured(sitting())
    return lambda: captures.track_claim(consent=consent, track_sid="TR_1", now=clock.now())


def _record() -> Call:
    _capture_of, consent = captured(sitting())
    track = captures.track_claim(consent=consent, track_sid="TR_1", now=clock.now())
    assert track is not None
    found: CapturedTrack = track
    return lambda: captures.track_recording(track=found, egress_id="EG_1", now=clock.now())


def _store() -> Call:
    recording(sitting())
    return lambda: captures.track_store(egress_id="EG_1", content=some_bytes(), started_at=clock.now(), now=clock.now())


def _complete() -> Call:
    capture, _consent = captured(sitting())
    Capture.objects.filter(id=capture.id).update(stopped_at=clock.now())
    return lambda: captures.capture_complete_if_so(capture=capture, now=clock.now())


def _stored() -> CapturedTrack:
    track = recording(sitting())
    captures.track_store(egress_id="EG_1", content=some_bytes(), started_at=clock.now(), now=clock.now())
    return CapturedTrack.objects.get(id=track.id)


def _delete_sound() -> Call:
    track = _stored()
    return lambda: sounds.sound_delete(track_id=track.id, reason="asked for", actor=SYSTEM, now=clock.now())


def _delete_sounds() -> Call:
    track = _stored()
    return lambda: sounds.sounds_delete(capture_id=track.capture_id, reason="asked for", actor=SYSTEM, now=clock.now())


def _expire() -> Call:
    _stored()
    return lambda: sounds.sounds_expire(now=clock.now() + timedelta(days=31))


def _sweep() -> Call:
    path = settings.RTC_EGRESS_ROOT / uuid4().hex / f"{uuid4().hex}.ogg"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"sound")
    return lambda: sounds.recordings_sweep(now=clock.now() + timedelta(days=2))


CALLS: dict[str, Callable[[], Call]] = {
    "rooms.room_create": _room,
    "rooms.room_erase": _erase,
    "meetings.meeting_open": _open,
    "meetings.meeting_end": _end,
    "participations.participation_ask": _ask,
    "participations.participation_admit": _admit,
    "participations.participation_refuse": _refuse,
    "participations.participation_rename": _rename,
    "participations.participation_joined": _join,
    "participations.participation_left": _leave,
    "participations.participation_bar": _bar,
    "participations.participation_remove": _remove,
    "participations.participation_mute": _mute,
    "captures.capture_start": _capture,
    "captures.capture_stop": _stop,
    "captures.consent_give": _agree,
    "captures.consent_decline": _decline,
    "captures.track_claim": _claim,
    "captures.track_recording": _record,
    "captures.track_store": _store,
    "captures.capture_complete_if_so": _complete,
    "sounds.sound_delete": _delete_sound,
    "sounds.sounds_delete": _delete_sounds,
    "sounds.sounds_expire": _expire,
    "sounds.recordings_sweep": _sweep,
}
READS: dict[str, tuple[str, Callable[[], Call]]] = {
    "participations.clean_name": ("cleans a text", lambda: lambda: participations.clean_name("Awa")),
    "rooms.new_slug": ("draws letters", lambda: rooms.new_slug),
}
