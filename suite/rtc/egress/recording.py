"""One recording: from the first frame of a worker's connection to a file with a name and the webhooks that tell of it."""

from __future__ import annotations

import logging
import secrets
import time
from pathlib import Path
from typing import Any, BinaryIO, Final

from livekit.protocol import egress
from livekit.protocol.webhook import WebhookEvent

from suite.rtc.egress import opus, wire
from suite.rtc.egress.destination import BadDestination, Destination
from suite.rtc.egress.ogg import RATE, OggWriter, mend
from suite.rtc.egress.timeline import Sound, Timeline
from suite.rtc.packets import red
from suite.rtc.webhooks import WebhookSender

log = logging.getLogger(__name__)

_MIMES: Final = frozenset({"audio/opus", "audio/red"})
_NANO: Final = 1_000_000_000


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
        if note.get("mime") not in _MIMES:
            raise wire.BadFrame("only Opus can be recorded")
        self.note = note
        self.note.setdefault("asked_at", now_ns())
        self._webhooks = webhooks
        self.destination = Destination(root=root, name=str(note.get("destination", "")))
        self._target: BinaryIO | None = None
        self._writer: OggWriter | None = None
        self._timeline: Timeline | None = None
        self.started_at = 0  # ns, of the first packet
        self.ended_at = 0
        self.size = 0
        self.error = ""

    # --- while it runs

    def begin(self) -> None:
        """Open the file and say so. Raises `BadDestination` where that cannot be; the failure has been told then."""
        try:
            self._target = self.destination.create(self.note)
        except BadDestination as error:
            self.error = str(error)
            self.ended_at = now_ns()
            self._tell("egress_ended", egress.EGRESS_FAILED)
            raise
        self._tell("egress_started", egress.EGRESS_STARTING)

    def sound(self, body: bytes) -> None:
        """Take a packet of the worker; what is no Opus is passed over."""
        if len(body) <= wire.PACKET.size or self._target is None:
            return
        arrival, source, sequence, timestamp, is_red = wire.PACKET.unpack_from(body)
        payload = body[wire.PACKET.size :]
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
        self.started_at = arrival
        self.note["started_at"] = arrival
        self.destination.write_note(self.note)
        self._tell("egress_updated", egress.EGRESS_ACTIVE)

    def progress(self) -> bytes:
        """What the worker is told, as a frame."""
        return wire.message(
            wire.PROGRESS,
            {
                "egress_id": self.egress_id,
                "started_at": self.started_at,
                "ended_at": self.ended_at,
                "bytes": self._writer.size if self._writer else self.size,
                "duration": self.duration,
                "error": self.error,
            },
        )

    @property
    def duration(self) -> int:
        """Length of the sound in ns."""
        return self._writer.samples * _NANO // RATE if self._writer else 0

    # --- its end

    def close(self) -> None:
        """Finish the file and give it its name; `tell_end` says so."""
        try:
            if self._timeline is not None and self._writer is not None:
                self._timeline.finish()
                self._writer.close()
            self._name(heard=self.duration > 0)
        except OSError as error:
            self.error = f"the file could not be finished: {error.strerror}"
            log.warning("Recording %s could not be finished: %s", self.egress_id, error.strerror)
        self._note_end(self.duration)

    async def tell_end(self, *, details: str) -> None:
        """Tell of the end; the note beside the file goes once that was taken."""
        status = egress.EGRESS_FAILED if self.error else egress.EGRESS_COMPLETE
        if await self._tell("egress_ended", status, duration=int(self.note["duration"]), details=details):
            self.destination.forget()

    async def finish_left_over(self) -> None:
        """Finish what a process that died has left: cut after the last whole page, closed, named, told."""
        self.note = self.destination.read_note() or self.note
        self.started_at = int(self.note.get("started_at", 0))
        self.error = str(self.note.get("error", ""))
        self._target = self.destination.reopen()
        if self._target is not None:
            samples = mend(self._target)
            self._name(heard=samples > 0)
            self._note_end(samples * _NANO // RATE)
        elif self.destination.path.exists():
            self.size = self.destination.path.stat().st_size
            self._note_end(int(self.note.get("duration", 0)))
        elif not self.error:
            self.destination.forget()  # it was told and taken away; only the note outlived it
            return
        await self.tell_end(details="finished after a restart")

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
        self.destination.write_note(self.note)

    def _tell(self, name: str, status: egress.EgressStatus, *, duration: int = 0, details: str = "") -> Any:
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
        result = egress.FileInfo(
            filename=self.destination.name,
            started_at=self.started_at,
            ended_at=self.ended_at,
            duration=duration,
            size=self.size,
            location=self.destination.name,
        )
        info.file_results.append(result)
        info.file.CopyFrom(result)
        event = WebhookEvent(
            event=name, egress_info=info, id="EV_" + secrets.token_urlsafe(9), created_at=time.time_ns() // _NANO
        )
        return self._webhooks.send(event)
