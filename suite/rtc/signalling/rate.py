"""How often somebody may ask: buckets of tokens, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

MOST: Final = 10_000  # buckets; the one that was asked of longest ago goes


class Rate:
    """`burst` requests at once, `each` a second over time, for each key."""

    def __init__(self, *, each: float, burst: float) -> None:
        self._each, self._burst = each, burst
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def allows(self, key: Hashable, now: float) -> bool:
        """Whether one more request of `key` is taken at `now` (seconds)."""
        left, at = self._buckets.pop(key, (self._burst, now))
        left = min(self._burst, left + max(0.0, now - at) * self._each)
        taken = left >= 1
        self._buckets[key] = (left - 1 if taken else left, now)
        while len(self._buckets) > MOST:
            self._buckets.popitem(last=False)
        return taken
