"""One TCP connection of a checked peer, which the packet plane sees as a UDP peer of this machine.

The plane has one kind of destination, which its compiled twin reaches without Python. A connection therefore has a UDP
socket of its own on the loopback: what arrives framed goes to the plane as datagrams, and back. That costs a TCP peer some
10 us of CPU a packet and everybody else nothing; what waits for a slow reader waits here, and never in the plane.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final

from suite.rtc.core.errors import RemoteError
from suite.rtc.transport import stun
from suite.rtc.transport.backlog import Backlog
from suite.rtc.transport.framing import Frames, framed
from suite.rtc.transport.gate import Address, request_ufrag

CHUNK: Final = 64 * 1024  # bytes read at once, before others get their turn
PER_WAKE: Final = 64  # datagrams of the plane's, likewise
DATAGRAM: Final = 2048
UNSENT: Final = 16 * 1024  # bytes that the system may hold unsent: more would wait where we cannot reorder or drop it
NOTSENT_LOWAT: Final = 25  # TCP_NOTSENT_LOWAT of Linux, which Python 3.11 has no name for
TRANSACTIONS: Final = 32  # checks that wait for the plane's answer
SUCCESS: Final = b"\x01\x01"  # the type of an answer to a binding request (RFC 8489, 5)
SILENT: Final = 30.0  # s without a packet from the peer (RFC 7675)


class Relay:
    """Carries packets both ways until either end closes, or the peer says nothing for `SILENT` seconds."""

    def __init__(
        self,
        sock: socket.socket,
        *,
        transport: str,
        plane: Address,
        password_of: Callable[[str], bytes],
        is_video: Callable[[int], bool],
        count: Callable[[str], None],
        ended: Callable[[Relay], None],
    ) -> None:
        """`plane` is where the packet plane listens; `password_of` a ufrag signs its answers with the peer's true address."""
        self.transport = transport
        self.heard_at = 0.0
        self._password_of = password_of
        self._asked: OrderedDict[bytes, str] = OrderedDict()  # transactions to the ufrags that they named
        self._socket, self._udp = sock, _own_end(plane)
        self._peer: Address = sock.getpeername()[:2]
        self._is_video, self._count, self._ended = is_video, count, ended
        self._loop = asyncio.get_running_loop()
        self._frames = Frames()
        self._backlog = Backlog()
        self._writing = self._closed = False
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError):  # another system: the queue is then a little longer
            sock.setsockopt(socket.IPPROTO_TCP, NOTSENT_LOWAT, UNSENT)

    def start(self, packets: Iterable[bytes], rest: bytes) -> None:
        """Begin with what was read before the peer was known: whole packets, then the beginning of another."""
        self._loop.add_reader(self._socket.fileno(), self._readable)
        self._loop.add_reader(self._udp.fileno(), self._answered)
        self.heard_at = self._loop.time()
        for packet in packets:
            self._inward(packet)
        self._take(rest)

    def close(self) -> None:
        """Send what can be sent at once, and hang up."""
        if self._closed:
            return
        self._closed = True
        self._write()
        for sock in (self._socket, self._udp):
            self._loop.remove_reader(sock.fileno())
        self._loop.remove_writer(self._socket.fileno())
        self._socket.close()
        self._udp.close()
        self._ended(self)

    # --- from the peer

    def _readable(self) -> None:
        try:
            data = self._socket.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.heard_at = self._loop.time()
            self._take(data)
        else:
            self.close()

    def _take(self, data: bytes) -> None:
        try:
            for packet in self._frames.feed(data):
                self._inward(packet)
        except RemoteError:
            self._count("tcp_malformed")
            self.close()

    def _inward(self, packet: bytes) -> None:
        if packet[0] < 4 and (found := request_ufrag(packet)):
            self._asked[found[0].transaction_id] = found[1]
            if len(self._asked) > TRANSACTIONS:
                self._asked.popitem(last=False)
        with contextlib.suppress(OSError):  # the plane's socket is full: UDP would have lost it too
            self._udp.send(packet)

    # --- to the peer

    def _answered(self) -> None:
        for _ in range(PER_WAKE):
            try:
                packet = self._udp.recv(DATAGRAM)
            except OSError:
                break
            if not packet:
                continue
            first = packet[0]
            if first < 4:
                packet = self._readdressed(packet)
            video = 127 < first < 192 and len(packet) >= 12 and not 192 <= packet[1] <= 223 and self._is_video(_ssrc(packet))
            before = self._backlog.dropped, self._backlog.dropped_video
            self._backlog.put(framed(packet), video=video)
            if self._backlog.dropped_video != before[1]:
                self._count("tcp_video_dropped")
            if self._backlog.dropped != before[0]:
                self._count("tcp_dropped")
        if not self._writing:
            self._write()

    def _write(self) -> None:
        """Write until all has left or the system takes no more."""
        try:
            while self._backlog:
                self._backlog.written(self._socket.sendmsg(self._backlog.take()))
        except BlockingIOError:
            if not self._closed and not self._writing:
                self._writing = True
                self._loop.add_writer(self._socket.fileno(), self._writable)
            return
        except OSError:
            if not self._closed:
                self._loop.call_soon(self.close)
            return
        self._stop_writing()

    def _writable(self) -> None:
        self._write()

    def _stop_writing(self) -> None:
        if self._writing:
            self._writing = False
            self._loop.remove_writer(self._socket.fileno())

    def _readdressed(self, packet: bytes) -> bytes:
        """The plane's answer to a check, with the address that the peer has."""
        transaction = packet[8:20]
        ufrag = self._asked.pop(transaction, "")
        if packet[:2] != SUCCESS or not ufrag:
            return packet
        return stun.answer(transaction, self._peer, self._password_of(ufrag), conflict=False)


def _ssrc(packet: bytes) -> int:
    return int.from_bytes(packet[8:12], "big")


def _own_end(plane: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in plane[0] else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)  # noqa: FBT003 -- the standard library's
        sock.bind((plane[0], 0))
        sock.connect(plane)
    except OSError:
        sock.close()
        raise
    return sock
