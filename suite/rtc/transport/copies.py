"""Copies of a track for the recorder: its packets from now on, over a bounded Unix stream."""

from __future__ import annotations

import asyncio
import logging
import posixpath
import re
import time
from collections.abc import Callable
from typing import Any, Final

from suite.rtc.core.egress import RECORDED
from suite.rtc.core.media import CopiedFile, CopyEnded, CopyStarted, Report, StartCopy
from suite.rtc.egress import wire
from suite.rtc.packets import trailer
from suite.rtc.packets.layer import Layer
from suite.rtc.packets.rtp import Packet
from suite.rtc.packets.track import Track

log = logging.getLogger(__name__)

BUFFER: Final = 512 * 1024  # bytes that may wait for the recorder; packets beyond are dropped and counted
CONNECT: Final = 5.0  # s
FINISH: Final = 20.0  # s that the recorder may take to finish a file
# s of sound after the command that are left out: what a microphone heard before the command must never be written, and a
# packet carries sound that is older than itself by its frame, the encoder and the way here.
GUARD: Final = 0.2
FILES_MOST: Final = 50  # of one recording: a file holds one codec
_SETS: Final = re.compile(r"(?:^|;)\s*sprop-parameter-sets=([A-Za-z0-9+/=,]{1,2000})")
_SOUND: Final = frozenset({"audio/opus", "audio/red"})  # one file holds both


class Copy:
    """One copy. It ends once: by `stop`, with its track, or because the recorder went away."""

    def __init__(
        self, command: StartCopy, *, track: Track, report: Callable[[Report], None], clock: Callable[[], float]
    ) -> None:
        self.egress_id = command.egress_id
        self.track = track
        self._command = command
        self._report = report
        self._clock = clock
        self._from = clock() + GUARD
        self._writer: asyncio.StreamWriter | None = None
        self._layer: Layer | None = None  # of a picture: which of its sizes
        self._mime = command.mime
        self._files = 1
        self._dropped = 0
        self._reason = ""
        self._told: dict[str, Any] = {}
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"copy {command.egress_id}")
        track.copy(self._packet)

    def stop(self, reason: str, *, failed: bool = False) -> None:
        """End the copy: not one packet more."""
        if self._reason:
            return
        self._reason = reason
        self._detach()
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(wire.message(wire.STOP, {"reason": reason, "failed": failed, "dropped": self._dropped}))

    async def finished(self) -> None:
        """Wait until the recorder has the file."""
        await asyncio.wait({self._task}, timeout=FINISH)

    def _detach(self) -> None:
        self.track.copy_no_more(self._packet)

    def _packet(self, layer: Layer, packet: Packet, extended: int, now: float) -> None:
        """Hand a packet over, unless it may carry sound from before the command, or is of a lower layer."""
        if self.track.kind == "video" and not self._is_of_layer(layer, now):
            return
        if layer.codec is not None and layer.codec.mime != self._mime and not self._goes_on(layer, packet, now):
            return
        if self._from and now - layer.lateness(packet.timestamp, now) < self._from:
            return
        self._from = 0.0
        is_red = layer.codec is not None and layer.codec.mime == "audio/red"
        payload = bytearray(packet.buffer[packet.payload : packet.end])
        if self.track.kind == "video":
            flag = bool(packet.marker)
            if flag or packet.ends:  # files have no use for what the publisher's page says behind a frame
                del payload[trailer.cut(payload, layer.form, 0, len(payload)) :]
        else:
            flag = is_red
        head = wire.PACKET.pack(time.time_ns(), layer.ssrc, extended, packet.timestamp, flag)
        writer = self._writer
        if writer is None or writer.is_closing() or writer.transport.get_write_buffer_size() > BUFFER:
            self._dropped += 1
            return
        writer.write(wire.frame(wire.MEDIA, head + bytes(payload)))

    def _is_of_layer(self, layer: Layer, now: float) -> bool:
        """Whether the layer is the one that is recorded: the highest that flows."""
        before = self._layer
        if before is None or (layer is not before and (not before.live or layer.index > before.index)):
            self._layer = layer
            self.track.ask_keyframe(layer, now)
        return layer is self._layer

    def _goes_on(self, layer: Layer, packet: Packet, now: float) -> bool:
        """Whether a packet of another codec is the first of a further file; late ones of the codec before are left out."""
        mime = layer.codec.mime if layer.codec is not None else ""
        if _SOUND.issuperset((mime, self._mime)):
            return True
        if mime not in RECORDED or self._files == FILES_MOST:
            self.stop(f"the codec has changed to {mime}", failed=True)
            return False
        if self._writer is None or self._writer.is_closing():
            return False
        if self.track.kind == "video" and not packet.keyframe:
            self.track.ask_keyframe(layer, now)
            return False
        self._mime = mime
        self._files += 1
        stem, _ = posixpath.splitext(self._command.destination)
        name = f"{stem}-{self._files}{RECORDED[mime]}"
        self._writer.write(wire.message(wire.CODEC, {"mime": mime, "parameter_sets": self._sets(), "destination": name}))
        return True

    def _sets(self) -> str:
        """H264's parameter sets, where the publisher said them in its description (RFC 6184, 8.1)."""
        said = (_SETS.search(codec.fmtp) for codec in self.track.codecs.values() if codec.mime == "video/h264")
        return next((found[1] for found in said if found is not None), "")

    async def _run(self) -> None:
        command = self._command
        writer = None
        try:
            async with asyncio.timeout(CONNECT):
                reader, writer = await asyncio.open_unix_connection(command.socket)
            start = {
                "egress_id": command.egress_id,
                "track": command.track,
                "destination": command.destination,
                "mime": command.mime,
                "parameter_sets": self._sets(),
                "room_name": command.room_name,
                "room_sid": command.room_sid,
            }
            writer.write(wire.message(wire.START, start))
            self._writer = writer
            if self._reason:
                writer.write(wire.message(wire.STOP, {"reason": self._reason, "dropped": self._dropped}))
            await self._listen(reader)
        except (OSError, TimeoutError, wire.BadFrame) as error:
            log.warning("The recorder cannot be reached for %s: %s", command.egress_id, error)
            self._reason = "the recorder cannot be reached"
        finally:
            self._detach()
            if writer is not None:
                writer.close()
        told = self._told
        reason = str(told.get("error") or "") or self._reason or "the recorder went away"
        self._report(
            CopyEnded(
                command.egress_id,
                reason,
                started_at=int(told.get("started_at", 0)),
                ended_at=int(told.get("ended_at", 0)),
                duration=int(told.get("duration", 0)),
                size=int(told.get("bytes", 0)),
                dropped=self._dropped,
                filename=str(told.get("filename", "")),
                earlier=tuple(CopiedFile(**one) for one in told.get("earlier", ())),
            )
        )

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        """Read the recorder's words until it says that the file is there, or goes."""
        while True:
            kind, body = await wire.read(reader)
            if kind == wire.KEYFRAME:
                if self._layer is not None:
                    self.track.ask_keyframe(self._layer, self._clock())
                continue
            if kind != wire.PROGRESS:
                return
            before, self._told = self._told, wire.fields_of(body)
            if self._told.get("started_at") and not before.get("started_at"):
                self._report(CopyStarted(self.egress_id, int(self._told["started_at"])))
            if self._told.get("ended_at"):
                return
