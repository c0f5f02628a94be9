"""The compiled kernel's reading of the socket: what arrived together comes opened and read, and leaves in one call a track."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from ctypes import addressof
from typing import Any, Final, Protocol

from suite.rtc.kernel import rows
from suite.rtc.kernel.library import Inbox as Slots
from suite.rtc.packets.track import Track
from suite.rtc.transport.association import Association
from suite.rtc.transport.gate import Address, address_of, socket_name
from suite.rtc.transport.srtp import Buffer

_READS: Final = 2  # of SLOTS datagrams each, before other tasks get their turn
_COUNTED: Final = {
    rows.EMPTY: "udp_empty",
    rows.STRANGER: "udp_stranger",
    rows.UNKNOWN: "udp_unknown",
    rows.EARLY: "srtp_early",
    rows.REFUSED: "srtp_refused",
    rows.MALFORMED: "rtp_malformed",
}


class Owner(Protocol):
    """What the inbox needs of the plane."""

    def count(self, name: str) -> None:
        """Add one to a named counter."""

    def fault(self, now: float) -> None:
        """A fault of ours, within its handler."""

    def check(self, data: bytes, address: Address, now: float) -> None:
        """A STUN message."""


class Inbox:
    """The slots, and the table of addresses that have passed a check."""

    def __init__(self, kernel: Any, *, socket: int, owner: Owner, clock: Callable[[], float]) -> None:
        self._kernel = kernel
        self._socket = socket
        self._owner = owner
        self._clock = clock
        self._slots: Any = Slots()
        self._buffers = [Buffer(rows.DATAGRAM) for _ in range(rows.SLOTS)]
        self._packets = [self._slots.packet[index] for index in range(rows.SLOTS)]
        for index, buffer in enumerate(self._buffers):
            self._slots.slot[index] = buffer.pointer
            self._packets[index].buffer = buffer.data
        self._digests = [self._slots.digest[index] for index in range(rows.SLOTS)]
        self._pointer = addressof(self._slots)
        self._addresses = kernel.addresses_new(secrets.randbits(64))
        self._lines: dict[int, Association] = {}

    def close(self) -> None:
        """Free the table."""
        self._kernel.addresses_free(self._addresses)
        self._addresses = None

    def claim(self, address: Address, association: Association) -> None:
        """What comes from the address is the association's."""
        row = association.row
        if row is not None:
            name = socket_name(address)
            self._lines[row.number] = association
            self._kernel.addresses_set(self._addresses, name, len(name), addressof(row))

    def release(self, address: Address) -> None:
        """What comes from the address is nobody's."""
        name = socket_name(address)
        self._kernel.addresses_set(self._addresses, name, len(name), None)

    def forget(self, association: Association) -> None:
        """The association is gone; its addresses have been released."""
        if association.row is not None:
            self._lines.pop(association.row.number, None)

    def readable(self) -> None:
        """Take what has arrived."""
        receive = self._kernel.receive
        now = self._clock()
        for _ in range(_READS):
            count = receive(self._socket, self._addresses, self._pointer)
            if count:
                self._take(count, now)
            if count < rows.SLOTS:
                return

    def _take(self, count: int, now: float) -> None:
        slots, lines = self._slots, self._lines
        touched: list[Track] = []
        kinds, numbers = slots.kind[:count], slots.number[:count]
        for index in range(count):
            try:
                if kinds[index] == rows.MEDIA:
                    track = lines[numbers[index]].router.take(self._packets[index], now)
                    if track is not None and track not in touched:
                        touched.append(track)
                elif kinds[index] == rows.FEEDBACK:
                    lines[numbers[index]].told(self._digests[index], now)
                else:
                    self._other(kinds[index], index, lines.get(numbers[index]), now)
            except Exception:  # noqa: BLE001 -- a fault of ours in one datagram may not cost the others theirs; it is logged
                self._owner.fault(now)
        for track in touched:
            track.flush()

    def _other(self, kind: int, index: int, association: Association | None, now: float) -> None:
        slots, buffer = self._slots, self._buffers[index]
        length = slots.length[index]
        counted = _COUNTED.get(kind)
        if counted is not None:
            self._owner.count(counted)
        elif kind == rows.STUN:
            name = bytes(slots.name[index][: slots.name_length[index]])
            self._owner.check(bytes(buffer.view[:length]), address_of(name), now)
        elif association is None:
            return
        elif kind == rows.CONTROL:
            association.router.rtcp(bytes(buffer.view[:length]), now, reports=association)
        elif kind == rows.RECORD:
            association.record(bytes(buffer.view[:length]))
        else:
            association.media(buffer, length, now)
