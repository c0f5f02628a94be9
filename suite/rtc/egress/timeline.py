"""Puts a track's packets in order and at their true time: what was lost, repeated or never sent leaves its length behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from suite.rtc.egress import opus
from suite.rtc.egress.ogg import RATE, OggWriter

_WRAP: Final = 1 << 32
HELD_MOST: Final = 5  # packets that wait for an earlier one
DISBELIEF: Final = 2 * RATE  # samples; a timestamp that jumps further than the clock on the wall is not believed
CONCEALED_MOST: Final = 5 * opus.FRAME  # samples of a gap that the decoder is asked to conceal; a longer one is silence


@dataclass(frozen=True, slots=True)
class Sound:
    """A packet: arrival in ns, its stream's SSRC and extended sequence number, timestamp, and earlier sound that it repeats."""

    arrival: int
    source: int
    sequence: int
    timestamp: int
    payload: bytes
    repeated: tuple[tuple[int, bytes], ...] = ()  # (samples before `timestamp`, payload), oldest first


class Timeline:
    """Writes one recording. Time is the publisher's sample clock, held to the wall's where it jumps."""

    def __init__(self, writer: OggWriter) -> None:
        self._writer = writer
        self._held: dict[int, Sound] = {}
        self._next: int | None = None
        self._former: Sound | None = None
        self._former_at = 0  # where the former packet begins, in samples
        self._toc = opus.SILENCE[0]

    def add(self, sound: Sound) -> None:
        """Take a packet; it is written at once, or once those before it have come or are given up."""
        former = self._former
        if former is not None and sound.source != former.source:
            self.finish()
            self._next = None
        if self._next is None or sound.repeated:
            self._release_below(sound.sequence)
            if self._next is None or sound.sequence >= self._next:
                self._place(sound)
        elif sound.sequence >= self._next:
            self._held[sound.sequence] = sound
        self._release()
        while len(self._held) > HELD_MOST:
            self._next = min(self._held)
            self._release()

    def finish(self) -> None:
        """Write what still waits."""
        while self._held:
            self._next = min(self._held)
            self._release()

    def _release(self) -> None:
        while self._next is not None and self._next in self._held:
            self._place(self._held.pop(self._next))

    def _release_below(self, sequence: int) -> None:
        for held in sorted(one for one in self._held if one < sequence):
            self._place(self._held.pop(held))

    def _place(self, sound: Sound) -> None:
        self._next = sound.sequence + 1
        length = opus.samples(sound.payload)
        if not length:
            return
        at = self._where(sound)
        for before, payload in sound.repeated:
            began = at - before
            # Nothing from before the recording began is ever written, even where a packet repeats it.
            size = opus.samples(payload)
            if self._former is not None and size and began >= self._writer.samples and began + size <= at:
                self._fill(began)
                self._put(payload, size)
        self._former, self._former_at = sound, at
        if at + length <= self._writer.samples:
            return
        self._fill(at)
        self._put(sound.payload, length)

    def _where(self, sound: Sound) -> int:
        """Where a packet begins, in samples since the first."""
        former = self._former
        if former is None:
            return 0
        by_clock = (sound.arrival - former.arrival) * RATE // 1_000_000_000
        if sound.source != former.source:
            return self._former_at + max(0, by_clock)
        step = (sound.timestamp - former.timestamp + _WRAP // 2) % _WRAP - _WRAP // 2
        if abs(step - by_clock) > DISBELIEF:
            step = max(0, by_clock)
        return self._former_at + step

    def _fill(self, until: int) -> None:
        """Stand in for what is missing before `until`."""
        gap = until - self._writer.samples
        frame = opus.frame_samples(self._toc)
        if 0 < gap <= CONCEALED_MOST:
            while gap >= frame:
                self._writer.write(opus.concealed(self._toc), frame)
                gap -= frame
        for packet, size in opus.SILENCES:
            while gap >= size:
                self._writer.write(packet, size)
                gap -= size

    def _put(self, payload: bytes, length: int) -> None:
        self._toc = payload[0]
        self._writer.write(payload, length)
