"""What a line carries: the send-side estimate from transport-wide feedback."""

from __future__ import annotations

from typing import Final, Protocol

from suite.rtc.core.congestion.windows import Floor, Rate, Trend

FIRST: Final = 2_000_000  # bit/s, believed before anything is known
LEAST: Final = 50_000
MOST: Final = 20_000_000
BACK_OFF: Final = 0.85  # of what arrives (draft-ietf-rmcat-gcc-02, 5.5)
GROWTH: Final = 0.08  # a second (as above)
HOLD: Final = 0.3  # s between two decreases
TREND: Final = 0.6  # s that the trend of the delay looks back
RISE_LEAST: Final = 0.010  # s of rise over it that counts as overuse; it adapts between these two
RISE_MOST: Final = 0.300
QUEUE_LOW: Final = 0.030  # s of queue that is none
QUEUE_HIGH: Final = 0.250  # s of standing queue that is too much, whatever its trend
LOSS_LOW: Final = 0.02
LOSS_HIGH: Final = 0.10  # over which the rate falls (as above, 6)
LOSS_HEAVY: Final = 0.30  # over which what arrives is believed at once
INHERENT: Final = 5.0  # s without a better moment after which a loss is the line's own
FADING: Final = 0.02  # a second, of what was carried of late
DRAIN: Final = 1.0  # s in which a queue is to be gone
STALL: Final = 0.15  # s without any arrival: a machine that was busy, not a line that is narrow
MANY: Final = 40  # packets at least over which a share of losses is counted
RESTART: Final = 5.0  # s; a jump of the way's length is a clock that was set


class Told(Protocol):
    """A feedback summed up; times are s, the receiver's clock where packets arrived, ours where they left."""

    received: int
    lost: int
    mean: float  # of the ways: arrived less left
    shortest: float
    arrived_first: float
    arrived_last: float
    left_last: float
    arrived_bytes: int
    in_flight: int  # bytes sent after the last packet that is told of


