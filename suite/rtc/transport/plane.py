"""The media plane: one UDP port, every transport of a worker, and the clock that drives them."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Final, Self

from suite.rtc.core.media import Command, Report
from suite.rtc.kernel.library import load
from suite.rtc.kernel.rows import DATAGRAM
from suite.rtc.transport.association import Association
from suite.rtc.transport.certificate import certificate_new, fingerprint
from suite.rtc.transport.commands import Commands
from suite.rtc.transport.doors import Doors, open_doors, own_sockets_most
from suite.rtc.transport.gate import Address, StrangerLimit, request_ufrag, response
from suite.rtc.transport.inbox import Inbox
from suite.rtc.transport.reader import Reader
from suite.rtc.transport.rounds import Rounds
from suite.rtc.transport.srtp import Buffer
from suite.rtc.transport.traffic import Traffic

log = logging.getLogger(__name__)

_OWNER_SILENT: Final = 10.0  # s after which an address may pass to another peer that proves itself there
_FAULT_SHOWN_EVERY: Final = 60.0  # s
TICK: Final = 0.05  # s
EXPIRE: Final = 1.0  # s between two looks at who is silent


class MediaPlane:
    """Executes control's commands on packets. Nothing that arrives from the network raises out of it."""

    def __init__(self, *, doors: Doors, advertise: str, report: Callable[[Report], None]) -> None:
        """Use `start`."""
        self._doors = doors
        self._advertise = advertise
        self._to_control = report
        self._reports: deque[Report] = deque()
        self._counts: Counter[str] = Counter()
        self.certificate = certificate_new()
        self.kernel, self.kernel_said = load()
        self._loop = asyncio.get_running_loop()
        self.arena = Buffer(DATAGRAM)
        self.control = Buffer(DATAGRAM)
        self._associations: dict[str, Association] = {}
        self._by_ufrag: dict[str, Association] = {}
        self._by_address: dict[Address, Association] = {}
        self._own_most = own_sockets_most()
        self._strangers = StrangerLimit(self.clock)
        self._closing: set[asyncio.Task[None]] = set()
        self._commands = Commands(self)
        self._traffic = Traffic(self._commands)
        self._rounds = Rounds(self._commands, report=self.report)
        self.port: int = doors.sockets[0].getsockname()[1]
        self.fingerprint: tuple[str, str] = ("sha-256", fingerprint(self.certificate))
        self._own_sockets: dict[Address, tuple[socket.socket, socket.socket]] = {}  # of peers that have one, and its door
        self._inbox: Inbox | Reader = Reader(self) if self.kernel is None else Inbox(self.kernel, owner=self, clock=self.clock)
        for door in doors.sockets:
            self._inbox.watch(door, door)
        self._timer = self._loop.call_later(TICK, self._tick)
        self._expire_due = 0.0
        self._closed = False
        self._fault_shown = -_FAULT_SHOWN_EVERY

    @classmethod
    async def start(
        cls, *, host: str, port: int, advertise: str | None, report: Callable[[Report], None], also: Sequence[str] = ()
    ) -> Self:
        """Listen on `host`:`port` (0 chooses one); `advertise` is the address that clients are told, by default our own.

        `also` are other addresses to listen on, on the same port. Raises `OSError` where the port is taken. `report` is
        called from the event loop, never within `apply`.
        """
        doors = open_doors([host, *also], port)
        return cls(doors=doors, advertise=advertise or own_address(host), report=report)

    def candidates(self) -> list[str]:
        """What tells a client where to send: SDP's candidate attributes, without their `a=`."""
        return [f"candidate:1 1 udp 2130706431 {self._advertise} {self.port} typ host"]

    def apply(self, command: Command) -> None:
        """Execute a command of control. One that names what is gone does nothing."""
        self._commands.apply(command)

    def together(self) -> AbstractContextManager[None]:
        """Many commands at once: within, who receives what is sorted out at the end."""
        return self._commands.together()

    def statistics(self) -> dict[str, int]:
        """Counters since the start, and how many transports there are."""
        counts = self._counts.copy()
        for association in self._associations.values():
            counts.update(association.line.counted())
        counts.update(self._traffic.measure(self.clock(), self._associations.values()))
        return {**counts, "transports": len(self._associations), "addresses": len(self._by_address)}

    async def close(self) -> None:
        """Stop listening; every peer is told."""
        if self._closed:
            return
        self._closed = True
        self._timer.cancel()
        await self._commands.close()
        for name in list(self._associations):
            self.close_transport(name)
        if self._closing:
            await asyncio.wait(self._closing, timeout=2)
        self._inbox.close()
        for own, _ in self._own_sockets.values():
            own.close()
        self._doors.close()

    # --- what commands, associations and rounds use of the plane

    def clock(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def fileno(self) -> int:
        """The first UDP socket's descriptor."""
        return self._doors.sockets[0].fileno()

    def count(self, name: str) -> None:
        """Add one to a counter of `statistics`."""
        self._counts[name] += 1

    def report(self, report: Report) -> None:
        """Tell control, soon: never from within what it calls."""
        self._reports.append(report)
        if len(self._reports) == 1:
            self._loop.call_soon(self._deliver)

    def _deliver(self) -> None:
        reports, self._reports = self._reports, deque()
        for report in reports:
            try:
                self._to_control(report)
            except Exception:
                log.exception("Control failed on a report: %s", type(report).__name__)

    def send(self, data: bytes | memoryview, address: Address, door: socket.socket | None = None) -> None:
        """Send a datagram, through `door` or the one that reaches the address; what it cannot take is dropped and counted."""
        try:
            (door or self._doors.through(address)).sendto(data, address)
        except OSError:
            self._counts["udp_unsent"] += 1
        else:
            self._counts["udp_sent"] += 1

    def associations(self) -> list[Association]:
        """Every transport that is open."""
        return list(self._associations.values())

    def association(self, name: str) -> Association | None:
        """The transport of that name."""
        return self._associations.get(name)

    def open_transport(self, association: Association) -> None:
        """Answer checks for a new transport."""
        self._associations[association.name] = association
        self._by_ufrag[association.ufrag] = association

    def publishes(self, association: Association) -> None:
        """A transport publishes from now on: what comes on it is read at once."""
        if association.line.address is not None:
            self._send_by(association, association.line.address)

    def rename_transport(self, association: Association, ufrag: str, password: str) -> None:
        """Answer checks under new credentials (ICE restart)."""
        for old in association.former:
            self._by_ufrag.pop(old, None)
        association.restart_ice(ufrag, password)
        self._by_ufrag[ufrag] = association

    def close_transport(self, name: str) -> None:
        """Forget a transport and tell its peer."""
        association = self._associations.pop(name, None)
        if association is None:
            return
        for ufrag in (association.ufrag, *association.former):
            self._by_ufrag.pop(ufrag, None)
        theirs = [address for address in association.addresses if self._by_address.get(address) is association]
        for address in theirs:
            self._release(address)
        self._traffic.end(association)
        self._inbox.forget(association)
        self._counts.update(association.line.counted())
        task = self._loop.create_task(association.close(), name=f"close {name}")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        task.add_done_callback(lambda _: self._forget_doors(theirs))  # the last words still go out by them

    # --- the sockets

    def fault(self, now: float) -> None:
        """Count a fault of ours, within its handler, and show the first of a minute."""
        self._counts["faults"] += 1
        if now >= self._fault_shown + _FAULT_SHOWN_EVERY:
            self._fault_shown = now
            log.warning("A datagram met a fault and was dropped", exc_info=True)  # noqa: LOG014 -- its callers handle one

    def _claim(self, address: Address, association: Association) -> None:
        self._by_address[address] = association
        self._inbox.claim(address, association)

    def _release(self, address: Address) -> None:
        association = self._by_address.pop(address)
        self._inbox.release(address)
        self._close_own(association, address)

    def _close_own(self, association: Association, address: Address) -> None:
        """Close the socket of a peer's own; it is sent to through its door instead."""
        own, _ = self._own_sockets.pop(address, (None, None))
        if own is None:
            return
        if association.line.sends_through(own):
            association.line.send_through(self._doors.through(address), None)
        self._inbox.unwatch(own)
        own.close()

    def _send_by(self, association: Association, address: Address) -> None:
        """Send to the association's address through a socket of its own, or through its door."""
        door = self._doors.through(address)
        own, through = self._own_sockets.get(address, (None, door))
        if through is not door:
            self._close_own(association, address)
            own = None
        if own is None and len(self._own_sockets) < self._own_most:
            own = self._doors.connect(address)
            if own is not None:
                self._own_sockets[address] = (own, door)
        if own is not None:
            self._inbox.watch(own, door, patient=not association.router.tracks)
        association.line.send_through(door, own)

    def _forget_doors(self, addresses: Iterable[Address]) -> None:
        for address in addresses:
            if address not in self._by_address:
                self._doors.forget(address)

    def check(self, data: bytes, address: Address, now: float, door: socket.socket) -> None:
        """A STUN message that came through `door`: answered there, where it is a signed request of an announced peer."""
        owner = self._by_address.get(address)
        if owner is None and not self._strangers.allows(address[0]):
            self._counts["stun_limited"] += 1
            return
        found = request_ufrag(data)
        association = self._by_ufrag.get(found[1]) if found else None
        if found is None or association is None or association.closed:
            self._counts["stun_refused"] += 1
            return
        request, ufrag = found
        password = association.password if ufrag == association.ufrag else association.former.get(ufrag, b"")
        if not password or not request.check_message_integrity(password):
            self._counts["stun_refused"] += 1
            return
        if owner is not None and owner is not association and now - owner.line.checked_at < _OWNER_SILENT and not owner.closed:
            self._counts["stun_taken"] += 1
            return
        self.send(response(request, address, password), address, door)
        if "ICE-CONTROLLED" in request.attributes:
            return
        if ufrag == association.ufrag:
            for old in association.former:
                self._by_ufrag.pop(old, None)
            association.former = {}
        self._passed(association, address, door, nominated="USE-CANDIDATE" in request.attributes, now=now)

    def _passed(self, association: Association, address: Address, door: socket.socket, *, nominated: bool, now: float) -> None:
        """A check has succeeded: the address is the association's, reached through the door of its nominated pair."""
        if nominated or self._by_address.get(address) is not association:
            self._doors.use(address, door)
        self._claim(address, association)
        forgotten = association.checked(address, nominated=nominated, now=now)
        if association.line.address == address:
            self._send_by(association, address)
        if forgotten is not None and self._by_address.get(forgotten) is association:
            self._release(forgotten)
            self._forget_doors((forgotten,))

    def _tick(self) -> None:
        self._timer = self._loop.call_later(TICK, self._tick)
        now = time.monotonic()
        if now >= self._expire_due:
            self._expire_due = now + EXPIRE
            for association in self.associations():
                association.expire(now)
        self._rounds.tick(now, self.associations())


def own_address(host: str) -> str:
    """The address that peers reach us at where we listen on `host`: the one our default route leaves from."""
    if host not in {"", "0.0.0.0", "::"}:  # noqa: S104 -- compared, not bound
        return host
    family, far = (socket.AF_INET6, "2001:db8::1") if host == "::" else (socket.AF_INET, "192.0.2.1")
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((far, 9))  # a UDP connect chooses the route and sends nothing
            return str(probe.getsockname()[0])
        except OSError:
            return "::1" if host == "::" else "127.0.0.1"
