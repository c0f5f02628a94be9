"""ICE over TCP (RFC 6544, passive): one port for all workers, and the same gate as UDP's.

The first worker listens. A connection has five seconds to send one whole packet, which has to be a STUN request that names
a ufrag; its first letters name the worker that holds the peer, and that worker gets the socket. Nothing that the
connection sends is looked at before its request is authenticated there, and a connection that fails is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from suite.kernel.logs import get_logger
from suite.rtc.core import media
from suite.rtc.core.errors import RemoteError
from suite.rtc.core.identifiers import worker_of
from suite.rtc.transport.addresses import family_of
from suite.rtc.transport.framing import Frames
from suite.rtc.transport.gate import Address, StrangerLimit, request_ufrag
from suite.rtc.transport.handover import Mailbox, mailbox
from suite.rtc.transport.relay import SILENT, Relay

log = get_logger(__name__)

WAITING_MOST: Final = 256  # connections that have not said who they are; the oldest goes
WAITING_OF_HOST: Final = 32
WAITING_BYTES: Final = 4096  # of one of them
PATIENCE: Final = 5.0  # s for the first packet
RELAYS_MOST: Final = 2_000
RELAYS_OF_PEER: Final = 8  # as many as addresses of one peer
ACCEPTS: Final = 16  # of one wake
PAUSE: Final = 1.0  # s without accepting where there are no descriptors left; seconds between two looks at who is silent
AGAIN: Final = 0.05  # s until a worker that was too busy to take a connection is asked again


class _Waiting:
    """A connection of which nothing is known yet."""

    def __init__(self, sock: socket.socket, host: str, until: float) -> None:
        self.socket, self.host, self.until = sock, host, until
        self.read = bytearray()


class TcpFront:
    """The TCP connections of one worker. It follows control's commands to know the peers that it may let in."""

    def __init__(self, *, index: int, folder: Path, plane: Address, count: Callable[[str], None]) -> None:
        """`plane` is where the packet plane takes datagrams of this machine; `folder` is shared by the server's workers."""
        self._index, self._folder, self._plane, self._count = index, folder, plane, count
        self._loop = asyncio.get_running_loop()
        self._listeners: list[socket.socket] = []
        self._waiting: dict[int, _Waiting] = {}  # by descriptor, in order of arrival
        self._hosts: Counter[str] = Counter()
        self._strangers = StrangerLimit(self._loop.time)
        self._relays: dict[str, list[Relay]] = {}  # by transport
        self._passwords: dict[str, tuple[str, bytes]] = {}  # by ufrag: the transport and its password
        self._ufrags: dict[str, list[str]] = {}  # by transport, the newest last
        self._videos: dict[int, int] = {}  # SSRC to downtrack
        self._streams: dict[int, tuple[int, ...]] = {}  # downtrack to its SSRCs
        self._mailbox = Mailbox(mailbox(folder, index), self._taken)
        self._timer = self._loop.call_later(PAUSE, self._look)

    def listen(self, hosts: Sequence[str], port: int) -> int:
        """Take connections on `port` of `hosts` (0 chooses it); returns the port. Raises `OSError` where it is taken."""
        for host in hosts:
            listener = socket.create_server((host, port), family=family_of(host), backlog=256)
            listener.setblocking(False)  # noqa: FBT003 -- the standard library's
            port = listener.getsockname()[1]
            self._listeners.append(listener)
            self._loop.add_reader(listener.fileno(), self._accept, listener)
        return port

    def close(self) -> None:
        """Hang up everywhere."""
        self._timer.cancel()
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            self._loop.remove_reader(listener.fileno())
            listener.close()
        for waiting in list(self._waiting.values()):
            self._drop(waiting)
        for relay in [relay for relays in self._relays.values() for relay in relays]:
            relay.close()
        self._mailbox.close()

    @property
    def connections(self) -> int:
        """How many peers are connected."""
        return sum(len(relays) for relays in self._relays.values())

    # --- what control says

    def apply(self, command: media.Command) -> None:
        """Note whom to let in, and which streams are video. The packet plane carries the command out."""
        match command:
            case media.OpenTransport() | media.RestartIce():
                self._passwords[command.ufrag] = (command.transport, command.password.encode())
                ufrags = self._ufrags.setdefault(command.transport, [])
                ufrags.append(command.ufrag)
                for old in ufrags[:-2]:  # the credentials before the last stay good until the new ones are used
                    self._passwords.pop(old, None)
                del ufrags[:-2]
            case media.CloseTransport():
                for ufrag in self._ufrags.pop(command.transport, ()):
                    self._passwords.pop(ufrag, None)
                self._loop.call_later(AGAIN, self._hang_up, command.transport)  # what the plane says at last goes out
            case media.AddDowntrack() if command.kind == "video":
                ssrcs = (command.ssrc, command.rtx_ssrc) if command.rtx_ssrc else (command.ssrc,)
                self._streams[command.downtrack] = ssrcs
                self._videos.update(dict.fromkeys(ssrcs, command.downtrack))
            case media.RemoveDowntrack():
                for ssrc in self._streams.pop(command.downtrack, ()):
                    self._videos.pop(ssrc, None)

    def _hang_up(self, transport: str) -> None:
        for relay in self._relays.pop(transport, []):
            relay.close()

    # --- connections of which nothing is known

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(ACCEPTS):
            try:
                sock, address = listener.accept()
            except BlockingIOError:
                return
            except OSError:  # no descriptors left: those who wait in the backlog wait a little longer
                self._count("tcp_exhausted")
                self._loop.remove_reader(listener.fileno())
                self._loop.call_later(PAUSE, self._accept_again, listener)
                return
            sock.setblocking(False)  # noqa: FBT003 -- the standard library's
            host = str(address[0])
            if self._hosts[host] >= WAITING_OF_HOST or not self._strangers.allows(host):
                self._count("tcp_limited")
                sock.close()
                continue
            if len(self._waiting) >= WAITING_MOST:
                self._count("tcp_limited")
                self._drop(next(iter(self._waiting.values())))
            waiting = _Waiting(sock, host, self._loop.time() + PATIENCE)
            self._waiting[sock.fileno()] = waiting
            self._hosts[host] += 1
            self._loop.add_reader(sock.fileno(), self._first, waiting)

    def _accept_again(self, listener: socket.socket) -> None:
        if listener.fileno() >= 0:
            self._loop.add_reader(listener.fileno(), self._accept, listener)

    def _first(self, waiting: _Waiting) -> None:
        """Read until the first packet is whole, and give the connection to the worker that it names."""
        try:
            data = waiting.socket.recv(WAITING_BYTES - len(waiting.read))
        except BlockingIOError:
            return
        except OSError:
            data = b""
        waiting.read += data
        found = first_ufrag(bytes(waiting.read)) if data else ""
        if found is None and len(waiting.read) < WAITING_BYTES:
            return
        self._release(waiting)
        if not found:
            self._count("tcp_refused")
            waiting.socket.close()
            return
        worker = worker_of(found)
        if worker == self._index:
            self._taken(waiting.socket, bytes(waiting.read))
        else:
            self._give(waiting, worker)

    def _give(self, waiting: _Waiting, worker: int) -> None:
        given = self._mailbox.give(mailbox(self._folder, worker), waiting.socket, bytes(waiting.read))
        if given is None and self._loop.time() < waiting.until:
            self._loop.call_later(AGAIN, self._give, waiting, worker)
            return
        if not given:
            self._count("tcp_refused")
        waiting.socket.close()  # the other worker has its own descriptor of it

    def _release(self, waiting: _Waiting) -> None:
        self._loop.remove_reader(waiting.socket.fileno())
        self._waiting.pop(waiting.socket.fileno(), None)
        self._hosts[waiting.host] -= 1
        if not self._hosts[waiting.host]:
            del self._hosts[waiting.host]

    def _drop(self, waiting: _Waiting) -> None:
        self._release(waiting)
        waiting.socket.close()

    # --- connections of our peers

    def _taken(self, sock: socket.socket, data: bytes) -> None:
        """Let a connection in whose first request is authenticated."""
        frames = Frames()
        try:
            packets = frames.feed(data)
            request = request_ufrag(packets[0]) if packets else None
        except RemoteError:
            request = None
        transport, password = self._passwords.get(request[1], ("", b"")) if request else ("", b"")
        if request is None or not password or not request[0].check_message_integrity(password):
            self._count("tcp_refused")
            sock.close()
            return
        of_peer = self._relays.setdefault(transport, [])
        if len(of_peer) >= RELAYS_OF_PEER:
            of_peer[0].close()
        if self.connections >= RELAYS_MOST:
            self._count("tcp_limited")
            sock.close()
            return
        try:
            relay = Relay(
                sock, transport=transport, plane=self._plane, password_of=self._password_of, is_video=self._videos.__contains__,
                count=self._count, ended=self._ended,
            )  # fmt: skip
        except OSError:  # the peer has gone, or no descriptors are left
            sock.close()
            return
        self._relays.setdefault(transport, []).append(relay)
        relay.start(packets, frames.rest)

    def _password_of(self, ufrag: str) -> bytes:
        return self._passwords.get(ufrag, ("", b""))[1]

    def _ended(self, relay: Relay) -> None:
        relays = self._relays.get(relay.transport, [])
        with contextlib.suppress(ValueError):
            relays.remove(relay)
        if not relays:
            self._relays.pop(relay.transport, None)

    def _look(self) -> None:
        """Hang up on those who say nothing."""
        self._timer = self._loop.call_later(PAUSE, self._look)
        now = self._loop.time()
        for waiting in [one for one in self._waiting.values() if one.until < now]:
            self._count("tcp_silent")
            self._drop(waiting)
        for relay in [one for relays in self._relays.values() for one in relays if one.heard_at + SILENT < now]:
            self._count("tcp_silent")
            relay.close()


def first_ufrag(read: bytes) -> str | None:
    """The ufrag that the first packet names: empty where it names none, None while the packet is not whole."""
    try:
        packets = Frames().feed(read)
    except RemoteError:
        return ""
    if not packets:
        return None
    found = request_ufrag(packets[0])
    return found[1] if found else ""

