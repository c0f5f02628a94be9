"""The compiled kernel's reading of the sockets: what only had to be sent on has left already, the rest is opened and read."""

from __future__ import annotations

import asyncio
import math
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
from suite.rtc.transport.loop import KernelLoop
from suite.rtc.transport.srtp import Buffer

PAUSE: Final = 0.01  # s
RECORD_PAUSE: Final = 0.002  # s, where records of data came: a reader with little room takes one window a look
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
    one follows another within `PAUSE` seconds, those of the next `PAUSE` are read together, of `RECORD_PAUSE` while data
    channels are at work. On a `KernelLoop` the kernel waits for all of them and for the loop; another waits itself.
    """

    def __init__(self, kernel: Any, *, owner: Owner, clock: Callable[[], float]) -> None:
        self._kernel = kernel
        self._owner = owner
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._eager, self._patient = select.epoll(), select.epoll()
        self._eager.register(self._patient.fileno(), select.EPOLLIN)
        self._watched: dict[int, tuple[select.epoll, socket.socket]] = {}  # by descriptor: who watches it, and its door
        self._look: asyncio.TimerHandle | None = None
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
        slots = self._slots
        slots.eager, slots.patient, slots.others = self._eager.fileno(), self._patient.fileno(), -1
        slots.pause, slots.record_pause, slots.in_vain, slots.look_at = PAUSE, RECORD_PAUSE, IN_VAIN, math.inf
        self._waiter = self._loop.waiter if isinstance(self._loop, KernelLoop) else None
        if self._waiter is not None and self._waiter.lend(self._wait):
            slots.others = self._waiter.fileno()
            self._eager.register(slots.others, select.EPOLLIN)
        else:
            self._waiter = None
            self._loop.add_reader(self._eager.fileno(), self._ready)

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
        if self._waiter is not None:
            self._waiter.take_back()
        else:
            self._loop.remove_reader(self._eager.fileno())
        if self._look is not None:
            self._look.cancel()
        self._eager.close()
        self._patient.close()
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

    def _wait(self, timeout: float | None) -> bool:
        """Wait so many seconds, or for ever, until something is Python's; whether a descriptor of the loop's is ready."""
        others = self._kernel.wait(self._addresses, self._pointer, -1.0 if timeout is None else timeout)
        if self._slots.left:
            self._take(self._clock())
        return bool(others)

    def _ready(self) -> None:
        """Take what has arrived; patient sockets are looked at when the kernel wants them to be."""
        self._wait(0.0)
        if self._look is not None:
            self._look.cancel()
        wanted = self._slots.look_at
        self._look = None if math.isinf(wanted) else self._loop.call_later(max(wanted - self._clock(), 0.0), self._ready)

    def _take(self, now: float) -> None:
        slots, associations = self._slots, self._associations
        touched: list[Track] = []
        count = slots.count
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
            try:
                track.fanout.flush()
            except Exception:  # noqa: BLE001 -- nor one in a track; it is logged
                self._owner.fault(now)

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
            association.record(bytes(buffer.view[:length]))
        else:
            association.media(buffer, length, now)
