"""A line with a queue and a far end that tells what arrived: causal, seeded, without packets' bytes."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from suite.rtc.core.congestion.estimator import Estimator
from suite.rtc.core.congestion.probing import Prober

SIZE = 1000  # bytes


@dataclass
class Told:
    received: int = 0
    lost: int = 0
    mean: float = 0.0
    shortest: float = 0.0
    arrived_first: float = 0.0
    arrived_last: float = 0.0
    left_last: float = 0.0
    arrived_bytes: int = 0
    in_flight: int = 0


@dataclass
class Link:
    """Sends at `send(now)` bit/s in frames, 30 a second, and feeds what the far end tells to an estimator.

    `wanted` bit/s are what would be sent if the line carried it: above the estimate, probes are sent.
    """

    bit_rate: int
    seed: int = 1
    delay: float = 0.025
    loss: float = 0.0
    jitter: float = 0.0
    longest: float = 3.0  # s of queue, beyond which packets are dropped
    every: float = 0.1  # s between feedbacks
    wanted: int = 0
    estimator: Estimator = field(default_factory=Estimator)
    prober: Prober = field(default_factory=Prober)
    now: float = 100.0
    queue: float = 0.0
    decreases: int = 0
    stalled_until: float = 0.0

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)
        self.free = self.now
        self.order = itertools.count()
        self.arriving: list[tuple[float, int, float, int]] = []  # when (or lost at 0 queue), order, left, size
        self.untold: list[tuple[int, float, float | None, int]] = []
        self.pending: dict[int, tuple[float, int]] = {}
        self.feedbacks: list[tuple[float, list[tuple[int, float, float, int]]]] = []
        self.feedback_due = self.now
        self.told_until = -1
        self.worst = 0.0
        self.got: list[tuple[float, int, float, int]] = []

    def put(self, size: int) -> None:
        number = next(self.order)
        self.pending[number] = (self.now, size)
        start = max(self.free, self.now, self.stalled_until)
        if start - self.now > self.longest or self.chance.random() < self.loss:
            return
        self.free = start + 8 * size / self.bit_rate
        heapq.heappush(self.arriving, (self.free + self.delay + self.chance.random() * self.jitter, number, self.now, size))

    def _feedback(self) -> None:
        while self.arriving and self.arriving[0][0] <= self.now:
            when, number, left, size = heapq.heappop(self.arriving)
            self.got.append((when, number, left, size))
        if self.now >= self.feedback_due and self.got:
            self.feedback_due = self.now + self.every
            self.feedbacks.append((self.now + self.delay, self.got))
            self.got = []
        while self.feedbacks and self.feedbacks[0][0] <= self.now:
            self._tell(self.feedbacks.pop(0)[1])

    def _tell(self, got: list[tuple[int, float, float, int]]) -> None:
        newest = max(number for _, number, _, _ in got)
        told = Told(received=len(got))
        told.arrived_first, told.arrived_last = min(got)[0], max(got)[0]
        ways = [when - left for when, _, left, _ in got]
        told.mean, told.shortest = sum(ways) / len(ways), min(ways)
        told.arrived_bytes = sum(size for *_, size in got)
        for _, number, left, _ in got:
            self.pending.pop(number, None)
            told.left_last = max(told.left_last, left)
        for number in [one for one in self.pending if one < newest]:
            del self.pending[number]
            told.lost += 1
        told.in_flight = sum(size for _, size in self.pending.values())
        before = self.estimator.decreased_at
        self.estimator.take(told, self.now, probing=self.prober.is_probing(self.now))
        self.decreases += self.estimator.decreased_at != before

    def run(self, *, seconds: float, send: Callable[[float], float] | None = None) -> int:
        """Let time pass; the estimate at the end."""
        end = self.now + seconds
        frame, owed = self.now, 0.0
        self.worst = 0.0
        self.prober.wanted = self.wanted
        while self.now < end:
            self.now += 0.005
            rate = send(self.now) if send is not None else self.estimator.target(self.now)
            owed += rate * 0.005 / 8
            if self.now >= frame:
                frame += 1 / 30
                while owed >= SIZE:
                    owed -= SIZE
                    self.put(SIZE)
            padding = self.prober.due(
                self.now,
                estimate=self.estimator.bit_rate,
                sending=rate,
                congested_at=self.estimator.decreased_at,
                round_trip=0.15,
            )
            while padding > 0:
                self.put(min(padding, 255) + 40)
                padding -= 255
            self._feedback()
            self.queue = max(0.0, self.free - self.now)
            self.worst = max(self.worst, self.queue)
        return self.estimator.bit_rate
