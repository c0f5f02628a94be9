"""The compiled kernel's reading of the sockets: what only had to be sent on has left already, the rest is opened and read."""

from __future__ import annotations

import asyncio
import secrets
import select
import socket
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
PAUSE: Final = 0.01  # s
DATA_PAUSE: Final = 0.002  # s, where records of data came: a reader with little room takes one window a look
IN_VAIN: Final = 3  # looks that find nothing, before the sockets are watched again: to begin and to end that costs two looks
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

    def check(self, data: bytes, address: Address, now: float, door: socket.socket) -> None:
        """A STUN message that came through a door."""


class Inbox:
    """The slots, the sockets that are read, and the table of addresses that have passed a check.

    Sockets of peers that publish nothing are `patient`: what comes there is feedback, a packet each from many at once. Where
    one follows another within `PAUSE` seconds, those of the next `PAUSE` are read together, of `DATA_PAUSE` while data
    channels are at work.
    """

    def __init__(self, kernel: Any, *, owner: Owner, clock: Callable[[], float]) -> None:
        self._kernel = kernel
        self._owner = owner
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._eager, self._patient = select.epoll(), select.epoll()
        self._watched: dict[int, tuple[select.epoll, socket.socket]] = {}  # by descriptor: who watches it, and its door
        self._pause: asyncio.TimerHandle | None = None
        self._looks = 0  # in vain, until they are watched again
        self._looked_at = 0.0  # when they last brought something while they were watched
        self._data = False  # whether records came since the last pause
        self._slots: Any = Slots()
        self._buffers = [Buffer(rows.DATAGRAM) for _ in range(rows.SLOTS)]
        self._packets = [self._slots.packet[index] for index in range(rows.SLOTS)]
        for index, buffer in enumerate(self._buffers):
            self._slots.slot[index] = buffer.pointer
            self._packets[index].buffer = buffer.data
        self._digests = [self._slots.digest[index] for index in range(rows.SLOTS)]
        self._pointer = addressof(self._slots)
        self._addresses = kernel.addresses_new(secrets.randbits(64))
        self._associations: dict[int, Association] = {}
        self._loop.add_reader(self._eager.fileno(), self._read, self._eager.fileno())
        self._loop.add_reader(self._patient.fileno(), self._read_patient)

    def watch(self, sock: socket.socket, door: socket.socket, *, patient: bool = False) -> None:
        """Read this socket from now on; checks that come through it are answered through `door`."""
        number, poll = sock.fileno(), self._patient if patient else self._eager
        before = self._watched.get(number)
        if before is not None and before[0] is not poll:
            before[0].unregister(number)
        if before is None or before[0] is not poll:
            poll.register(number, select.EPOLLIN)
        self._watched[number] = (poll, door)

    def unwatch(self, sock: socket.socket) -> None:
        """Read it no longer; to be called before it is closed."""
        poll, _ = self._watched.pop(sock.fileno())
        poll.unregister(sock.fileno())

    def close(self) -> None:
        """Stop reading, and free the table."""
        if self._pause is not None:
            self._pause.cancel()
        for poll in (self._eager, self._patient):
            self._loop.remove_reader(poll.fileno())
            poll.close()
        self._kernel.addresses_free(self._addresses)
        self._addresses = None

    def claim(self, address: Address, association: Association) -> None:
        """What comes from the address is the association's."""
        row = association.line.row
        if row is not None:
            name = socket_name(address)
            self._associations[row.number] = association
            self._kernel.addresses_set(self._addresses, name, len(name), addressof(row))

    def release(self, address: Address) -> None:
        """What comes from the address is nobody's."""
        name = socket_name(address)
        self._kernel.addresses_set(self._addresses, name, len(name), None)

    def forget(self, association: Association) -> None:
        """The association is gone; its addresses have been released."""
        row = association.line.row
        if row is not None:
            self._associations.pop(row.number, None)

    def _read(self, poll: int) -> int:
        """Take what has arrived, `_READS` times `SLOTS` datagrams at most; how many."""
        now, found = self._clock(), 0
        for _ in range(_READS):
            count = self._kernel.receive(poll, self._addresses, self._pointer, now)
            if self._slots.left:
                self._take(count, now)
            found += count
            if count < rows.SLOTS:
                break
        return found

    def _read_patient(self) -> None:
        """Take what patient sockets brought, and look at them again after a moment."""
        number = self._patient.fileno()
        found = self._read(number)
        if self._pause is None:
            now, before = self._clock(), self._looked_at
            self._looked_at = now
            if now - before > PAUSE and not self._data:
                return
        self._looks = (1 if self._data else IN_VAIN) if found else self._looks - 1
        if self._looks > 0:
            if self._pause is None:
                self._loop.remove_reader(number)
            wait = DATA_PAUSE if self._data else PAUSE
            if found == _READS * rows.SLOTS:
                wait = 0.0  # more is there already
            self._data = False
            self._pause = self._loop.call_later(wait, self._read_patient)
        elif self._pause is not None:
            self._pause = None
            self._loop.add_reader(number, self._read_patient)

    def _take(self, count: int, now: float) -> None:
        slots, associations = self._slots, self._associations
        touched: list[Track] = []
        kinds, numbers = slots.kind[:count], slots.number[:count]
        for index in range(count):
            try:
                if kinds[index] == rows.MEDIA:
                    track = associations[numbers[index]].router.take(self._packets[index], now)
                    if track is not None and track not in touched:
                        touched.append(track)
                elif kinds[index] == rows.TAKEN:
                    pass
                elif kinds[index] == rows.FEEDBACK:
                    associations[numbers[index]].line.told(self._digests[index], now)
                else:
                    self._other(kinds[index], index, associations.get(numbers[index]), now)
            except Exception:  # noqa: BLE001 -- a fault of ours in one datagram may not cost the others theirs; it is logged
                self._owner.fault(now)
        for track in touched:
            track.fanout.flush()

    def _other(self, kind: int, index: int, association: Association | None, now: float) -> None:
        slots, buffer = self._slots, self._buffers[index]
        length = slots.length[index]
        counted = _COUNTED.get(kind)
        if counted is not None:
            self._owner.count(counted)
        elif kind == rows.STUN:
            name = bytes(slots.name[index][: slots.name_length[index]])
            self._owner.check(bytes(buffer.view[:length]), address_of(name), now, self._watched[slots.socket[index]][1])
        elif association is None:
            return
        elif kind == rows.CONTROL:
            association.router.rtcp(bytes(buffer.view[:length]), now, reports=association.line)
        elif kind == rows.RECORD:
            self._data = True
            association.record(bytes(buffer.view[:length]))
        else:
            association.media(buffer, length, now)
