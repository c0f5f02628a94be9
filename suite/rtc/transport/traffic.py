"""How many media packets came and went, over the lives of all streams: what operators watch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from suite.rtc.packets.track import Track
from suite.rtc.transport.association import Association


class Streams(Protocol):
    """What is received at present."""

    tracks: dict[str, tuple[Track, Association]]


class Traffic:
    """Streams and transports come and go with their counters; the sums stay.

    What a received stream did since the last look before it ended is lost.
    """

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._in: dict[tuple[str, int], int] = {}
        self._measured_at = 0.0
        self._totals = {"packets_in": 0, "bytes_in": 0, "packets_out": 0, "bytes_out": 0}

    def end(self, association: Association) -> None:
        """Keep what a transport has carried that is closed."""
        packets, octets, _ = association.router.carried()
        self._totals["packets_out"] += packets
        self._totals["bytes_out"] += octets

    def measure(self, now: float, associations: Iterable[Association]) -> dict[str, int]:
        """Totals since the start, those of open transports up to a second old; bytes received are by each layer's rate,
        the others are counted (payloads only).
        """
        totals, elapsed = self._totals, now - self._measured_at if self._measured_at else 0.0
        self._measured_at = now
        received: dict[tuple[str, int], int] = {}
        for sid, (track, _) in self._streams.tracks.items():
            for number, layer in enumerate(track.layers):
                received[sid, number] = layer.received
                totals["packets_in"] += max(0, layer.received - self._in.get((sid, number), 0))
                totals["bytes_in"] += int(layer.rate / 8 * elapsed) if layer.live else 0
        self._in = received
        carried = [association.line.carried for association in associations]
        return {
            **totals,
            "packets_out": totals["packets_out"] + sum(one[0] for one in carried),
            "bytes_out": totals["bytes_out"] + sum(one[1] for one in carried),
        }