class Estimator:
    """The estimate of one line. `bit_rate` is what it is believed to carry, `target` what it should be given now."""

    def __init__(self) -> None:
        self.bit_rate = FIRST
        self.decreased_at = -1e9
        self.queue = 0.0  # s that packets wait, by the last feedback
        self.measured = False  # whether the line has shown a limit or been filled
        self._arriving = Rate(0.5)
        self._arriving_now = Rate(0.2)
        self._ways = Floor(20.0)
        self._ages = Floor(20.0)
        self._losses = Floor(INHERENT)
        self._trend = Trend(TREND)
        self._threshold = 0.015
        self._before = -1.0  # when the last feedback came
        self._overused = 0  # feedbacks in a row
        self._strikes = 0  # decreases in a row
        self._drained_at = -1e9
        self._deepest = 0.0  # s of queue, of the one that is being drained
        self._carried = 0.0  # bit/s that arrived of late without a queue
        self._proved = 0.0  # the same before the cluster of probes
        self._probing = False
        self._arrived_last = 1e18
        self._counted = [0, 0]  # packets told of and lost, of the period over which losses are counted
        self._loss = 0.0

    def target(self, now: float) -> int:
        """Bit/s to send: the line's rate, less what it takes to drain the queue in `DRAIN` seconds."""
        if now >= self._drained_at:
            return self.bit_rate
        return int(self.bit_rate * max(0.0, 1 - self._deepest / DRAIN))

    @property
    def shortest_way(self) -> float:
        """The shortest way of late, s: what the receiver's clock said less what ours did."""
        return self._ways.value

    def is_calm(self, now: float) -> bool:
        """Whether the last feedback showed no queue and no loss, and nothing is left of an earlier one."""
        settled = not self._overused and now >= self._drained_at and now - self.decreased_at > INHERENT
        return settled and self._before >= 0 and self.queue < QUEUE_LOW / 2 and self._loss < LOSS_LOW / 2

    def arriving(self) -> float:
        """Bit/s that arrived over the last half second of feedback."""
        return self._arriving.value()

    def take(self, told: Told, now: float, *, probing: bool = False) -> None:
        """Take a feedback that came at `now`; `probing` where more was sent so as to see what arrives."""
        since = min(1.0, now - self._before) if self._before >= 0 else 0.0
        self._before = now
        if not told.received:
            return  # a line that is dead for a moment: what it carries is seen once something arrives
        stalled = told.arrived_first - self._arrived_last > STALL
        self._arrived_last = told.arrived_last
        loss = 0.0 if stalled else self._note_loss(told, now)
        if abs(told.shortest - self._ways.value) > RESTART:
            for window in (self._arriving, self._arriving_now, self._ways, self._trend):
                window.clear()
        self._arriving.add(told.arrived_last, told.arrived_bytes)
        self._arriving_now.add(told.arrived_last, told.arrived_bytes)
        before, self.queue = self.queue, told.mean - self._ways.add(now, told.shortest)
        rise = self._trend.add(told.arrived_last, told.mean)
        # The latest, as a full line lets through what it can at this moment: a burst shows more, a line that narrows less.
        arriving = self._arriving_now.value() or self._arriving.value()
        if probing and not self._probing:
            self._proved = self._carried
        self._probing = probing
        waits = 0.0 if stalled else self._under_way(told, arriving, now)
        self._judge(0.0 if stalled else rise, before, waits, now)
        self._adapt(abs(rise), since)
        if self._overused >= 2 or (waits > QUEUE_HIGH and self._overused):
            self._congested(told, arriving, waits, now)
        elif loss > LOSS_HIGH:
            self._lossy(loss, arriving, now)
        elif self.queue < QUEUE_LOW and not self._overused and loss < LOSS_LOW:
            self._grow(since)
            self._carried = max(self._arriving.value(), self._carried * (1 - FADING * since))
        self._drain(waits, now)

    def _drain(self, waits: float, now: float) -> None:
        """Send less until the queue that congestion has left is gone; not a little more with every feedback meanwhile."""
        draining = now < self._drained_at
        if self._probing and not draining:
            return  # the queue that probes have built goes with them
        if waits > QUEUE_HIGH / 2 and now - self.decreased_at < 3.0:
            self._drained_at = now + waits
            self._deepest = max(waits, self._deepest if draining else 0.0)
        elif self.queue < QUEUE_LOW:
            self._drained_at = min(self._drained_at, now)

    def _under_way(self, told: Told, arriving: float, now: float) -> float:
        """How long what is under way will wait, in s, beyond the time that it is under way on an idle line."""
        age = now - told.left_last
        usual = self._ages.add(now, age)
        if arriving <= 0 or self.queue < QUEUE_LOW:
            return 0.0
        return max(0.0, 8 * told.in_flight / arriving - usual)

    def _judge(self, rise: float, before: float, waits: float, now: float) -> None:
        """Count feedbacks in a row that show overuse. A queue that drains by itself needs no help: it was a busy machine's."""
        growing = self.queue > 0.9 * before
        rising = rise > self._threshold and self.queue > QUEUE_LOW
        if growing and (rising or self.queue > QUEUE_HIGH or (waits > QUEUE_HIGH and self.queue > 2 * QUEUE_LOW)):
            self._overused += 1
        else:
            self._overused = 0
        if self.queue < QUEUE_LOW and now - self.decreased_at > 1.0:
            self._strikes = 0

    def _adapt(self, rise: float, since: float) -> None:
        """Let the threshold follow what the line shows anyway, up slowly and down fast (as above, 5.4)."""
        if rise < self._threshold + 0.1:
            pace = 0.4 if rise > self._threshold else 1.5
            self._threshold += pace * min(since, 0.1) * (rise - self._threshold)
            self._threshold = max(RISE_LEAST, min(RISE_MOST, self._threshold))

    def _note_loss(self, told: Told, now: float) -> float:
        """The share of the last `MANY` packets or more that was lost, beyond what this line loses at any rate."""
        self._counted[0] += told.received + told.lost
        self._counted[1] += told.lost
        if self._counted[0] < MANY:
            return 0.0
        share = self._counted[1] / self._counted[0]
        self._counted = [0, 0]
        self._loss += 0.4 * (share - self._loss) if share < self._loss else 0.7 * (share - self._loss)
        return max(0.0, self._loss - self._losses.add(now, self._loss))

    def _congested(self, told: Told, arriving: float, waits: float, now: float) -> None:
        if arriving <= 0:
            return
        if now < self._drained_at and waits <= self._deepest:
            # What left before less was sent fills the line still, and shows how much that is; the rest says nothing of it.
            if told.left_last < self.decreased_at:
                self.bit_rate = max(LEAST, min(self.bit_rate, int(BACK_OFF * arriving)))
            return
        if now - self.decreased_at < HOLD:
            return
        lower = BACK_OFF * arriving
        self._strikes += 1
        if self._probing:
            # The cluster was too much: what was known before it holds.
            lower = max(lower, min(self._proved, self.bit_rate))
        elif arriving < 0.5 * self.bit_rate and self._strikes < 2 and max(self.queue, waits) < QUEUE_HIGH:
            # So little was sent that it says nothing of the line's limit: once, a disturbance is believed to be one.
            lower = max(lower, BACK_OFF * self.bit_rate)
        self._decrease(lower, now)

    def _lossy(self, loss: float, arriving: float, now: float) -> None:
        if now - self.decreased_at < HOLD or arriving <= 0:
            return
        share = 1 - loss if loss > LOSS_HEAVY else 1 - loss / 2
        self._decrease(max(arriving if loss <= LOSS_HEAVY else 0.0, share * self.bit_rate), now)

    def _decrease(self, lower: float, now: float) -> None:
        self.decreased_at = now
        self.measured = True
        self.bit_rate = max(LEAST, min(self.bit_rate, int(lower)))

    def _grow(self, since: float) -> None:
        """Grow where the line is used, and to what probes have shown."""
        arriving = self._arriving_now.value() if self._probing else self._arriving.value()
        if self._probing and arriving > self.bit_rate:
            self.bit_rate = min(MOST, int(0.95 * arriving + 0.05 * self.bit_rate))
        elif arriving > 0.7 * self.bit_rate:
            self.measured = True
            ceiling = min(MOST, int(1.5 * arriving) + 10_000)
            self.bit_rate = max(self.bit_rate, min(int(self.bit_rate * (1 + GROWTH * since)), ceiling))


class Allowance:
    """What we tell a publisher without transport-wide feedback that we can take (REMB), by its losses."""

    def __init__(self) -> None:
        self.bit_rate = 3_000_000

    def after(self, lost: float) -> int:
        """The allowance after a second in which this share was lost (draft-ietf-rmcat-gcc-02, 6)."""
        if lost > LOSS_HIGH:
            self.bit_rate = max(LEAST, int(self.bit_rate * (1 - lost / 2)))
        elif lost < LOSS_LOW:
            self.bit_rate = min(8_000_000, int(self.bit_rate * (1 + GROWTH)))
        return self.bit_rate
