"""Clusters of probes: a quarter of a second in which more is sent, so as to see whether it arrives.

A cluster is half as much again as what the line is known to carry, so that where it carries no more a queue of an eighth of a
second builds up at most, and is gone as soon.
"""

from __future__ import annotations

from typing import Final

CLUSTER: Final = 0.25  # s
STEP: Final = 1.5  # of the estimate
NEXT: Final = 0.3  # s after a cluster that arrived, beyond the round trip
FIRST_WAIT: Final = 1.0  # s after congestion
LONGEST_WAIT: Final = 4.0  # s


class Prober:
    """When to probe one line, and how much."""

    def __init__(self) -> None:
        self.wanted = 0  # bit/s that would be sent if the line carried it
        self._from = -1e9
        self._until = -1e9
        self._next = 0.0
        self._wait = FIRST_WAIT
        self._goal = 0
        self._judged = True
        self._started_with = 0
        self._last = -1e9
        self._owed = 0.0  # bytes

    def is_probing(self, now: float, round_trip: float = 0.2) -> bool:
        """Whether what feedback tells of at `now` may be of a cluster."""
        return self._from <= now < self._until + round_trip + 0.15

    def is_busy(self, estimate: int, now: float) -> bool:
        """Whether the line is probed, or is to be."""
        return now < self._until or not self._judged or self.wanted * 1.02 > estimate

    def due(self, now: float, *, estimate: int, sending: float, congested_at: float, round_trip: float) -> int:
        """Bytes of padding to send now, 0 for none. To be asked often: each 10 to 100 ms.

        `sending` is the bit/s of media, `congested_at` when the estimate was last lowered.
        """
        if now < self._until:
            if congested_at >= self._from:
                self._until = now
                return 0
            passed, self._last = min(0.1, now - self._last), now
            self._owed += max(0.0, self._goal - sending) * passed / 8
            owed, self._owed = int(self._owed), self._owed % 1
            return owed
        if not self._judged and now >= self._until + round_trip + 0.15:
            self._judge(now, estimate, congested_at)
        if not self._judged or now < self._next or self.wanted * 1.02 <= estimate or now - congested_at < self._wait:
            return 0
        self._judged = False
        self._from, self._until, self._last, self._owed = now, now + CLUSTER, now, 0.0
        self._started_with = estimate
        self._goal = min(int(STEP * estimate), self.wanted)
        return 0

    def _judge(self, now: float, estimate: int, congested_at: float) -> None:
        """More was carried, or not: then the next cluster waits longer."""
        self._judged = True
        if congested_at < self._from and estimate > 1.05 * self._started_with:
            self._wait = FIRST_WAIT
            self._next = now + NEXT - 0.15
        else:
            self._wait = min(LONGEST_WAIT, 2 * self._wait)
            self._next = now + self._wait
