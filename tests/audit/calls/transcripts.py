"""How the services of transcripts are called."""

from __future__ import annotations

from collections.abc import Callable

from suite.kernel import clock
from suite.meetings.models import CapturedTrack
from suite.meetings.services.captures import capture_stop, track_store
from suite.transcripts import services
from suite.transcripts.models import TrackWork, Transcript
from tests.audit.worlds import Sitting, purged, recording, sitting, some_bytes

Call = Callable[[], object]


def _stored() -> tuple[Sitting, CapturedTrack]:
    at = sitting()
    track = recording(at)
    track_store(egress_id=track.egress_id, content=some_bytes(), started_at=clock.now(), now=clock.now())
    capture_stop(capture=track.capture, actor=at.awa.ref, now=clock.now())
    return at, CapturedTrack.objects.get(id=track.id)


def _queued() -> tuple[Sitting, TrackWork]:
    at, track = _stored()
    return at, services.track_queue(track=track, now=clock.now())


def _ready() -> tuple[Sitting, Transcript]:
    at, work = _queued()
    services.track_finish(work=work, turns=[], now=clock.now())
    return at, Transcript.objects.get(pk=work.transcript_id)


def _open() -> Call:
    at = sitting()
    capture = recording(at).capture
    return lambda: services.transcript_open(capture=capture, now=clock.now())


def _queue() -> Call:
    _at, track = _stored()
    return lambda: services.track_queue(track=track, now=clock.now())


def _chunk() -> Call:
    _at, work = _queued()
    return lambda: services.chunk_keep(work=work, index=0, segments=[], now=clock.now())


def _finish() -> Call:
    _at, work = _queued()
    return lambda: services.track_finish(work=work, turns=[], now=clock.now())


def _fail() -> Call:
    _at, work = _queued()
    return lambda: services.track_fail(work=work, reason="no sound", now=clock.now())


def _settle() -> Call:
    _at, transcript = _ready()
    transcript.state = "working"
    transcript.save(update_fields=["state"])
    return lambda: services.transcript_settle(transcript=transcript, now=clock.now())


def _document() -> Call:
    at, transcript = _ready()
    return lambda: services.transcript_open_as_document(transcript=transcript, viewer=at.awa, now=clock.now())


def _export() -> Call:
    at, transcript = _ready()
    return lambda: services.transcript_export(transcript=transcript, viewer=at.awa, now=clock.now())


def _listen() -> Call:
    at, transcript = _ready()
    return lambda: services.transcript_listen(transcript=transcript, viewer=at.awa, now=clock.now())


def _erase() -> Call:
    at, transcript = _ready()
    purged(transcript.resource, at.awa)
    return lambda: services.transcript_erase(transcript_id=transcript.pk, now=clock.now())


CALLS: dict[str, Callable[[], Call]] = {
    "transcript_open": _open,
    "track_queue": _queue,
    "chunk_keep": _chunk,
    "track_finish": _finish,
    "track_fail": _fail,
    "transcript_settle": _settle,
    "transcript_open_as_document": _document,
    "transcript_export": _export,
    "transcript_listen": _listen,
    "transcript_erase": _erase,
}
