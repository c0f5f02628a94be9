"""Stored sound: given to its listeners for as long as those who agreed were told, then deleted. The text stays."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Value

from suite.audit.public import NO_ORGANIZATION, record
from suite.files.public import blob_delete
from suite.kernel.events import publish
from suite.kernel.refs import SYSTEM, ActorRef, TargetRef
from suite.meetings.events import SoundDeleted
from suite.meetings.models import Capture, CapturedTrack
from suite.meetings.records import record_in
from suite.meetings.services.captures import capture_stop

BATCH = 200
LEFT_AFTER = timedelta(days=1)
RECORDING: Final = re.compile(r"[0-9a-f]{32}/\.?([0-9a-f]{32})\.ogg.*")  # the recorder's files, whole, partial, and notes
DAY = Value(timedelta(days=1), output_field=DurationField())


@transaction.atomic
def sound_delete(*, track_id: uuid.UUID, reason: str, actor: ActorRef, now: datetime) -> bool:
    """Delete the sound of one captured track, its bytes and its blob; False where there is none. The row stays as a receipt."""
    track = CapturedTrack.objects.select_for_update(of=("self",)).select_related("capture__meeting").get(pk=track_id)
    blob = track.blob
    if blob is None:
        return False
    meeting = track.capture.meeting
    track.blob, track.sound_deleted_at = None, now
    track.save(update_fields=["blob", "sound_deleted_at"])
    blob_delete(blob=blob, actor=actor, now=now, context=meeting.id, reason=reason)
    record_in(
        meeting,
        "meetings.sound.deleted",
        actor=actor,
        target=TargetRef(kind="captured_track", id=track.id),
        at=now,
        reason=reason,
        participation_id=str(track.participation_id),
    )
    publish(SoundDeleted(meeting_id=meeting.id, capture_id=track.capture_id, track_id=track.id, at=now))
    return True


@transaction.atomic
def sounds_delete(*, capture_id: uuid.UUID, reason: str, actor: ActorRef, now: datetime) -> int:
    """Delete all sound of a capture at once, and keep none that comes late: it stops where it runs. How many tracks had any."""
    capture = Capture.objects.select_for_update(of=("self",)).select_related("meeting").get(pk=capture_id)
    if capture.erased_at is None:
        capture.erased_at = now
        capture.save(update_fields=["erased_at"])
        capture_stop(capture=capture, actor=actor, now=now)
    tracks = CapturedTrack.objects.filter(capture_id=capture_id, blob__isnull=False).values_list("id", flat=True)
    return sum(sound_delete(track_id=one, reason=reason, actor=actor, now=now) for one in list(tracks))


def sounds_expire(*, now: datetime) -> int:
    """Delete the sound whose days are over, as they were said to those who agreed, counted from its end; how many."""
    kept = ExpressionWrapper(F("capture__sound_days") * DAY, output_field=DurationField())
    over = ExpressionWrapper(F("ended_at") + kept, output_field=DateTimeField())
    old = CapturedTrack.objects.alias(over_at=over).filter(blob__isnull=False, over_at__lte=now)
    deleted = 0
    while due := list(old.values_list("id", flat=True)[:BATCH]):
        deleted += sum(sound_delete(track_id=one, reason="expired", actor=SYSTEM, now=now) for one in due)
    return deleted


def recordings_sweep(*, now: datetime) -> int:
    """Remove what the recorder left that no open track waits for, a day after it was written; how many files."""
    swept = 0
    for path, track_id in _left(now=now):
        with transaction.atomic():
            record("meetings.recording.swept", actor=SYSTEM, target=TargetRef(kind="captured_track", id=track_id),
                   organization_id=NO_ORGANIZATION, at=now, size=path.stat().st_size)  # fmt: skip
            path.unlink(missing_ok=True)
        swept += 1
    return swept


def _left(*, now: datetime) -> Iterator[tuple[Path, uuid.UUID]]:
    root = settings.RTC_EGRESS_ROOT
    for path in sorted(root.glob("*/*")) if root.is_dir() else ():
        named = RECORDING.fullmatch(path.relative_to(root).as_posix())
        if named is None or datetime.fromtimestamp(path.stat().st_mtime, tz=UTC) > now - LEFT_AFTER:
            continue
        track_id = uuid.UUID(named.group(1))
        if not CapturedTrack.objects.filter(id=track_id, ended_at=None).exists():
            yield path, track_id
