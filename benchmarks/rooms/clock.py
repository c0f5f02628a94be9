"""What is due when, in one process: it runs late rather than early, and says by how much."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from typing import Final

CAUGHT_UP: Final = 1.0  # s of lateness after which what was missed is left out


class Clock:
    """Times are seconds of `time.perf_counter`."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, float, float, Callable[[], None], list[float] | None]] = []
        self._numbers = itertools.count()

    def every(
        self, period: float, action: Callable[[], None], *, now: float, spread: float = 0.0, late: list[float] | None = None
    ) -> None:
        """Do something again and again, `period` s apart, each time up to `spread` of it sooner or later.

        `late` is given how late it was done each time, s.
        """
        first = now + random.random() * period
        heapq.heappush(self._due, (first, next(self._numbers), period, spread, action, late))

    def run(self, now: float, clock: Callable[[], float]) -> None:
        """Do all that is due."""
        due = self._due
        while due[0][0] <= now:
            when, number, period, spread, action, late = due[0]
            if late is not None:
                late.append(clock() - when)
            action()
            following = when + period * (1 + spread * (2 * random.random() - 1) if spread else 1)
            if now - following > CAUGHT_UP:
                following = now
            heapq.heapreplace(due, (following, number, period, spread, action, late))
