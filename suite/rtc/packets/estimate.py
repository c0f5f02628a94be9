"""What a subscriber's line carries, from its transport-wide feedback: a small send-side estimate.

The idea of Google's congestion control in its plainest form (draft-ietf-rmcat-gcc): back off below what arrives where queues
grow or packets are lost, grow slowly otherwise, and never far above what has been shown to arrive.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from suite.rtc.packets import twcc

FIRST: Final = 2_000_000  # bit/s, believed before anything is known
LEAST: Final = 50_000
MOST: Final = 20_000_000
_QUEUE_HIGH: Final = 0.080  # s of queueing that counts as too much
_QUEUE_LOW: Final = 0.030
_LOSS_HIGH: Final = 0.10
_LOSS_LOW: Final = 0.02
_BACK_OFF: Final = 0.85
_GROWTH: Final = 0.08  # a second
_HOLD: Final = 0.3  # s between two back-offs
_WINDOW: Final = 0.5  # s over which the arriving rate is measured
_BASE_WINDOW: Final = 10.0  # s in which the shortest way through was seen
_RESTART: Final = 5.0  # s; a jump of the way's length is a clock that was set


class Estimator:
    """The estimate of one line."""

    def __init__(self) -> None:
        self.sent = twcc.Sent()
        self.bit_rate = FIRST
        self._arrived: deque[tuple[float, int]] = deque()  # (arrival on the receiver's clock, bytes)
        self._ways: deque[tuple[float, float]] = deque()  # (now, shortest way of a feedback), rising in the way
        self._changed = -1.0
        self._backed_off = -1.0

    def feedback(self, body: bytes, now: float) -> int:
        """Take a transport-wide feedback (RTCP after its first 4 bytes); the estimate in bit/s."""
        lost = received = 0
        ways: list[float] = []
        for sequence, when in twcc.arrivals(body):
            sent = self.sent.take(sequence)
            if sent is None:
                continue
            if when is None:
                lost += 1
                continue
            received += 1
            ways.append(when - sent[0])
            self._arrived.append((when, sent[1]))
        if not received:
            return self.bit_rate
        self._judge(self._queue(ways, now), lost / (lost + received), now)
        return self.bit_rate

    def _queue(self, ways: list[float], now: float) -> float:
        """How much longer packets were under way than the fastest of late, in s."""
        shortest = min(ways)
        if self._ways and abs(shortest - self._ways[0][1]) > _RESTART:
            self._ways.clear()
            self._arrived.clear()
        while self._ways and now - self._ways[0][0] > _BASE_WINDOW:
            self._ways.popleft()
        while self._ways and self._ways[-1][1] >= shortest:
            self._ways.pop()
        self._ways.append((now, shortest))
        return sum(ways) / len(ways) - self._ways[0][1]

    def _arriving(self) -> float:
        """The rate at which packets arrived over the last window, in bit/s; 0 where there are too few."""
        arrived = self._arrived
        while arrived and arrived[-1][0] - arrived[0][0] > _WINDOW:
            arrived.popleft()
        if len(arrived) < 2:
            return 0.0
        span = max(arrived[-1][0] - arrived[0][0], 0.02)
        return 8 * sum(size for _, size in arrived) / span

    def _judge(self, queue: float, lost: float, now: float) -> None:
        arriving = self._arriving()
        passed = min(1.0, now - self._changed) if self._changed >= 0 else 0.0
        self._changed = now
        if queue > _QUEUE_HIGH or lost > _LOSS_HIGH:
            if now - self._backed_off < _HOLD or not arriving:
                return
            self._backed_off = now
            self.bit_rate = max(LEAST, min(self.bit_rate, int(_BACK_OFF * arriving)))
        elif queue < _QUEUE_LOW and lost < _LOSS_LOW:
            # What nobody sends cannot be shown to arrive: three times as much leaves room for the next layer.
            ceiling = min(MOST, max(FIRST if self._backed_off < 0 else LEAST, int(3 * arriving) + 500_000))
            grown = int(self.bit_rate * (1 + _GROWTH * passed))
            self.bit_rate = max(self.bit_rate, min(grown, ceiling))


class Allowance:
    """What we tell a publisher without transport-wide feedback that we can take (REMB), by its losses."""

    def __init__(self) -> None:
        self.bit_rate = 3_000_000

    def after(self, lost: float) -> int:
        """The allowance after a second in which this share was lost (as libwebrtc's loss-based rate)."""
        if lost > _LOSS_HIGH:
            self.bit_rate = max(LEAST, int(self.bit_rate * (1 - lost / 2)))
        elif lost < _LOSS_LOW:
            self.bit_rate = min(8_000_000, int(self.bit_rate * (1 + _GROWTH)))
        return self.bit_rate
