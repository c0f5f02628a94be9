"""From stored tracks to a transcript: done once each, by one worker at a time, ready when all are, for those who came."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import Settings

from suite.accounts.models import Organization
from suite.accounts.viewer import Viewer
from suite.audit.models import Record
from suite.kernel import clock
from suite.kernel.models import WorkState
from suite.meetings.access import Standing
from suite.meetings.events import CaptureComplete
from suite.meetings.models import CapturedTrack, Consent, Participation
from suite.meetings.services.captures import capture_stop, consent_give, track_claim, track_recording, track_store
from suite.meetings.services.participations import participation_ask, participation_joined
from suite.resources.public import access_revoke
from suite.transcripts.models import TrackWork, Transcript, TranscriptState
from suite.transcripts.pipeline.turns import Turn
from suite.transcripts.services import track_fail, track_finish, track_queue
from suite.transcripts.subscribers import settle_complete, sweep
from suite.transcripts.tasks import transcribe_track
from tests.audit.worlds import Sitting, captured, sitting, some_bytes
from tests.people import person, session_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("engines")]


@dataclass
class Meeting:
    """Awa and Bruno spoke, Chloé knocked and was never let in, a guest came."""

    at: Sitting
    bruno: Viewer
    chloe: Viewer
    works: list[TrackWork]

    @property
    def transcript(self) -> Transcript:
        return Transcript.objects.get(pk=self.works[0].transcript_id)


def comes(at: Sitting, viewer: Viewer | None, *, joins: bool) -> Participation:
    found: Participation = participation_ask(
        room=at.meeting.room, viewer=viewer, standing=Standing.MEMBER if joins else Standing.VISITOR, name="Inès",
        shared_microphone=False, now=clock.now(),
    )  # fmt: skip
    if joins:
        participation_joined(participation=found, now=clock.now())
    return found


def stored(consent: Consent, number: int) -> CapturedTrack:
    track = track_claim(consent=consent, track_sid=f"TR_{number}", now=clock.now())
    assert track is not None
    track_recording(track=track, egress_id=f"EG_{number}", now=clock.now())
    track_store(egress_id=f"EG_{number}", content=some_bytes(), started_at=clock.now(), now=clock.now())
    return CapturedTrack.objects.get(id=track.id)


@pytest.fixture
def meeting(settings: Settings) -> Meeting:
    settings.SPEECH = True
    at = sitting()
    house = Organization.objects.get(id=at.awa.organization_id)
    bruno, chloe = person(house, "Bruno", "Petit"), person(house, "Chloé", "Roy")
    his = comes(at, bruno, joins=True)
    comes(at, chloe, joins=False)
    participation_joined(participation=at.guest, now=clock.now())
    capture, hers = captured(at)
    consent_give(participation=his, now=clock.now())
    consents = [hers, Consent.objects.get(capture=capture, participation=his)]
    tracks = [stored(consent, number) for number, consent in enumerate(consents)]
    return Meeting(at, bruno, chloe, [track_queue(track=track, now=clock.now()) for track in tracks])


def stop(meeting: Meeting) -> None:
    capture_stop(capture=meeting.transcript.capture, actor=meeting.at.awa.ref, now=clock.now())


def finish(meeting: Meeting, number: int, text: str = "Bonjour") -> bool:
    work = meeting.works[number]
    return track_finish(work=work, turns=[Turn(str(work.id), None, 0.5, 1.5, text)], now=clock.now())


def page_of(viewer: Viewer) -> Client:
    client = Client(headers={"accept": "text/html"})
    client.cookies[django_settings.SESSION_COOKIE_NAME] = session_of(viewer)
    return client


def statuses(meeting: Meeting, address: str) -> list[int]:
    viewers = (meeting.at.awa, meeting.bruno, meeting.chloe)
    return [page_of(viewer).get(address).status_code for viewer in viewers]


def test_it_is_for_those_who_came_once_it_is_ready(meeting: Meeting) -> None:
    address = f"/transcripts/{meeting.transcript.pk}/"
    stop(meeting)
    finish(meeting, 0)
    assert statuses(meeting, address) == [200, 404, 404]
    assert meeting.transcript.state == TranscriptState.WORKING
    finish(meeting, 1)
    assert statuses(meeting, address) == [200, 200, 404]
    assert meeting.transcript.state == TranscriptState.READY
    assert Record.objects.get(action="transcripts.transcript.ready").outcome == "done"
    roles = meeting.transcript.resource.accesses.values_list("user_id", "role")
    assert set(roles) == {(meeting.at.awa.user_id, "owner"), (meeting.bruno.user_id, "reader")}


def test_its_document_is_written_by_those_who_came(meeting: Meeting) -> None:
    stop(meeting)
    finish(meeting, 0)
    finish(meeting, 1)
    made: Any = page_of(meeting.bruno).post(f"/transcripts/{meeting.transcript.pk}/document/")
    again: Any = page_of(meeting.at.awa).post(f"/transcripts/{meeting.transcript.pk}/document/")
    assert made["Location"] == again["Location"]
    assert statuses(meeting, made["Location"]) == [200, 200, 404]
    document = meeting.transcript.document
    assert document is not None
    roles = document.resource.accesses.values_list("user_id", "role")
    assert set(roles) == {(meeting.at.awa.user_id, "owner"), (meeting.bruno.user_id, "editor")}


def test_it_is_not_ready_while_it_goes_on(meeting: Meeting) -> None:
    finish(meeting, 0)
    finish(meeting, 1)
    assert meeting.transcript.state == TranscriptState.RECORDING
    assert not Record.objects.filter(action="transcripts.transcript.ready").exists()


def test_it_waits_for_a_track_that_nobody_has_taken_up_yet(meeting: Meeting) -> None:
    stop(meeting)
    finish(meeting, 0)
    track = CapturedTrack.objects.get(id=meeting.works[1].track_id)
    meeting.works[1].delete()
    settle_complete(CaptureComplete(meeting_id=meeting.at.meeting.id, capture_id=track.capture_id, at=clock.now()))
    assert meeting.transcript.state == TranscriptState.WORKING


def test_who_was_taken_off_a_transcript_stays_off_it(meeting: Meeting) -> None:
    """What is delivered again shares nothing again."""
    stop(meeting)
    finish(meeting, 0)
    finish(meeting, 1)
    transcript = meeting.transcript
    access = transcript.resource.accesses.get(user_id=meeting.bruno.user_id)
    access_revoke(access=access, actor=meeting.at.awa.ref, now=clock.now())
    settle_complete(CaptureComplete(meeting_id=meeting.at.meeting.id, capture_id=transcript.capture_id, at=clock.now()))
    assert statuses(meeting, f"/transcripts/{transcript.pk}/") == [200, 404, 404]


def test_a_lease_holds_for_its_seconds_and_as_long_as_it_is_renewed(meeting: Meeting) -> None:
    work, now = meeting.works[0], clock.now()
    other = TrackWork.objects.get(pk=work.pk)
    assert work.lease(now=now, seconds=20)
    assert not other.lease(now=now + timedelta(seconds=19), seconds=20)
    work.renew(now=now + timedelta(seconds=15), seconds=20)
    assert not other.lease(now=now + timedelta(seconds=34), seconds=20)
    assert other.lease(now=now + timedelta(seconds=36), seconds=20)


def test_one_track_that_fails_leaves_the_others_and_all_of_them_leave_nothing(meeting: Meeting) -> None:
    stop(meeting)
    track_fail(work=meeting.works[0], reason="no sound", now=clock.now())
    assert meeting.transcript.state == TranscriptState.WORKING
    track_fail(work=meeting.works[1], reason="no sound", now=clock.now())
    assert meeting.transcript.state == TranscriptState.FAILED
    assert Record.objects.get(action="transcripts.transcript.ready").outcome == "failed"


def test_with_one_track_that_failed_it_is_ready_all_the_same(meeting: Meeting) -> None:
    stop(meeting)
    track_fail(work=meeting.works[0], reason="no sound", now=clock.now())
    finish(meeting, 1)
    assert meeting.transcript.state == TranscriptState.READY


def test_a_worker_that_comes_late_writes_nothing_twice(meeting: Meeting) -> None:
    assert finish(meeting, 0)
    assert not finish(meeting, 0, "Autre chose")
    track_fail(work=meeting.works[0], reason="too late", now=clock.now())
    work = TrackWork.objects.get(pk=meeting.works[0].pk)
    assert (work.state, work.error) == (WorkState.DONE, "")
    assert [turn.text for turn in work.turns.all()] == ["Bonjour"]
    assert Record.objects.filter(action="transcripts.track.transcribed").count() == 1


def leased(work: TrackWork, seconds: float) -> None:
    """Another worker has it until then."""
    until = clock.now() + timedelta(seconds=seconds)
    TrackWork.objects.filter(pk=work.pk).update(state=WorkState.RUNNING, attempts=1, leased_until=until)


def test_one_worker_does_it_and_another_takes_over_when_that_one_died(meeting: Meeting) -> None:
    work = meeting.works[0]
    CapturedTrack.objects.filter(id=work.track_id).update(blob=None)  # nothing to hear: no model is asked
    leased(work, 20)
    transcribe_track(str(work.id))
    transcribe_track(str(uuid.uuid4()))
    transcribe_track("no work")
    work.refresh_from_db()
    assert (work.state, work.attempts) == (WorkState.RUNNING, 1)
    leased(work, -1)
    transcribe_track(str(work.id))
    work.refresh_from_db()
    assert (work.state, work.attempts, work.leased_until) == (WorkState.DONE, 2, None)
    transcribe_track(str(work.id))
    work.refresh_from_db()
    assert work.attempts == 2


def test_a_sound_that_is_none_is_given_up_at_once_with_a_sentence(meeting: Meeting) -> None:
    transcribe_track(str(meeting.works[0].id))
    work = TrackWork.objects.get(pk=meeting.works[0].pk)
    assert (work.state, work.attempts) == (WorkState.FAILED, 1)
    assert work.error
    assert TrackWork.objects.get(pk=meeting.works[1].pk).state == WorkState.WAITING


def test_what_kills_its_workers_is_given_up_and_what_lives_is_left_alone(meeting: Meeting) -> None:
    for work, seconds in zip(meeting.works, (-1, 20), strict=True):
        leased(work, seconds)
    TrackWork.objects.update(attempts=TrackWork.ATTEMPTS_MAX)
    transcribe_track(str(meeting.works[0].id))  # not once more
    sweep()
    first, second = (TrackWork.objects.get(pk=work.pk) for work in meeting.works)
    assert (first.state, first.error) == (WorkState.FAILED, "its worker died each time")
    assert (second.state, second.attempts) == (WorkState.RUNNING, TrackWork.ATTEMPTS_MAX)
