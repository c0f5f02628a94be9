"""What is to be sent to the peer beside its data: whole packets, and chunks that go into the next ones."""

from __future__ import annotations

from typing import Final

from suite.rtc.sctp.congestion import MTU
from suite.rtc.sctp.wire import COMMON_SIZE, Sealer

CONTROL_MOST: Final = 64  # chunks waiting to be sent, beyond which answers are not given
ROOM: Final = MTU - COMMON_SIZE  # of a packet's chunks, in bytes


class Outbox:
    """Sealed with tag 0 until `address` says the peer's."""

    def __init__(self, *, source: int, destination: int) -> None:
        self.packets: list[bytes] = []  # whole ones that go out before all else
        self.control: list[bytes] = []
        self.zero = False  # whether we may send without checksums
        self._ports = (source, destination)
        self.sealer = self.sealer_of(0)

    def sealer_of(self, tag: int) -> Sealer:
        """What seals packets for a peer of that tag."""
        return Sealer(source=self._ports[0], destination=self._ports[1], tag=tag)

    def address(self, tag: int, *, zero: bool) -> None:
        """Seal all that follows for the peer of that tag."""
        self.sealer, self.zero = self.sealer_of(tag), zero

    def answer(self, written: bytes) -> None:
        """Queue a chunk; it is dropped where too many wait or it fits into no packet."""
        if len(self.control) < CONTROL_MOST and len(written) <= ROOM:
            self.control.append(written)

    def fill(self, parts: list[bytes], room: int) -> int:
        """Append the chunks that fit into `room` bytes; what is left of it."""
        while self.control and len(self.control[0]) <= room:
            room -= len(self.control[0])
            parts.append(self.control.pop(0))
        return room
