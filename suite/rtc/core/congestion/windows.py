"""What is remembered of the last moments: rates, a floor, a trend. Times are seconds of any one clock."""

from __future__ import annotations

from collections import deque


class Rate:
    """Bit/s of what passed within the last `span` seconds."""

    def __init__(self, span: float) -> None:
        self._span = span
        self._passed: deque[tuple[float, int]] = deque()

    def add(self, when: float, size: int) -> None:
        """`size` bytes had passed by `when`, counted from the addition before."""
        self._passed.append((when, size))
        while when - self._passed[0][0] > self._span and len(self._passed) > 2:
            self._passed.popleft()

    def value(self) -> float:
        """0 where there is too little to tell."""
        if len(self._passed) < 2:
            return 0.0
        span = self._passed[-1][0] - self._passed[0][0]
        return 8 * (sum(size for _, size in self._passed) - self._passed[0][1]) / span if span > 0.02 else 0.0

    def clear(self) -> None:
        """Forget everything."""
        self._passed.clear()


class Floor:
    """The lowest value of the last `span` seconds."""

    def __init__(self, span: float) -> None:
        self._span = span
        self._values: deque[tuple[float, float]] = deque()  # rising in the value

    def add(self, when: float, value: float) -> float:
        """Add a value; the lowest is returned."""
        values = self._values
        while values and when - values[0][0] > self._span:
            values.popleft()
        while values and values[-1][1] >= value:
            values.pop()
        values.append((when, value))
        return values[0][1]

    @property
    def value(self) -> float:
        """The lowest at the last addition; 0 before the first."""
        return self._values[0][1] if self._values else 0.0

    def clear(self) -> None:
        """Forget everything."""
        self._values.clear()


class Trend:
    """By how much a value has risen over the last `span` seconds: a line through its points (draft-ietf-rmcat-gcc-02, 5.3)."""

    def __init__(self, span: float) -> None:
        self._span = span
        self._points: deque[tuple[float, float]] = deque()

    def add(self, when: float, value: float) -> float:
        """Add a point; the rise over the span that the points cover is returned, 0 before there are three."""
        points = self._points
        points.append((when, value))
        while when - points[0][0] > self._span and len(points) > 3:
            points.popleft()
        count = len(points)
        if count < 3:
            return 0.0
        middle = sum(at for at, _ in points) / count
        mean = sum(one for _, one in points) / count
        spread = sum((at - middle) ** 2 for at, _ in points)
        if spread <= 0:
            return 0.0
        return sum((at - middle) * (one - mean) for at, one in points) / spread * (points[-1][0] - points[0][0])

    def clear(self) -> None:
        """Forget everything."""
        self._points.clear()
