"""Recordings of single tracks: what StartTrackEgress asks for becomes a copy that the plane sends to the egress process."""

from __future__ import annotations

import posixpath
import re
from datetime import UTC, datetime
from typing import Final

from livekit.protocol import egress, models

from suite.rtc.core import layers, media
from suite.rtc.core.errors import ServiceError, no_egress
from suite.rtc.core.participant import Participant
from suite.rtc.core.state import RoomState
from suite.rtc.core.track import Track

MAX_COPIES: Final = 200  # of one room
OPEN: Final = frozenset({egress.EGRESS_STARTING, egress.EGRESS_ACTIVE, egress.EGRESS_ENDING})
RECORDED: Final = {
    **dict.fromkeys(("audio/opus", "audio/red"), ".ogg"),
    **dict.fromkeys(("video/vp8", "video/vp9", "video/av1"), ".webm"),
    **dict.fromkeys(("video/h264", "video/h265"), ".mp4"),
}
LONGEST_PATH: Final = 512
_BRACES: Final = re.compile(r"\{(\w+)\}")
MAX_ENDED: Final = 200  # ended ones that are still listed


def start(room: RoomState, request: egress.TrackEgressRequest) -> egress.EgressInfo:
    """Copy a track to a file of the egress process.

    Raises `ServiceError` where there is no such track or egress process, or anything but a file is asked for.
    """
    found = room.track(request.track_id)
    if found is None or not found[1].announced:
        raise ServiceError("not_found", "twirp error unknown: track not found")
    if not room.settings.egress_socket:
        raise no_egress()
    if request.WhichOneof("output") != "file" or request.file.WhichOneof("output") is not None:
        raise ServiceError("invalid_argument", "only a local file can be written to")
    participant, track = found
    mime = _mime(track)
    path = _path(room, participant, track, asked=request.file.filepath, extension=RECORDED.get(mime, ""))
    if sum(1 for e in room.egresses.values() if e.status in OPEN) >= MAX_COPIES:
        raise ServiceError("resource_exhausted", "too many recordings in this room")
    if track.info.encryption != models.Encryption.NONE:
        raise ServiceError("failed_precondition", "what is encrypted from end to end cannot be recorded")
    if mime and mime not in RECORDED:
        raise ServiceError("unimplemented", f"{mime} is not recorded")
    now = int(room.now * 1_000_000_000)
    info = egress.EgressInfo(
        egress_id=room.identifiers.sid("EG_"), room_id=room.sid, room_name=room.name, status=egress.EGRESS_STARTING,
        started_at=now, updated_at=now, track=request,
    )  # fmt: skip
    info.file_results.append(egress.FileInfo(filename=path, started_at=now))
    room.egresses[info.egress_id] = info
    room.command(media.StartCopy(info.egress_id, track.sid, room.settings.egress_socket, path, mime, room.name, room.sid))
    _note(room, track)
    return info


def _path(room: RoomState, participant: Participant, track: Track, *, asked: str, extension: str) -> str:
    """The file's path as LiveKit's egress makes it of what is asked for: names in braces are filled in, a folder gets a file.

    Raises `ServiceError` where it leads out of the recorder's folder.
    """
    at = datetime.fromtimestamp(room.now, UTC)
    time = f"{at:%Y-%m-%dT%H%M%S}"
    names = {
        "room_name": room.name, "room_id": room.sid, "time": time, "utc": f"{at:%Y%m%d%H%M%S}{at.microsecond // 1000:03}",
        "publisher_identity": participant.identity, "track_id": track.sid,
        "track_type": models.TrackType.Name(track.info.type).lower(),
        "track_source": models.TrackSource.Name(track.info.source).lower(),
    }  # fmt: skip
    path = _BRACES.sub(lambda found: names.get(found[1], found[0]), asked)
    if not path or path.endswith("/"):
        path += f"{track.sid}-{time}"
    stem, ending = posixpath.splitext(path)
    if ending in RECORDED.values():
        path = stem
    path += extension
    if posixpath.isabs(path) or ".." in path.split("/") or "\0" in path or len(path) > LONGEST_PATH:
        raise ServiceError("invalid_argument", "filepath must be relative and stay inside the egress folder")
    return path


def _note(room: RoomState, track: Track) -> None:
    """Whether a picture is recorded: then its publisher sends all of it."""
    track.recorded = any(e.status in OPEN and e.track.track_id == track.sid for e in room.egresses.values())
    layers.demand_changed(room, track)


def _mime(track: Track) -> str:
    if track.codec is not None:
        return track.codec.mime
    return track.info.mime_type.lower()


def stop(room: RoomState, egress_id: str) -> egress.EgressInfo:
    """End a recording; raises `ServiceError` where it is unknown or over."""
    info = room.egresses.get(egress_id)
    if info is None:
        raise ServiceError("not_found", "twirp error unknown: egress does not exist")
    if info.status not in OPEN:
        raise ServiceError("failed_precondition", "twirp error unknown: egress has ended")
    info.status = egress.EGRESS_ENDING
    info.updated_at = int(room.now * 1_000_000_000)
    room.command(media.StopCopy(egress_id))
    return info


def started(room: RoomState, report: media.CopyStarted) -> None:
    """The first packet is written."""
    info = room.egresses.get(report.egress_id)
    if info is not None and info.status == egress.EGRESS_STARTING:
        info.status = egress.EGRESS_ACTIVE
        info.updated_at = int(room.now * 1_000_000_000)
        info.file_results[0].started_at = report.started_at


def ended(room: RoomState, report: media.CopyEnded) -> None:
    """The copy is over: complete where it was meant to end, failed with the plane's reason where not."""
    info = room.egresses.get(report.egress_id)
    if info is None:
        return
    wanted = info.status == egress.EGRESS_ENDING or report.reason in {"", "stopped", "track ended"}
    info.status = egress.EGRESS_COMPLETE if wanted else egress.EGRESS_FAILED
    info.error = "" if wanted else report.reason
    info.ended_at = info.updated_at = int(room.now * 1_000_000_000)
    last = media.CopiedFile(
        report.filename or info.file_results[0].filename, report.started_at, report.ended_at, report.duration, report.size
    )
    files = (*report.earlier, last) if last.size or not report.earlier else report.earlier
    del info.file_results[:]
    for one in files:
        info.file_results.add(
            filename=one.filename, started_at=one.started_at, ended_at=one.ended_at, duration=one.duration, size=one.size
        )
    found = room.track(info.track.track_id)
    if found is not None:
        _note(room, found[1])
    over = [e.egress_id for e in room.egresses.values() if e.status not in OPEN]
    for egress_id in over[:-MAX_ENDED]:
        del room.egresses[egress_id]


def track_gone(room: RoomState, track: Track) -> None:
    """A recording ends with its track."""
    for info in list(room.egresses.values()):
        if info.track.track_id == track.sid and info.status in OPEN:
            info.status = egress.EGRESS_ENDING
            room.command(media.StopCopy(info.egress_id))


def listed(room: RoomState, request: egress.ListEgressRequest) -> list[egress.EgressInfo]:
    """The recordings of the room that the request asks for."""
    return [
        info
        for info in room.egresses.values()
        if (not request.egress_id or info.egress_id == request.egress_id)
        and (not request.active or info.status in OPEN)
        and (not request.room_name or info.room_name == request.room_name)
    ]
