"""Sound files to samples on a true clock.

A recorded track has holes where nothing was sent (a muted microphone, lost packets). Players close them; here they become
silence, so that a second of the samples is a second of the meeting. Second 0 is the file's first sample.

In Ogg a page says only when it ends (RFC 3533, 6), and FFmpeg starts the page after a hole where the page before it ended: the
first page after a hole is heard too early. A recorder that ends a page at each hole, or writes short pages, keeps this small;
Matroska has no such doubt.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from django.utils.translation import gettext_lazy as _

from suite.transcripts.engines.base import SAMPLE_RATE, EngineError, Sound

if TYPE_CHECKING:
    import numpy as np

LONGEST = 6 * 3600.0
"""Seconds; no meeting of a day is longer, and a forged clock must not fill the memory with silence."""
JITTER = 0.04
"""Seconds that a frame may be off the clock before it counts as a hole or as overlap (two Opus frames of 20 ms)."""
BLOCK = 300.0
"""Seconds of sound held in memory at once: 19 MB."""


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive sound, `start` seconds after the file's first sample."""

    start: float
    sound: Sound


def decode(source: Path | BinaryIO, *, start: float = 0.0, end: float | None = None, longest: float = LONGEST) -> Sound:
    """The sound of `source` between `start` and `end` (seconds of the file), mono, 16 kHz, holes as silence.

    Raises `EngineError` (permanent) where the file holds no sound, is damaged, or lasts longer than `longest` seconds.
    """
    import numpy as np

    parts = []
    for block in blocks(source, longest=longest):
        if end is not None and block.start >= end:
            break
        parts.append(block.sound.between(start - block.start, (end if end is not None else longest) - block.start).samples)
    return Sound(np.concatenate(parts) if parts else np.zeros(0, np.float32))


def blocks(source: Path | BinaryIO, *, seconds: float = BLOCK, longest: float = LONGEST) -> Iterator[Block]:
    """The whole sound of `source` in order, in blocks of `seconds` (the last one shorter), so that any length fits in memory.

    Raises as `decode` does.
    """
    import av
    import numpy as np

    size = round(seconds * SAMPLE_RATE)
    held: list[np.ndarray] = []
    count = written = 0
    try:
        with av.open(str(source) if isinstance(source, Path) else source, metadata_errors="ignore") as container:
            if not container.streams.audio:
                raise EngineError(_("This file holds no sound. Please choose a sound or video recording."), permanent=True)
            for piece in _pieces(container, longest):
                held.append(piece)
                count += len(piece)
                while count >= size:
                    whole = np.concatenate(held)
                    yield Block(written / SAMPLE_RATE, Sound(whole[:size]))
                    held, count, written = [whole[size:]], count - size, written + size
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise EngineError(
            _("This sound file is damaged or of an unknown kind. Please upload it again, or in another format."), permanent=True
        ) from error
    if not written and not count:
        raise EngineError(_("This sound file is empty. Please upload it again."), permanent=True)
    if count:
        yield Block(written / SAMPLE_RATE, Sound(np.concatenate(held)))


def _pieces(container: Any, longest: float) -> Iterator[np.ndarray]:
    """Arrays of samples that follow one another without a hole: silence stands where the file's clock jumps."""
    import numpy as np

    stream = container.streams.audio[0]
    first: float | None = None
    due = 0.0  # the second at which the next frame belongs, were there no hole
    written = 0
    run: _Run | None = None
    for frame in _frames(container, stream):
        at = due if frame.pts is None else float(frame.pts * frame.time_base)
        first = at if first is None else first
        at, length = at - first, frame.samples / frame.sample_rate
        if max(at, due) + length > longest:
            raise EngineError(
                _("This recording is too long to be transcribed. Please cut it into shorter parts."),
                permanent=True,
                seconds=round(at),
            )
        if at + length <= due - JITTER:
            continue  # its time has been heard: a packet written twice
        hole = at > due + JITTER
        if run is not None and (hole or not run.takes(frame)):
            rest = run.finish()
            written += len(rest)
            yield rest
            run = None
        if hole:
            silence: np.ndarray = np.zeros(max(0, round(at * SAMPLE_RATE) - written), np.float32)
            written, due = written + len(silence), at
            yield silence
        run = run or _Run(frame)
        piece = run.add(frame)
        written, due = written + len(piece), due + length
        yield piece
    if run is not None:
        yield run.finish()


class _Run:
    """Frames of one shape without a hole between them, resampled as one sound."""

    def __init__(self, frame: Any) -> None:
        from av import AudioResampler

        self._shape = _shape(frame)
        self._resampler = AudioResampler("flt", "mono", SAMPLE_RATE)

    def takes(self, frame: Any) -> bool:
        return _shape(frame) == self._shape

    def add(self, frame: Any) -> np.ndarray:
        return _joined(self._resampler.resample(frame))

    def finish(self) -> np.ndarray:
        return _joined(self._resampler.resample(None))


def _shape(frame: Any) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _joined(frames: list[Any]) -> np.ndarray:
    import numpy as np

    return np.concatenate([frame.to_ndarray()[0] for frame in frames]) if frames else np.zeros(0, np.float32)


def _frames(container: Any, stream: Any) -> Iterator[Any]:
    """Decoded frames; a damaged packet is left out (its time becomes silence), a file of nothing else is an error."""
    from av.error import FFmpegError, InvalidDataError

    heard, last_error = False, None
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except InvalidDataError as error:
            last_error = error
            continue
        for frame in frames:
            heard = True
            yield frame
    if not heard and isinstance(last_error, FFmpegError):
        raise last_error
