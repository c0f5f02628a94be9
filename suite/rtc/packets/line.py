"""What the packet tables need of a way out; `suite/rtc/transport/line.py` is one."""

from __future__ import annotations

from typing import Any, Final, Protocol


class Line(Protocol):
    """A subscriber's or publisher's way out: the transport's side of it encrypts and sends."""

    arena: bytearray

    @property
    def transport_sequence(self) -> int:
        """The number that the next packet with a transport-wide one carries."""

    def direct(self) -> Any:
        """The line's row, where the compiled kernel sends on it; else None, and Python sends."""

    def send_rtp(self, length: int, *, numbered: int, turns: int) -> None:
        """Send the packet in `arena[:length]`; `numbered` where it carries `transport_sequence`, `turns` is SRTP's counter."""

    def send_rtcp(self, packet: bytes) -> None:
        """Send a plain RTCP packet."""


class NoLine:
    """The way out to a peer that is gone: nothing goes there, and nothing keeps the former one."""

    transport_sequence: Final = 0

    def __init__(self) -> None:
        self.arena = bytearray()

    def direct(self) -> None:
        """Nobody sends."""

    def send_rtp(self, length: int, *, numbered: int, turns: int) -> None:
        """Send nothing."""

    def send_rtcp(self, packet: bytes) -> None:
        """Send nothing."""
