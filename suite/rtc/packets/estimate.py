"""What a subscriber's line carries, from its transport-wide feedback: a small send-side estimate.

The idea of Google's congestion control in its plainest form (draft-ietf-rmcat-gcc): back off below what arrives where queues
grow or packets are lost, grow slowly otherwise, and never far above what has been shown to arrive.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from suite.rtc.kernel.rows import DigestRow
from suite.rtc.packets import twcc

FIRST: Final = 2_000_000  # bit/s, believed before anything is known
LEAST: Final = 50_000
MOST: Final = 20_000_000
_QUEUE_HIGH: Final = 0.080  # s of queueing that counts as too much
_QUEUE_LOW: Final = 0.030
_LOSS_HIGH: Final = 0.10
_LOSS_LOW: Final = 0.02
_BACK_OFF: Final = 0.85
_QUEUE_LONG: Final = 0.2  # s, from which on the queue has to be drained as well
_BACK_OFF_LONG: Final = 0.7
_GROWTH: Final = 0.08  # a second, shortly after a back-off
_GROWTH_QUIET: Final = 0.30  # a second, on a line that has long been quiet
_QUIET: Final = 3.0  # s
_HOLD: Final = 0.3  # s between two back-offs
_SUSTAINED: Final = 3  # feedbacks in a row with too long a queue; one alone may be a busy machine
_USED: Final = 0.6  # share of the estimate below which what is sent says little of what the line could carry
_WINDOW: Final = 0.5  # s over which the arriving rate is measured
_BASE_WINDOW: Final = 10.0  # s in which the shortest way through was seen
_RESTART: Final = 5.0  # s; a jump of the way's length is a clock that was set


class Estimator:
    """The estimate of one line."""

    def __init__(self) -> None:
        self.sent = twcc.Sent()
        self.bit_rate = FIRST
        # Feedbacks of the last window as (first, last, bytes): on the receiver's clock what arrived, on ours what left.
        self._arrived: deque[tuple[float, float, int]] = deque()
        self._left: deque[tuple[float, float, int]] = deque()
        self._ways: deque[tuple[float, float]] = deque()  # (now, shortest way of a feedback), rising in the way
        self._changed = -1.0
        self._backed_off = -1.0
        self._queue_before = 0.0
        self._queued = 0  # feedbacks in a row with too long a queue

    def feedback(self, body: bytes, now: float) -> int:
        """Take a transport-wide feedback (RTCP after its first 4 bytes); the estimate in bit/s."""
        return self.take(twcc.digest(body, self.sent), now)

    def take(self, told: DigestRow, now: float) -> int:
        """The same of a feedback that has been summed up."""
        received = told.received
        if received + told.lost:
            self._left.append((told.left_first, told.left_last, told.left_bytes))
        if not received:
            return self.bit_rate
        shortest = told.shortest
        if self._ways and abs(shortest - self._ways[0][1]) > _RESTART:
            self._ways.clear()
            self._arrived.clear()
            self._left.clear()
        self._arrived.append((told.arrived_first, told.arrived_last, told.arrived_bytes))
        while self._ways and now - self._ways[0][0] > _BASE_WINDOW:
            self._ways.popleft()
        while self._ways and self._ways[-1][1] >= shortest:
            self._ways.pop()
        self._ways.append((now, shortest))
        self._judge(told.mean - self._ways[0][1], told.lost / (told.lost + received), now)
        return self.bit_rate

    def _judge(self, queue: float, lost: float, now: float) -> None:
        arriving, leaving = _rate(self._arrived), _rate(self._left)
        passed = min(1.0, now - self._changed) if self._changed >= 0 else 0.0
        self._changed = now
        # A queue that drains by itself needs no help: one that was built by a busy machine is gone at the next feedback.
        self._queued = self._queued + 1 if queue > max(_QUEUE_HIGH, 0.9 * self._queue_before) else 0
        self._queue_before = queue
        back_off = _BACK_OFF if queue < _QUEUE_LONG else _BACK_OFF_LONG
        since = now - self._backed_off if self._backed_off >= 0 else _QUIET
        if self._queued >= _SUSTAINED or lost > _LOSS_HIGH:
            if since < _HOLD or not arriving:
                return
            self._backed_off = now
            lower = back_off * arriving
            if leaving < _USED * self.bit_rate:
                lower = max(lower, back_off * self.bit_rate)
            self.bit_rate = max(LEAST, min(self.bit_rate, int(lower)))
        elif queue < _QUEUE_LOW and lost < _LOSS_LOW:
            # What nobody sends cannot be shown to arrive: three times as much leaves room for the next layer.
            ceiling = min(MOST, max(FIRST if self._backed_off < 0 else LEAST, int(3 * arriving) + 500_000))
            growth = _GROWTH_QUIET if since >= _QUIET else _GROWTH
            self.bit_rate = max(self.bit_rate, min(int(self.bit_rate * (1 + growth * passed)), ceiling))


def _rate(passed: deque[tuple[float, float, int]]) -> float:
    """Bit/s of (first, last, bytes) over the last window; 0 where there is too little."""
    while passed and passed[-1][1] - passed[0][0] > _WINDOW:
        passed.popleft()
    if not passed or passed[-1][1] <= passed[0][0]:
        return 0.0
    return 8 * sum(size for _, _, size in passed) / max(passed[-1][1] - passed[0][0], 0.02)


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
