"""How many media packets came and went, over the lives of all streams: what operators watch."""

from __future__ import annotations

from typing import Protocol

from suite.rtc.packets.downtrack import Downtrack
from suite.rtc.packets.track import Track
from suite.rtc.transport.association import Association


class Streams(Protocol):
    """What is received and sent at present."""

    tracks: dict[str, tuple[Track, Association]]
    downtracks: dict[int, tuple[Downtrack, Track, Association]]


class Traffic:
    """Streams come and go with their counters; the sums stay. What a stream did since the last look before it ended is lost."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._in: dict[tuple[str, int], int] = {}
        self._out: dict[int, tuple[int, int]] = {}
        self._measured_at = 0.0
        self._totals = {"packets_in": 0, "bytes_in": 0, "packets_out": 0, "bytes_out": 0}

    def measure(self, now: float) -> dict[str, int]:
        """Totals since the start; bytes received are by each layer's rate, the others are counted (payloads only)."""
        totals, elapsed = self._totals, now - self._measured_at if self._measured_at else 0.0
        self._measured_at = now
        received: dict[tuple[str, int], int] = {}
        for sid, (track, _) in self._streams.tracks.items():
            for number, layer in enumerate(track.layers):
                received[sid, number] = layer.received
                totals["packets_in"] += max(0, layer.received - self._in.get((sid, number), 0))
                totals["bytes_in"] += int(layer.rate / 8 * elapsed) if layer.live else 0
        sent: dict[int, tuple[int, int]] = {}
        for name, (downtrack, _, _) in self._streams.downtracks.items():
            packets, octets = self._out.get(name, (0, 0))
            sent[name] = (downtrack.packets, downtrack.octets)
            totals["packets_out"] += max(0, downtrack.packets - packets)
            totals["bytes_out"] += max(0, downtrack.octets - octets)
        self._in, self._out = received, sent
        return dict(totals)
