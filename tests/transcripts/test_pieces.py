"""A recording in pieces: voices that were heard before keep their numbers, and every piece stands at its own time."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import numpy as np
import pytest

from suite.kernel import clock
from suite.meetings.models import CapturedTrack, Consent
from suite.meetings.services.captures import track_claim, track_recording, track_store
from suite.transcripts.engines.base import SAMPLE_RATE, Sound, SpeakerTurn
from suite.transcripts.models import TrackWork
from suite.transcripts.pipeline.pieces import end_to_end, renumbered
from suite.transcripts.pipeline.turns import Turn
from suite.transcripts.selectors import lines_of, pieces_before, voices_written
from suite.transcripts.services import track_finish, track_queue
from tests.audit.worlds import recording, sitting


def test_a_voice_keeps_its_number_over_the_pieces() -> None:
    heard = [(0.0, 4.0, 1), (4.0, 9.0, 2)]  # what the first ten seconds gave
    turns = [
        SpeakerTurn(0, 4.2, 1),
        SpeakerTurn(4.2, 9, 2),
        SpeakerTurn(11, 13, 2),
        SpeakerTurn(13, 14, 3),
        SpeakerTurn(14, 16, 1),
    ]
    assert renumbered(turns, heard=heard, since=10) == [SpeakerTurn(1, 3, 2), SpeakerTurn(3, 4, 3), SpeakerTurn(4, 6, 1)]


def test_numbers_follow_who_was_meant_and_not_the_order_of_this_hearing() -> None:
    turns = [SpeakerTurn(0, 5, 7), SpeakerTurn(5, 8, 4), SpeakerTurn(9, 12, 4)]
    assert renumbered(turns, heard=[(0, 5, 2), (5, 8, 1)], since=8.5) == [SpeakerTurn(0.5, 3.5, 1)]


def test_where_nothing_was_written_before_voices_count_from_one() -> None:
    assert renumbered([SpeakerTurn(8, 12, 5)], heard=[], since=10) == [SpeakerTurn(0, 2, 1)]


def test_two_voices_that_became_one_take_one_number() -> None:
    turns = [SpeakerTurn(0, 10, 1), SpeakerTurn(12, 13, 1)]
    assert renumbered(turns, heard=[(0, 7, 2), (7, 10, 1)], since=11) == [SpeakerTurn(1, 2, 2)]


def test_sounds_are_laid_end_to_end() -> None:
    joined = end_to_end([Sound(np.full(SAMPLE_RATE, 0.5, np.float32)), Sound(np.zeros(10, np.float32))])
    assert (joined.seconds, len(joined.samples)) == (1 + 10 / SAMPLE_RATE, SAMPLE_RATE + 10)
    assert end_to_end([]).seconds == 0


@pytest.mark.django_db(transaction=True)
def test_each_piece_stands_at_its_own_time(engines, settings):
    settings.SPEECH = True
    at = sitting()
    first = recording(at)
    began = first.agreed_at
    second = None
    works: list[TrackWork] = []
    for track, seconds, words in ((first, 2.0, "Bonjour"), (second, 17.5, "je reprends")):
        if track is None:
            claimed = track_claim(consent=Consent.objects.get(), track_sid="TR_1", now=clock.now(), again=True)
            assert claimed is not None
            track_recording(track=claimed, egress_id="EG_2", now=clock.now())
            track = claimed  # noqa: PLW2901 -- the second piece is claimed once the first is stored
        track_store(egress_id=track.egress_id, content=BytesIO(b"sound"), started_at=began + timedelta(seconds=seconds),
                    now=clock.now())  # fmt: skip
        work = track_queue(track=CapturedTrack.objects.get(id=track.id), now=clock.now())
        track_finish(work=work, turns=[Turn(str(work.id), 1, 0.5, 1.5, words)], now=clock.now())
        works.append(TrackWork.objects.select_related("track", "transcript__meeting").get(id=work.id))
    offset = (began - at.meeting.started_at).total_seconds()
    lines = lines_of(works[0].transcript)
    assert [line.text for line in lines] == ["Bonjour", "je reprends"]
    assert [round(line.at - offset, 3) for line in lines] == [2.5, 18.0]
    assert [(line.since, line.sound) for line in lines] == [(0.3, works[0].track_id), (0.3, works[1].track_id)]
    assert [list(pieces_before(work)) for work in works] == [[], [works[0]]]
    assert [(round(start, 3), round(end, 3), voice) for start, end, voice in voices_written(works[1])] == [(0.5, 1.5, 1)]
