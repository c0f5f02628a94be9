"""Streams that are begun though nothing is sent on them, for readers that see a track by its first packet.

The Go SDK tells of a track when its first packet has come (pion's `OnTrack`), and a muted one sends none. LiveKit sends
padding or silence then, until there is media or 5 s are over (`sendPaddingOnMute` of its `pkg/sfu/downtrack.go`).
"""

from __future__ import annotations

from typing import Final

from suite.rtc.core.media import Codec
from suite.rtc.packets.downtrack import NONE, Downtrack
from suite.rtc.packets.line import Line
from suite.rtc.packets.padding import begin

FIRST: Final = 0.1  # s in which the publisher's own packets may come
EVERY: Final = 0.1  # s
LASTS: Final = 5.0  # s


class Opening:
    """The downtracks of one track that are to be begun."""

    def __init__(self) -> None:
        self._waiting: dict[int, tuple[Downtrack, Line, float]] = {}  # with the time of its beginning
        self._due: dict[int, float] = {}

    def add(self, downtrack: Downtrack, line: Line, now: float) -> None:
        """Begin the stream unless its media comes."""
        self._waiting[downtrack.number] = (downtrack, line, now)
        self._due[downtrack.number] = now + FIRST

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def remove(self, downtrack: Downtrack) -> None:
        """It is begun, or goes."""
        self._waiting.pop(downtrack.number, None)
        self._due.pop(downtrack.number, None)

    def tick(self, source: Codec, now: float) -> None:
        """Send what is due of a track that its publisher sends in `source`."""
        for number, (downtrack, line, since) in list(self._waiting.items()):
            if downtrack.current != NONE or downtrack.packets or now - since > LASTS:
                self.remove(downtrack)
            elif now >= self._due[number] and downtrack.codecs:
                self._due[number] += EVERY
                length = begin(downtrack, source, line.arena, now=now, transport_sequence=line.transport_sequence)
                if length:
                    line.send_rtp(length, numbered=downtrack.numbered, turns=downtrack.turns())
