"""Sound is kept as long as was said to those who agreed, and not a day longer; a recording may have several pieces."""

from __future__ import annotations

import io
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from suite.accounts.public import Viewer
from suite.audit.models import Record
from suite.files.models import Blob
from suite.kernel import clock
from suite.kernel.models import OutboxEvent
from suite.kernel.refs import SYSTEM
from suite.meetings.models import Capture, CapturedTrack, Consent, Participation
from suite.meetings.selectors import failures_before, transcription_for
from suite.meetings.services.captures import (
    capture_start,
    capture_stop,
    consent_decline,
    consent_give,
    track_claim,
    track_recording,
    track_store,
)
from suite.meetings.services.sounds import recordings_sweep, sounds_delete, sounds_expire
from tests.meetings.doors import a_room, browser, join

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mine(awa: Viewer) -> Participation:
    entry = join(browser(awa), a_room(browser(awa)))
    participation = Participation.objects.get(id=entry["participation_id"])
    capture_start(meeting=participation.meeting, viewer=awa, now=clock.now())
    consent_give(participation=participation, now=clock.now())
    return participation


def claimed(mine: Participation, egress_id: str, *, again: bool = False) -> CapturedTrack:
    consent = Consent.objects.get(participation=mine)
    track = track_claim(consent=consent, track_sid="TR_1", now=clock.now(), again=again)
    assert track is not None
    found: CapturedTrack = track
    track_recording(track=found, egress_id=egress_id, now=clock.now())
    return found


def stored(track: CapturedTrack, *, sound: bytes | None = b"sound", now: datetime | None = None) -> CapturedTrack:
    content = None if sound is None else io.BytesIO(sound)
    track_store(egress_id=track.egress_id, content=content, started_at=track.agreed_at, now=now or clock.now())
    track.refresh_from_db()
    return track


def test_sound_goes_after_the_days_that_were_said_whatever_is_set_since(awa, settings):
    keys, promised = [], {"EG_10": 10, "EG_40": 40}
    for egress_id, days in promised.items():
        settings.SOUND_RETENTION_DAYS = days
        entry = join(browser(awa), a_room(browser(awa)))
        mine = Participation.objects.get(id=entry["participation_id"])
        capture_start(meeting=mine.meeting, viewer=awa, now=clock.now())
        consent_give(participation=mine, now=clock.now())
        assert transcription_for(mine)["sound_days"] == days
        keys.append(stored(claimed(mine, egress_id)).blob.key)
    settings.SOUND_RETENTION_DAYS = 1
    now = clock.now()
    for days, left in ((9.9, {"EG_10", "EG_40"}), (10, {"EG_40"}), (39.9, {"EG_40"}), (40, set())):
        sounds_expire(now=now + timedelta(days=days))
        kept = CapturedTrack.objects.filter(blob__isnull=False)
        assert set(kept.values_list("egress_id", flat=True)) == left, days
    assert not Blob.objects.exists()
    assert not any(default_storage.exists(key) for key in keys)
    assert not CapturedTrack.objects.filter(sound_deleted_at=None).exists()
    records = Record.objects.filter(action="meetings.sound.deleted")
    assert [one.details["reason"] for one in records] == ["expired", "expired"]
    assert OutboxEvent.objects.filter(name="meetings.sound_deleted").count() == 2


def test_what_comes_after_its_deletion_is_not_kept(mine):
    track = claimed(mine, "EG_1")
    assert sounds_delete(capture_id=track.capture_id, reason="transcript deleted", actor=SYSTEM, now=clock.now()) == 0
    assert Capture.objects.get().stopped_at is not None
    stored(track)
    assert (track.blob, track.failure) == (None, "deleted before it was stored")
    assert Capture.objects.get().complete_at is not None


def test_a_recording_that_ends_by_itself_may_go_on_in_a_further_piece(mine):
    first = stored(claimed(mine, "EG_1"))
    consent = Consent.objects.get()
    assert track_claim(consent=consent, track_sid="TR_1", now=clock.now()) is None
    second = claimed(mine, "EG_2", again=True)
    assert (second.piece, second.agreed_at) == (1, first.agreed_at)
    assert track_claim(consent=consent, track_sid="TR_1", now=clock.now(), again=True) is None  # it runs
    assert OutboxEvent.objects.filter(name="meetings.recording_ended").count() == 1
    stored(second, sound=None)
    stored(claimed(mine, "EG_3", again=True), sound=None)
    assert [failures_before(one) for one in CapturedTrack.objects.order_by("piece")] == [0, 1, 2]


@pytest.mark.parametrize("end", ["withdrawn", "stopped"])
def test_nobody_is_recorded_again_who_does_not_agree_any_more(awa, mine, end):
    track = claimed(mine, "EG_1")
    if end == "withdrawn":
        consent_decline(participation=mine, now=clock.now())
    else:
        capture_stop(capture=track.capture, actor=awa.ref, now=clock.now())
    stored(track, sound=None)
    assert not OutboxEvent.objects.filter(name="meetings.recording_ended").exists()
    consent = Consent.objects.get()
    assert track_claim(consent=consent, track_sid="TR_1", now=clock.now(), again=True) is None


def test_what_a_recorder_left_goes_after_a_day_and_nothing_that_is_waited_for(mine, settings, tmp_path):
    settings.RTC_EGRESS_ROOT = tmp_path
    running = claimed(mine, "EG_1")
    folder = tmp_path / mine.meeting_id.hex
    folder.mkdir()
    waited_for = [folder / f".{running.id.hex}.ogg.partial", folder / f".{running.id.hex}.ogg.partial.json"]
    nobodys = [folder / f"{mine.id.hex}.ogg", folder / f".{mine.id.hex}.ogg.partial.json"]
    others = [tmp_path / "README", folder / "notes.txt"]
    for path in (*waited_for, *nobodys, *others):
        aged(path, days=1.1)
    young = aged(folder / f"{mine.meeting_id.hex}.ogg", days=0.9)
    assert recordings_sweep(now=clock.now()) == 2
    assert [path.exists() for path in (*waited_for, *nobodys, *others, young)] == [True, True, False, False, True, True, True]
    assert Record.objects.filter(action="meetings.recording.swept").count() == 2


def aged(path: Path, *, days: float) -> Path:
    path.write_bytes(b"sound")
    at = (clock.now() - timedelta(days=days)).timestamp()
    os.utime(path, (at, at))
    return path
