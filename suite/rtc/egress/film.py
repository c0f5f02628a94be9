"""A file of frames as they were sent: WebM of VP8, VP9 and AV1, MP4 of H264 and H265, written by FFmpeg's muxers through PyAV.

What is written stays good where its writer dies: clusters and fragments stand for themselves.
"""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from typing import TYPE_CHECKING, BinaryIO, Final

import av

from suite.rtc.egress.frames import BadFilm
from suite.rtc.egress.vp9 import TopLayers

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.stream import Stream

    from suite.rtc.egress.assembly import Frame

CLOCK: Final = 90_000  # Hz, of a picture's timestamps
BASE: Final = Fraction(1, CLOCK)
DISBELIEF: Final = 2 * CLOCK  # a timestamp that jumps further than the clock on the wall is not believed
_WRAP: Final = 1 << 32
_NANO: Final = 1_000_000_000
_FOURCC: Final = {"video/vp8": b"VP80", "video/vp9": b"VP90", "video/av1": b"AV01"}
_FORMATS: Final = {
    "webm": {"cluster_time_limit": "1000"},
    "mp4": {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "1000000"},
}


class Film:
    """Writes one recording, from its first keyframe on."""

    def __init__(self, target: BinaryIO, mime: str) -> None:
        self._target = target
        self._mime = mime
        self._container: OutputContainer | None = None
        self._stream: Stream | None = None
        self._layers = TopLayers() if mime == "video/vp9" else None
        self._former: Frame | None = None
        self._at = self._step = 0  # of the former frame, and how long it was shown, in ticks of `CLOCK`

    @property
    def duration(self) -> int:
        """Ns from the first frame to the end of the last."""
        return (self._at + self._step) * _NANO // CLOCK if self._former else 0

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._target.tell() if self._container is not None else 0

    def write(self, frame: Frame) -> None:
        """Append a frame; raises `BadFilm`."""
        data = frame.data if self._layers is None else self._layers.shown(frame.data)
        try:
            if self._container is None:
                self._open(data)
            if self._former is not None:
                at = self._where(frame)
                self._step, self._at = at - self._at, at
            packet = av.Packet(data)
            packet.stream, packet.time_base = self._stream, BASE
            packet.pts = packet.dts = self._at
            packet.is_keyframe = frame.is_key
            assert self._container is not None
            self._container.mux(packet)
        except (OSError, av.FFmpegError) as error:
            raise BadFilm(f"the picture cannot be written: {error.strerror}") from error
        self._former = frame

    @property
    def has_begun(self) -> bool:
        """Whether there is anything to see."""
        return self._former is not None

    def close(self) -> None:
        """Write what is left; raises `BadFilm`."""
        if self._container is not None:
            container, self._container = self._container, None
            try:
                container.close()
            except (OSError, av.FFmpegError) as error:
                raise BadFilm(f"the file could not be finished: {error.strerror}") from error

    def _open(self, data: bytes) -> None:
        """FFmpeg reads the size and what decoders need from the first keyframe."""
        raw = {"video/h264": "h264", "video/h265": "hevc"}.get(self._mime)
        first = data if raw else ivf(_FOURCC[self._mime], data)
        with av.open(io.BytesIO(first), format=raw or "ivf") as source:
            name = "mp4" if raw else "webm"
            self._container = av.open(self._target, "w", format=name, container_options=_FORMATS[name])
            self._stream = self._container.add_stream_from_template(source.streams.video[0], opaque=True)
            self._stream.time_base = BASE

    def _where(self, frame: Frame) -> int:
        """When a frame is shown, in ticks since the first: by the publisher's clock, by the wall's where that jumps."""
        former = self._former
        assert former is not None
        by_clock = (frame.arrival - former.arrival) * CLOCK // _NANO
        step = (frame.timestamp - former.timestamp + _WRAP // 2) % _WRAP - _WRAP // 2
        if frame.source != former.source or abs(step - by_clock) > DISBELIEF:
            step = by_clock
        return self._at + max(1, step)


def ivf(fourcc: bytes, frame: bytes) -> bytes:
    """A file of one frame, for FFmpeg to read."""
    head = struct.pack("<4sHH4sHHIIII", b"DKIF", 0, 32, fourcc, 0, 0, 30, 1, 1, 0)
    return head + struct.pack("<IQ", len(frame), 0) + frame


def _cut(target: BinaryIO) -> None:
    """Cut an MP4 behind its last whole fragment: of one that is not, a player reads pictures that are none."""
    at = whole = 0
    ends = target.seek(0, io.SEEK_END)
    while at + 8 <= ends:
        target.seek(at)
        size, kind = struct.unpack(">I4s", target.read(8))
        if size < 8 or at + size > ends or (not at and kind != b"ftyp"):
            break
        at += size
        if kind in {b"moov", b"mdat"}:
            whole = at
    if whole:
        target.truncate(whole)


def length(target: BinaryIO) -> int:
    """Ns that a file plays which a dead process has left, made whole as far as it goes; 0 where there is nothing to see."""
    _cut(target)
    target.seek(0)
    ends = 0.0
    try:
        with av.open(target) as found:
            for packet in found.demux(video=0):
                if packet.pts is not None and packet.time_base is not None:
                    ends = max(ends, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    except (av.FFmpegError, OSError):
        pass
    return int(ends * _NANO)
