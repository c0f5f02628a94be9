"""How much may be under way, and how long an acknowledgement is waited for (RFC 9260, 6.3 and 7.2)."""

from __future__ import annotations

from typing import Final

MTU: Final = 1188  # bytes of an SCTP packet: libwebrtc's 1,191 cut to a multiple of four; DTLS, UDP and IPv6 add under 92
RTO_INITIAL: Final = 1.0  # s
RTO_LEAST: Final = 0.4  # s; twice the longest delay of a peer's SACK, as libwebrtc has it
RTO_MOST: Final = 10.0  # s
WINDOW_INITIAL: Final = 10 * MTU  # bytes, as libwebrtc and TCP (RFC 6928) begin
WINDOW_LEAST: Final = 4 * MTU
WINDOW_MOST: Final = 4 * 1024 * 1024


class Congestion:
    """The congestion window in bytes."""

    def __init__(self) -> None:
        self.window = WINDOW_INITIAL
        self.threshold = WINDOW_MOST
        self.partial = 0  # bytes acknowledged since the window last grew, beyond slow start

    def acknowledged(self, size: int, *, full: bool) -> None:
        """`size` bytes have left the line; the window grows only where it was `full`."""
        if self.window <= self.threshold:
            if full:
                self.window = min(WINDOW_MOST, self.window + min(size, MTU))
            return
        self.partial += size
        if self.partial >= self.window:
            if full:
                self.partial -= self.window
                self.window = min(WINDOW_MOST, self.window + MTU)
            else:
                self.partial = self.window

    def lost(self) -> None:
        """A loss was seen by what came after it."""
        self.threshold = self.window = max(self.window // 2, WINDOW_LEAST)
        self.partial = 0

    def timed_out(self) -> None:
        """Nothing was heard for a whole timeout."""
        self.threshold = max(self.window // 2, WINDOW_LEAST)
        self.window = MTU
        self.partial = 0


class Timeout:
    """The retransmission timeout in seconds, after the round trips that were measured (RFC 9260, 6.3.1)."""

    def __init__(self) -> None:
        self.seconds = RTO_INITIAL
        self.smoothed: float | None = None
        self._variance = 0.0

    def measured(self, round_trip: float) -> None:
        """Take a measurement into account."""
        if self.smoothed is None:
            self.smoothed, self._variance = round_trip, round_trip / 2
        else:
            self._variance += (abs(self.smoothed - round_trip) - self._variance) / 4
            self.smoothed += (round_trip - self.smoothed) / 8
        self.seconds = min(RTO_MOST, max(RTO_LEAST, self.smoothed + 4 * self._variance))

    def back_off(self) -> None:
        """Wait twice as long."""
        self.seconds = min(RTO_MOST, 2 * self.seconds)
