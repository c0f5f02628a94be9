"""One line's estimate between its feedback and control: what is told, and the probes that are sent."""

from __future__ import annotations

from typing import Final

from suite.rtc.core.congestion.estimator import QUEUE_LOW, RESTART, Estimator, Told
from suite.rtc.core.congestion.probing import Prober
from suite.rtc.core.congestion.windows import Rate

TELL: Final = 1.0  # s between two reports of an unchanged estimate
CHANGED: Final = 0.05  # share by which it must have moved for one before
SILENT: Final = 2.0  # s without transport-wide feedback after which a REMB is believed
FALL: Final = 0.7  # of its recent best, under which a REMB shows a limit
ROUND_TRIP: Final = 0.2  # s, where none is known


class Congestion:
    """`wanted` is what control would have sent; nothing is told before the line has shown a limit."""

    def __init__(self) -> None:
        self.estimator = Estimator()
        self.round_trip = ROUND_TRIP
        self._prober = Prober()
        self._leaving = Rate(0.5)
        self._besides = Rate(3.0)
        self._besides_before = 0
        self._told = (0, -1e9)
        self._heard = -1e9  # when the last transport-wide feedback came
        self._remb = self._remb_best = 0
        self._remb_fell = -1e9

    def want(self, bit_rate: int) -> None:
        """What all that is shown would take, bit/s; the line is probed for it. 0 for nothing."""
        self._prober.wanted = bit_rate

    def besides(self, octets: int, now: float) -> None:
        """Note how many bytes have been sent so far of which no feedback tells: the line carries them as well."""
        self._besides.add(now, octets - self._besides_before)
        self._besides_before = octets

    def feedback(self, told: Told, left_bytes: int, now: float) -> int:
        """Take a transport-wide feedback; what to tell control, 0 for nothing."""
        self._heard = now
        if told.received:
            self._leaving.add(told.left_last, left_bytes)
        self.estimator.take(told, now, probing=self._prober.is_probing(now, self.round_trip))
        return self._tell(now)

    def remb(self, bit_rate: int, now: float) -> int:
        """Take a REMB, the receiver's own estimate, where it tells nothing else; what to tell control, 0 for nothing."""
        if now - self._heard < SILENT:
            return 0
        if bit_rate < FALL * self._remb_best:
            self._remb_fell = now
            self._remb_best = bit_rate
        self._remb, self._remb_best = bit_rate, max(bit_rate, int(self._remb_best * 0.98))
        return self._tell(now)

    def tick(self, now: float) -> tuple[int, int]:
        """To be asked each 50 ms: what to tell control, 0 for nothing, and how many bytes of probes to send."""
        if not self._prober.wanted:
            return 0, 0
        told = self._tell(now) if self.estimator.decreased_at > 0 else 0
        sending = self._leaving.value() if now - self._heard < SILENT else 0.0
        fell = max(self.estimator.decreased_at, self._remb_fell)
        estimate = self._rate(now)
        return told, self._prober.due(now, estimate=estimate, sending=sending, congested_at=fell, round_trip=self.round_trip)

    def is_restless(self, now: float) -> bool:
        """Whether `tick` may have something to tell or to probe."""
        if not self._prober.wanted:
            return False
        return not self.estimator.is_calm(now) or self._prober.is_busy(self._rate(now), now) or now - self._heard >= SILENT

    def calm(self, now: float) -> tuple[float, float]:
        """Ways (s, mean of a feedback without loss) that would teach nothing if they were told some later; none: (1, 0)."""
        floor = self.estimator.shortest_way
        if not self.estimator.is_calm(now) or self._prober.is_busy(self._rate(now), now) or self._remb_fell >= 0:
            return 1.0, 0.0
        return floor - RESTART, floor + QUEUE_LOW / 2

    def _rate(self, now: float) -> int:
        if self._remb and now - self._heard >= SILENT:
            return self._remb
        return self.estimator.target(now)

    def _tell(self, now: float) -> int:
        if max(self.estimator.decreased_at, self._remb_fell) < 0:
            return 0
        remb = self._remb and now - self._heard >= SILENT
        rate = max(1, self._rate(now) + (0 if remb else int(self._besides.value())))
        told, when = self._told
        if now - when > TELL or abs(rate - told) > told * CHANGED:
            self._told = (rate, now)
            return rate
        return 0
