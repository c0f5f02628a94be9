"""Taking sound: asked, agreed, stored, and never from before an agreement."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from suite.accounts.public import Viewer
from suite.kernel import clock
from suite.kernel.models import OutboxEvent
from suite.meetings.errors import CaptureNotRunning, SpeechOff
from suite.meetings.models import CapturedTrack, Consent, Participation
from suite.meetings.selectors import open_capture, transcription_for
from suite.meetings.services.captures import (
    capture_start,
    capture_stop,
    consent_decline,
    consent_give,
    track_claim,
    track_recording,
    track_store,
)
from suite.transcripts.pipeline.decode import decode
from tests.meetings.doors import a_room, browser, join
from tests.sounds import tone, write_opus

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mine(awa: Viewer) -> Participation:
    entry = join(browser(awa), a_room(browser(awa)))
    return Participation.objects.get(id=entry["participation_id"])


def agreed_track(mine: Participation, awa: Viewer, sid: str = "TR_1") -> CapturedTrack:
    capture_start(meeting=mine.meeting, viewer=awa, now=clock.now())
    consent_give(participation=mine, now=clock.now())
    track = track_claim(consent=Consent.objects.get(participation=mine), track_sid=sid, now=clock.now())
    assert track is not None
    track_recording(track=track, egress_id="EG_1", now=clock.now())
    return track


def recorded(folder: Path, *, seconds: float) -> BinaryIO:
    """A recorder's file."""
    return io.BytesIO(write_opus(folder / "sound.ogg", (0.0, tone(seconds))).read_bytes())


def test_each_answers_for_themselves(awa, mine):
    assert transcription_for(mine)["agreement"] == "none"
    with pytest.raises(CaptureNotRunning):
        consent_give(participation=mine, now=clock.now())
    capture_start(meeting=mine.meeting, viewer=awa, now=clock.now())
    assert transcription_for(mine)["agreement"] == "asked"
    consent_give(participation=mine, now=clock.now())
    assert transcription_for(mine)["agreed"] == [str(mine.id)]
    consent_decline(participation=mine, now=clock.now())
    assert transcription_for(mine)["agreement"] == "declined"
    assert {"meetings.consent_given", "meetings.consent_withdrawn"} <= set(OutboxEvent.objects.values_list("name", flat=True))


def test_no_track_is_claimed_without_an_agreement_or_after_its_withdrawal(awa, mine):
    track = agreed_track(mine, awa)
    consent = Consent.objects.get(participation=mine)
    assert track_claim(consent=consent, track_sid="TR_1", now=clock.now()) is None
    consent_decline(participation=mine, now=clock.now())
    consent.refresh_from_db()
    assert track_claim(consent=consent, track_sid="TR_2", now=clock.now()) is None
    track.refresh_from_db()
    assert CapturedTrack.objects.get() == track
    assert track.agreed_until == consent.declined_at


def test_a_stored_track_is_stored_once_and_completes_its_capture(awa, mine, tmp_path):
    track = agreed_track(mine, awa)
    capture = open_capture(mine.meeting_id)
    assert capture is not None
    begun = track.agreed_at
    capture_stop(capture=capture, actor=awa.ref, now=begun + timedelta(seconds=3))
    capture.refresh_from_db()
    assert capture.complete_at is None
    content = recorded(tmp_path, seconds=2.0)
    assert track_store(egress_id="EG_1", content=content, started_at=begun, now=clock.now()) == track.id
    assert track_store(egress_id="EG_1", content=io.BytesIO(b"again"), started_at=begun, now=clock.now()) is None
    assert track_store(egress_id="EG_other", content=io.BytesIO(b"x"), started_at=begun, now=clock.now()) is None
    capture.refresh_from_db()
    assert capture.complete_at is not None
    names = list(OutboxEvent.objects.values_list("name", flat=True))
    assert names.count("meetings.track_stored") == 1
    assert names.count("meetings.capture_complete") == 1


def test_sound_from_after_a_withdrawal_is_cut_away(awa, mine, tmp_path):
    track = agreed_track(mine, awa)
    consent_decline(participation=mine, now=track.agreed_at + timedelta(seconds=1.5))
    consent_give(participation=mine, now=track.agreed_at + timedelta(seconds=1.6))
    content = recorded(tmp_path, seconds=4.0)
    track_store(egress_id="EG_1", content=content, started_at=track.agreed_at, now=clock.now())
    track.refresh_from_db()
    kept = decode(default_storage.path(track.blob.key))
    assert 1.4 < kept.seconds <= 1.5


@pytest.mark.parametrize(("content", "failure"), [(b"not Ogg", "no sound that can be kept"), (None, "no sound")])
def test_what_cannot_be_cut_is_not_kept(awa, mine, tmp_path, content, failure):
    track = agreed_track(mine, awa)
    consent_decline(participation=mine, now=track.agreed_at)
    given = recorded(tmp_path, seconds=1.0) if content is None else io.BytesIO(content)
    track_store(egress_id="EG_1", content=given, started_at=track.agreed_at, now=clock.now())
    track.refresh_from_db()
    assert (track.blob, track.failure) == (None, failure)


def test_sound_from_before_the_agreement_is_not_kept(awa, mine):
    track = agreed_track(mine, awa)
    track_store(
        egress_id="EG_1", content=io.BytesIO(b"too early"), started_at=track.agreed_at - timedelta(minutes=1), now=clock.now()
    )
    track.refresh_from_db()
    assert (track.blob, track.failure) == (None, "began before the agreement")
    with pytest.raises(IntegrityError), transaction.atomic():
        CapturedTrack.objects.filter(id=track.id).update(started_at=track.agreed_at - timedelta(seconds=1))


def test_a_media_servers_clock_that_is_behind_takes_no_sound_before_its_agreement(awa, mine):
    track = agreed_track(mine, awa)
    begun = track.agreed_at - timedelta(seconds=2)
    track_store(egress_id="EG_1", content=io.BytesIO(b"sound"), started_at=begun, now=clock.now())
    track.refresh_from_db()
    assert track.blob is not None
    assert track.started_at == track.agreed_at


def test_without_speech_models_it_says_so(awa, mine, settings):
    settings.SPEECH = False
    with pytest.raises(SpeechOff):
        capture_start(meeting=mine.meeting, viewer=awa, now=clock.now())
