"""The transcript of an hour, written through the models for who measures its page: no speech engine has heard anything.

Runs inside a copy: `python -m suite.runtime --var … manage shell -c …`.
"""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

from django.db import transaction

from suite.files.public import blob_store
from suite.kernel.refs import SYSTEM
from suite.meetings.models import Capture, CapturedTrack, Meeting
from suite.transcripts.engines.base import Word
from suite.transcripts.pipeline.turns import Turn
from suite.transcripts.services import track_finish, track_queue
from tests.sounds import tone, write_opus

TURNS = 400
TURN_SECONDS = 9.0
SOUND_SECONDS = 30.0
SENTENCE = "Le conseil a examiné le point suivant de l’ordre du jour, et personne n’a demandé que l’on y revienne."


@transaction.atomic
def transcribe() -> None:
    """A transcript of `TURNS` turns, with times for its words and a track to listen to, of the one meeting that there is."""
    meeting = Meeting.objects.get()
    participation = meeting.participations.select_related("user").get()
    assert participation.user is not None
    begun, ended = meeting.started_at, meeting.started_at + timedelta(seconds=TURNS * TURN_SECONDS)
    capture = Capture.objects.create(
        meeting=meeting, started_by=participation.user, started_at=begun, stopped_at=ended, complete_at=ended
    )
    with tempfile.TemporaryDirectory() as folder:
        path = write_opus(Path(folder, "sound.ogg"), (0.0, tone(SOUND_SECONDS)))
        with path.open("rb") as sound:
            blob = blob_store(
                content=sound, media_type="audio/ogg", organization_id=meeting.organization_id, actor=SYSTEM, now=ended
            )
    track = CapturedTrack.objects.create(
        capture=capture, participation=participation, track_sid="TR_1", egress_id="EG_1",
        agreed_at=begun, started_at=begun, ended_at=ended, blob=blob,
    )  # fmt: skip
    turns = [_turn(number * TURN_SECONDS) for number in range(TURNS)]
    track_finish(work=track_queue(track=track, now=ended), turns=turns, now=ended)


def _turn(start: float) -> Turn:
    words = SENTENCE.split(" ")
    pace = (TURN_SECONDS - 1.0) / len(words)
    timed = tuple(Word(start + place * pace, start + (place + 1) * pace, f" {word}", 0.9) for place, word in enumerate(words))
    return Turn("", None, start, start + TURN_SECONDS - 1.0, SENTENCE, timed)
