"""Slow readers and fast writers of data, after LiveKit's `rtc.datachannel_slow_threshold`.

A reliable reader that falls behind but takes more than the threshold holds up those who write to it: what they sent stays in
their window, and their own sending stops. A reader below it loses messages instead. Where no threshold is set, a reader may
fall further behind, and a low one counts. LiveKit then lets its memory grow, which is not for us.
"""

from __future__ import annotations

from collections import deque
from typing import Final

SPAN: Final = 2.0  # s over which a reader's rate is taken, as LiveKit
BEHIND: Final = 16 * 1024  # bytes waiting, from which a reader counts as behind
BEHIND_UNSET: Final = 1024 * 1024  # the same where no threshold is set
SLOW_UNSET: Final = 200_000  # bit/s, the threshold where none is set
SLICE: Final = 0.1  # s; less backlogged time than that says nothing
WRITER_MESSAGES: Final = 2000  # a second, and at once
WRITER_BYTES: Final = 8 * 1024 * 1024  # a second, and at once


class Drain:
    """How fast a reader takes what waits for it, in bit/s, over the time in which something waited."""

    def __init__(self) -> None:
        self._slices: deque[list[float]] = deque()  # begin, bytes, busy seconds
        self._last = 0.0
        self._backlogged = False
        self._gone = 0

    def sample(self, *, gone: int, waiting: int, now: float) -> None:
        """Note the bytes that are `gone` since the beginning, and those that wait."""
        slices = self._slices
        busy = max(0.0, now - self._last) if self._backlogged and now - self._last < SPAN else 0.0
        if not slices or now - slices[-1][0] >= SLICE:
            slices.append([now, 0.0, 0.0])
            while now - slices[0][0] > SPAN + SLICE:
                slices.popleft()
        slices[-1][1] += gone - self._gone
        slices[-1][2] += busy
        self._gone, self._last, self._backlogged = gone, now, waiting > 0

    def rate(self) -> float | None:
        """The rate; None where too little is known."""
        busy = sum(one[2] for one in self._slices)
        return sum(one[1] for one in self._slices) * 8 / busy if busy >= SLICE else None


class Allowance:
    """What one writer may send: two buckets, filled each second."""

    def __init__(self, now: float) -> None:
        self._messages = float(WRITER_MESSAGES)
        self._bytes = float(WRITER_BYTES)
        self._at = now

    def fill(self, now: float) -> None:
        """Time has passed."""
        passed, self._at = now - self._at, now
        self._messages = min(WRITER_MESSAGES, self._messages + passed * WRITER_MESSAGES)
        self._bytes = min(WRITER_BYTES, self._bytes + passed * WRITER_BYTES)

    def take(self, size: int) -> None:
        """A message came."""
        self._messages -= 1
        self._bytes -= size

    def messages(self) -> int:
        """How many messages may be taken now."""
        return max(0, int(self._messages)) if self._bytes > 0 else 0

    def wait(self) -> float:
        """Seconds until the writer may go on; 0 where it may."""
        return max(0.0, (1 - self._messages) / WRITER_MESSAGES, -self._bytes / WRITER_BYTES)
