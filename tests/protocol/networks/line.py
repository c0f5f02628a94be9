"""One direction of a network: a rate, a queue, and what chance does to packets."""

from __future__ import annotations

import heapq
import itertools
from random import Random


class Line:
    """Carries `bit_rate` bit/s (0: without limit) with `delay` s, and loses, doubles, delays as `chance` says.

    `burst` is how many packets on average are lost together.
    """

    def __init__(
        self, chance: Random, *, bit_rate: int = 0, delay: float = 0.02, loss: float = 0.0, burst: float = 1.0,
        jitter: float = 0.0, double: float = 0.0, longest: float = 3.0,
    ) -> None:  # fmt: skip
        self.chance, self.bit_rate, self.delay, self.loss, self.burst = chance, bit_rate, delay, loss, burst
        self.jitter, self.double, self.longest = jitter, double, longest
        self.free = 0.0
        self.dead_until = 0.0
        self.dropped = 0
        self._losing = False
        self._order = itertools.count()
        self._under_way: list[tuple[float, int, bytes]] = []

    def _lost(self) -> bool:
        if self.burst <= 1:
            return self.chance.random() < self.loss
        end, begin = 1 / self.burst, self.loss / (self.burst * (1 - self.loss))
        self._losing = self.chance.random() >= end if self._losing else self.chance.random() < begin
        return self._losing

    def put(self, data: bytes, now: float) -> None:
        for _ in range(2 if self.chance.random() < self.double else 1):
            arrives = max(self.free, now)
            if self._lost() or now < self.dead_until or arrives - now > self.longest:
                self.dropped += 1
                continue
            if self.bit_rate:
                arrives = self.free = arrives + 8 * (len(data) + 44) / self.bit_rate  # SRTP's tag, UDP, IP
            arrives += self.delay + self.chance.random() * self.jitter
            heapq.heappush(self._under_way, (arrives, next(self._order), data))

    def queue(self, now: float) -> float:
        """Seconds that a packet would wait."""
        return max(0.0, self.free - now)

    def take(self, now: float) -> list[tuple[float, bytes]]:
        """What has arrived since, with when."""
        found = []
        while self._under_way and self._under_way[0][0] <= now:
            when, _, data = heapq.heappop(self._under_way)
            found.append((when, data))
        return found
