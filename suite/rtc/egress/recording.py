"""One recording: from the first frame of a worker's connection to a file with a name and the webhooks that tell of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import time
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from livekit.protocol import egress
from livekit.protocol.webhook import WebhookEvent

from suite.rtc.egress import opus, wire
from suite.rtc.egress.assembly import Assembly, Piece
from suite.rtc.egress.destination import BadDestination, Destination
from suite.rtc.egress.frames import BadFilm, form_of
from suite.rtc.egress.ogg import RATE, OggWriter, mend
from suite.rtc.egress.timeline import Sound, Timeline
from suite.rtc.packets import red
from suite.rtc.webhooks import WebhookSender

if TYPE_CHECKING:
    from suite.rtc.egress.film import Film

log = logging.getLogger(__name__)

_SOUND: Final = frozenset({"audio/opus", "audio/red"})
_NANO: Final = 1_000_000_000


def films() -> ModuleType:
    """FFmpeg comes with the first picture: 40 MB that a recorder of sound does without."""
    from suite.rtc.egress import film  # noqa: PLC0415 -- loads FFmpeg, 40 MB

    return film


def now_ns() -> int:
    """The wall clock in ns."""
    return time.time_ns()


class Recording:
    """What `start` of the worker asked for. `note` is all that a later process needs to finish it."""

    def __init__(self, *, root: Path, webhooks: WebhookSender, note: dict[str, Any]) -> None:
        """Raises `wire.BadFrame` where the request lacks what a recording needs, `BadDestination` where it may not be there."""
        self.egress_id = str(note.get("egress_id", ""))
        if not self.egress_id:
            raise wire.BadFrame("no egress id")
        self.note = note
        self.note.setdefault("asked_at", now_ns())
        self.note.setdefault("earlier", [])
        self._root = root
        self._webhooks = webhooks
        self._clear()

    def _clear(self) -> None:
        """Before a file. Raises `wire.BadFrame` and `BadDestination` as above."""
        self._target: BinaryIO | None = None
        self._writer: OggWriter | None = None
        self._timeline: Timeline | None = None
        self._film: Film | None = None
        self.started_at = 0  # ns, of the first packet
        self.ended_at = 0
        self.size = 0
        self.error = ""
        self.mime = str(self.note.get("mime", ""))
        form = form_of(self.mime, str(self.note.get("parameter_sets", "")))
        self._assembly = Assembly(form) if form is not None else None
        if self.mime not in _SOUND and self._assembly is None:
            raise wire.BadFrame("only Opus, VP8, VP9, H264, H265 and AV1 can be recorded")
        self.destination = Destination(root=self._root, name=str(self.note.get("destination", "")))

    # --- while it runs

    def _open(self) -> None:
        self._target = self.destination.create(self.note)
        self._film = films().Film(self._target, self.mime) if self._assembly is not None else None

    def begin(self) -> None:
        """Open the file and say so. Raises `BadDestination` where that cannot be; the failure has been told then."""
        try:
            self._open()
        except BadDestination as error:
            self.error = str(error)
            self.ended_at = now_ns()
            self._tell("egress_ended", egress.EGRESS_FAILED)
            raise
        self._tell("egress_started", egress.EGRESS_STARTING)

    def take(self, kind: int, body: bytes) -> None:
        """Take a frame of the worker. Raises `wire.BadFrame`, `BadDestination` and `BadFilm`."""
        if kind == wire.MEDIA:
            self._packet(body)
        elif kind == wire.CODEC:
            self._go_on(wire.fields_of(body))

    def _go_on(self, fields: dict[str, Any]) -> None:
        """Finish the file, and go on in another: the publisher has changed its codec, and a file holds one.

        Raises `wire.BadFrame`, `BadDestination` or `BadFilm` where that cannot be.
        """
        self.close()
        if self.error:
            raise BadFilm(self.error)
        former = self.destination
        if self.size:
            self.note["earlier"].append({"filename": former.name, **self._span})
        self.note |= {"started_at": 0, "duration": 0}
        self.note |= {name: fields.get(name, "") for name in ("mime", "destination", "parameter_sets")}
        self._clear()
        try:
            self._open()
        finally:
            former.forget()  # the next file's note speaks of it

    def _packet(self, body: bytes) -> None:
        """What is not of the codec is passed over. Raises `BadFilm`."""
        if len(body) < wire.PACKET.size or self._target is None:
            return
        arrival, source, sequence, timestamp, flag = wire.PACKET.unpack_from(body)
        payload = body[wire.PACKET.size :]
        if self._assembly is None:
            if payload:
                self._sound(arrival, source, sequence, timestamp, payload, is_red=bool(flag))
            return
        for frame in self._assembly.add(Piece(arrival, source, sequence, timestamp, bool(flag), payload)):
            if not self.started_at:
                self._begun(frame.arrival)
            if self._film is not None:
                self._film.write(frame)

    @property
    def lacks_keyframe(self) -> bool:
        """Whether a picture cannot go on without one."""
        return self._assembly is not None and self._assembly.lacks_keyframe

    def _sound(self, arrival: int, source: int, sequence: int, timestamp: int, payload: bytes, *, is_red: bool) -> None:
        repeated: tuple[tuple[int, bytes], ...] = ()
        if is_red:
            found = red.blocks(payload, 0, len(payload))
            if not found:
                return
            repeated = tuple((before, payload[start:end]) for _, before, start, end in found[:-1])
            payload = payload[found[-1][2] : found[-1][3]]
        if not opus.samples(payload):
            return
        if self._timeline is None:
            self._first(payload, arrival)
        if self._timeline is not None:
            self._timeline.add(Sound(arrival, source, sequence, timestamp, payload, repeated))

    def _first(self, payload: bytes, arrival: int) -> None:
        if self._target is None:
            return
        channels = 2 if opus.is_stereo(payload) else 1
        comments = {"EGRESS_ID": self.egress_id, "STARTED_AT": str(arrival)}
        self._writer = OggWriter(self._target, serial=secrets.randbits(32), channels=channels, comments=comments)
        self._timeline = Timeline(self._writer)
        self._begun(arrival)

    def _begun(self, arrival: int) -> None:
        self.started_at = arrival
        self.note["started_at"] = arrival
        self.destination.write_note(self.note)
        self._tell("egress_updated", egress.EGRESS_ACTIVE)

    def progress(self) -> bytes:
        """What the worker is told, as a frame."""
        if self._film is not None and self._target is not None:
            self._target.flush()
        written = self._writer or self._film
        return wire.message(
            wire.PROGRESS,
            {
                "egress_id": self.egress_id,
                "filename": self.destination.name,
                "earlier": self.note["earlier"],
                "started_at": self.started_at,
                "ended_at": self.ended_at,
                "bytes": self.size or (written.size if written else 0),
                "duration": self.duration,
                "error": self.error,
            },
        )

    @property
    def duration(self) -> int:
        """Length of the sound or the picture in ns."""
        if self._film is not None:
            return self._film.duration
        return self._writer.samples * _NANO // RATE if self._writer else 0

    @property
    def _span(self) -> dict[str, int]:
        """The file that is finished, as protobufs call it: ns and bytes."""
        lasts = int(self.note.get("duration", 0))
        return {"started_at": self.started_at, "ended_at": self.ended_at, "duration": lasts, "size": self.size}

    # --- its end

    def close(self) -> None:
        """Finish the file and give it its name; `tell_end` says so, whatever the disk does."""
        try:
            if self._timeline is not None and self._writer is not None:
                self._timeline.finish()
                self._writer.close()
            if self._film is not None and self._target is not None:
                self._film.close()
                self._target.flush()
                os.fsync(self._target.fileno())
            self._name(heard=self.duration > 0 or (self._film is not None and self._film.has_begun))
        except OSError as error:
            self.error = self.error or f"the file could not be finished: {error.strerror}"
            log.warning("Recording %s could not be finished: %s", self.egress_id, error.strerror)
        except BadFilm as error:
            self.error = self.error or str(error)
            log.warning("Recording %s could not be finished: %s", self.egress_id, error)
        finally:
            self._let_go()
        if self.error and self.duration > 0 and not self.destination.path.exists():
            with contextlib.suppress(OSError):  # what is there can be played
                self.size = self.destination.complete()
        self._note_end(self.duration)

    async def tell_end(self, *, details: str) -> None:
        """Tell of the end; the note beside the file goes once that was taken."""
        status = egress.EGRESS_FAILED if self.error else egress.EGRESS_COMPLETE
        if await self._tell("egress_ended", status, details=details):
            self.destination.forget()

    async def finish_left_over(self) -> None:
        """Finish what a process that died has left: named and told; sound is cut after its last whole page and closed."""
        self.note = self.destination.read_note() or self.note
        self.started_at = int(self.note.get("started_at", 0))
        self.error = str(self.note.get("error", ""))
        self._target = self.destination.reopen()
        if self._target is not None:
            if self._assembly is not None:
                lasts = await asyncio.to_thread(films().length, self._target)
            else:
                lasts = mend(self._target) * _NANO // RATE
            self._name(heard=lasts > 0)
            self._note_end(lasts)
        elif self.destination.path.exists():
            self.size = self.destination.path.stat().st_size
            self._note_end(int(self.note.get("duration", 0)))
        elif not self.error and not self.note["earlier"]:
            self.destination.forget()  # it was told and taken away; only the note outlived it
            return
        await self.tell_end(details="finished after a restart")

    def _let_go(self) -> None:
        target, self._target = self._target, None
        if target is not None:
            with contextlib.suppress(OSError):  # what it still holds finds no room: that has been said
                target.close()

    def _name(self, *, heard: bool) -> None:
        if self._target is not None:
            self._target.close()
            self._target = None
        if heard:
            self.size = self.destination.complete()
        else:
            self.destination.discard()

    def _note_end(self, duration: int) -> None:
        self.ended_at = self.started_at + duration if self.started_at else now_ns()
        self.note |= {"duration": duration, "error": self.error}
        try:
            self.destination.write_note(self.note)
        except OSError as error:
            log.warning("The note of recording %s cannot be written: %s", self.egress_id, error.strerror)

    def _tell(self, name: str, status: egress.EgressStatus, *, details: str = "") -> Any:
        """Send a webhook; awaiting what is returned says whether it was taken."""
        info = egress.EgressInfo(
            egress_id=self.egress_id,
            room_id=str(self.note.get("room_sid", "")),
            room_name=str(self.note.get("room_name", "")),
            status=status,
            started_at=int(self.note["asked_at"]),
            ended_at=self.ended_at,
            updated_at=now_ns(),
            error=self.error,
            details=details,
            track=egress.TrackEgressRequest(
                room_name=str(self.note.get("room_name", "")),
                track_id=str(self.note.get("track", "")),
                file=egress.DirectFileOutput(filepath=self.destination.name),
            ),
        )
        files = list(self.note["earlier"])
        if self.size or not files or not self.ended_at:
            files.append({"filename": self.destination.name, **self._span})
        info.file_results.extend(egress.FileInfo(**one, location=one["filename"]) for one in files)
        info.file.CopyFrom(info.file_results[0])
        event = WebhookEvent(
            event=name, egress_info=info, id="EV_" + secrets.token_urlsafe(9), created_at=time.time_ns() // _NANO
        )
        return self._webhooks.send(event)
