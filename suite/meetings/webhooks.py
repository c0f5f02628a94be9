"""What the media server tells: who came and went, which tracks there are, which recordings ended. Any of it may come twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from livekit import api

from suite.kernel import clock
from suite.kernel.errors import BadInput, Forbidden
from suite.kernel.events import publish
from suite.kernel.ids import parse_uuid
from suite.kernel.logs import get_logger
from suite.kernel.refs import SYSTEM
from suite.meetings.events import MediaRoomStarted, MicrophonePublished
from suite.meetings.models import Meeting, Participation
from suite.meetings.services.captures import track_store
from suite.meetings.services.meetings import meeting_end
from suite.meetings.services.participations import participation_joined, participation_left

log = get_logger(__name__)


def read(*, body: bytes, authorization: str) -> api.WebhookEvent:
    """The event that a media server signed with our key. Raises `Forbidden` for any other's, `BadInput` for garbage."""
    verifier = api.TokenVerifier(settings.LIVEKIT_API_KEY, settings.LIVEKIT_API_SECRET)
    try:
        text = body.decode()
        json.loads(text)
    except ValueError as error:
        raise BadInput from error
    try:
        return api.WebhookReceiver(verifier).receive(text, authorization.removeprefix("Bearer ").strip())
    except Exception as error:  # PyJWT, its checksum and protobuf each raise their own
        raise Forbidden from error


def handle(event: api.WebhookEvent) -> None:
    """Write what `event` says; one of a room or a kind that is not ours says nothing."""
    known = HANDLERS.get(event.event)
    if known is not None:
        known(event)


def _joined(event: api.WebhookEvent) -> None:
    participation = _participation(event)
    if participation is not None:
        participation_joined(participation=participation, now=_at(event))


def _left(event: api.WebhookEvent) -> None:
    participation = _participation(event)
    if participation is not None:
        participation_left(participation=participation, now=_at(event))


def _published(event: api.WebhookEvent) -> None:
    participation = _participation(event)
    if participation is None or event.track.source != api.TrackSource.MICROPHONE:
        return
    with transaction.atomic():
        publish(
            MicrophonePublished(
                meeting_id=participation.meeting_id,
                participation_id=participation.id,
                track_sid=event.track.sid,
                at=_at(event),
            )
        )


def _room_started(event: api.WebhookEvent) -> None:
    meeting = _meeting(event)
    if meeting is not None:
        with transaction.atomic():
            publish(MediaRoomStarted(meeting_id=meeting.id, at=_at(event)))


def _room_finished(event: api.WebhookEvent) -> None:
    meeting = _meeting(event)
    if meeting is not None:
        meeting_end(meeting=meeting, actor=SYSTEM, now=_at(event))


def _egress_ended(event: api.WebhookEvent) -> None:
    recording_over(event.egress_info)


def recording_over(info: api.EgressInfo) -> None:
    """Keep what a recording that has ended left, or say why there is nothing."""
    failed = info.status != api.EgressStatus.EGRESS_COMPLETE or not info.file_results
    if failed:
        track_store(
            egress_id=info.egress_id, content=None, started_at=None, now=clock.now(), failure=(info.error or "failed")[:200]
        )
        return
    result = info.file_results[0]
    path = _recorded(result.filename)
    started_at = datetime.fromtimestamp(result.started_at / 1e9, tz=UTC) if result.started_at else None
    if path is None or path.stat().st_size == 0:
        track_store(egress_id=info.egress_id, content=None, started_at=None, now=clock.now(), failure="no file")
        return
    with path.open("rb") as content:
        track_store(egress_id=info.egress_id, content=content, started_at=started_at, now=clock.now())
    path.unlink(missing_ok=True)


def _recorded(name: str) -> Path | None:
    """The file that the recorder wrote; a name outside its folder is nobody's."""
    root = settings.RTC_EGRESS_ROOT.resolve()
    path: Path = (root / name).resolve()
    return path if path.is_relative_to(root) and path.is_file() else None


def _meeting(event: api.WebhookEvent) -> Meeting | None:
    meeting_id = parse_uuid(event.room.name)
    return None if meeting_id is None else Meeting.objects.filter(id=meeting_id).first()


def _participation(event: api.WebhookEvent) -> Participation | None:
    meeting_id, identity = parse_uuid(event.room.name), parse_uuid(event.participant.identity)
    if meeting_id is None or identity is None:
        return None
    return Participation.objects.select_related("meeting").filter(id=identity, meeting_id=meeting_id).first()


def _at(event: api.WebhookEvent) -> datetime:
    """When it happened: the server's second, never after now."""
    now = clock.now()
    if not event.created_at or abs(event.created_at - now.timestamp()) < 2:  # its clock has seconds, ours is finer
        return now
    return min(now, datetime.fromtimestamp(event.created_at, tz=UTC))


HANDLERS: dict[str, Callable[[api.WebhookEvent], None]] = {
    "participant_joined": _joined,
    "participant_left": _left,
    "participant_connection_aborted": _left,
    "track_published": _published,
    "room_started": _room_started,
    "room_finished": _room_finished,
    "egress_ended": _egress_ended,
}
