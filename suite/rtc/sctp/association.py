"""The association: set-up, timers, ends, and packets in and out (RFC 9260, 4, 5, 8 and 9).

Both sides of a WebRTC connection begin (RFC 8841, 9.3), so a collision of two INITs is the usual case. A peer that would
restart an association within one DTLS connection is not answered: browsers open a new connection instead.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from suite.rtc.sctp import wire
from suite.rtc.sctp.congestion import MTU, RTO_INITIAL, RTO_MOST
from suite.rtc.sctp.cookie import cookie_new, cookie_open
from suite.rtc.sctp.errors import Malformed, Violation
from suite.rtc.sctp.queue import Message
from suite.rtc.sctp.receiving import STREAMS, WINDOW, Received, Receiver
from suite.rtc.sctp.resetting import FAILURES_MOST as RESETS_MOST
from suite.rtc.sctp.resetting import Resetter
from suite.rtc.sctp.sending import Sender
from suite.rtc.sctp.wire import COMMON_SIZE, Introduction, Sealer, chunk, parameter

SACK_DELAY: Final = 0.1  # s; at most 0.5 (RFC 9260, 6.2)
INITS_MOST: Final = 8  # tries to set up
TIMEOUTS_MOST: Final = 10  # in a row (RFC 9260, 16)
HEARTBEAT_EVERY: Final = 30.0  # s
SACKS_MOST: Final = 64  # of one wake
CONTROL_MOST: Final = 64  # chunks waiting to be sent, beyond which answers are not given
_ROOM: Final = MTU - COMMON_SIZE

CAUSE_STALE_COOKIE: Final = 3
CAUSE_PROTOCOL_VIOLATION: Final = 13
CAUSE_USER: Final = 12


class State(Enum):
    """Of an association (RFC 9260, 4)."""

    NEW = auto()
    COOKIE_WAIT = auto()
    COOKIE_ECHOED = auto()
    ESTABLISHED = auto()
    SHUTDOWN_PENDING = auto()
    SHUTDOWN_SENT = auto()
    SHUTDOWN_RECEIVED = auto()
    SHUTDOWN_ACK_SENT = auto()
    CLOSED = auto()


_DATA_TAKEN: Final = frozenset({State.COOKIE_ECHOED, State.ESTABLISHED, State.SHUTDOWN_PENDING, State.SHUTDOWN_SENT})
_DATA_SENT: Final = frozenset({State.ESTABLISHED, State.SHUTDOWN_PENDING, State.SHUTDOWN_RECEIVED})


class Association:
    """One association. Times are seconds of one clock; `random` gives that many unpredictable bytes."""

    def __init__(
        self, *, local_port: int, remote_port: int, random: Callable[[int], bytes], zero_checksum: bool = True
    ) -> None:
        self.state = State.NEW
        self.failure = ""  # why it is closed, where it was not us who closed it
        self.paused = False  # while so, messages stay where they are and the peer's window shrinks
        self.streams_out = STREAMS  # that we may use
        self.closed_streams: list[int] = []  # that the peer has reset, until they are taken
        self._ports = (local_port, remote_port)
        self._tag = int.from_bytes(random(4), "big") or 1
        self._key = random(32)
        self._zero_offered = zero_checksum
        self._zero = False  # whether we may send without checksums
        self._peer_tag = 0
        tsn = int.from_bytes(random(4), "big")
        # Older pion takes no INIT with a parameter that it does not know: zero checksums are offered in answer only.
        self._introduction = Introduction(self._tag, WINDOW, STREAMS, STREAMS, tsn, forward_tsn=True, reset=True)
        self.sender = Sender(tsn)
        self.receiver = Receiver(0)
        self._resetter: Resetter | None = None
        self._sealer = Sealer(source=local_port, destination=remote_port, tag=0)
        self._control: list[bytes] = []
        self._packets: list[bytes] = []  # whole ones that go out before all else
        self._cookie = b""
        self._tries = 0
        self._setup_at: float | None = None  # T1 and T2
        self._setup_wait = RTO_INITIAL
        self._sack_at: float | None = None
        self._heartbeat_at: float | None = None
        self._heartbeats = 0
        self._handlers: dict[int, Callable[[bytes, int, float], None]] = {
            wire.INIT_ACK: self._init_ack,
            wire.HEARTBEAT: self._heartbeat,
            wire.HEARTBEAT_ACK: self._heartbeat_ack,
            wire.ABORT: self._aborted,
            wire.SHUTDOWN: self._shutdown,
            wire.SHUTDOWN_ACK: self._shutdown_ack,
            wire.ERROR: self._error,
            wire.COOKIE_ECHO: self._cookie_echo,
            wire.COOKIE_ACK: self._cookie_ack,
            wire.SHUTDOWN_COMPLETE: self._shutdown_complete,
            wire.RECONFIG: self._reconfig,
            wire.FORWARD_TSN: self._forward_tsn,
        }

    # --- what the owner asks for

    def connect(self, now: float) -> None:
        """Begin to set up."""
        if self.state is State.NEW:
            self.state = State.COOKIE_WAIT
            self._send_init(now)

    def send(
        self,
        stream: int,
        payload: bytes,
        *,
        protocol: int,
        ordered: bool = True,
        retransmissions: int | None = None,
        expires_at: float | None = None,
        started_by: float | None = None,
    ) -> None:
        """Queue a message, of one byte at least."""
        if not payload:
            raise ValueError("SCTP has no empty messages")
        queue = self.sender.queue
        queue.add(
            Message(
                stream=queue.stream(stream),
                payload=payload,
                protocol=protocol,
                ordered=ordered,
                retransmissions=retransmissions,
                expires_at=expires_at,
                started_by=started_by,
            )
        )

    def messages(self, most: int) -> list[Received]:
        """What has arrived and not been taken, up to so many messages; nothing while paused."""
        receiver = self.receiver
        taken: list[Received] = []
        small = receiver.window < WINDOW // 2
        while receiver.ready and len(taken) < most and not self.paused:
            taken.append(receiver.take())
        if small and receiver.window >= WINDOW // 2 and taken:
            receiver.at_once = True  # the peer waits to hear of the room
        return taken

    def reset(self, stream: int) -> None:
        """Close our side of a stream."""
        if self._resetter is not None:
            self._resetter.want(stream)

    def shut_down(self) -> None:
        """End when everything is sent and acknowledged."""
        if self.state is State.ESTABLISHED:
            self.state = State.SHUTDOWN_PENDING
        elif self.state not in _DATA_SENT:
            self._close("")

    def abort(self, reason: str = "") -> None:
        """End now; the peer is told."""
        if self.state is not State.CLOSED:
            if self._peer_tag:
                self._packets.append(self._sealer.seal([chunk(wire.ABORT, parameter(CAUSE_USER, reason.encode()))]))
            self._close("")

    @property
    def deadline(self) -> float | None:
        """When `timed_out` is due next."""
        if self.state is State.CLOSED:
            return None
        resets = self._resetter.due_at if self._resetter is not None else None
        times = (self._setup_at, self.sender.due_at, self._sack_at, self._heartbeat_at, resets)
        return min((time for time in times if time is not None), default=None)

    # --- packets in

    def receive(self, packet: bytes, now: float) -> None:
        """Take a packet; raises `Malformed`, and nothing else, for what is not one of this association."""
        if len(packet) < COMMON_SIZE + 4:
            raise Malformed("a packet is cut off")
        source, destination, tag, checksum = wire.COMMON.unpack_from(packet)
        if (destination, source) != self._ports:
            raise Malformed("other ports")
        first = packet[COMMON_SIZE]
        without = not checksum and self._zero_offered and first not in {wire.INIT, wire.COOKIE_ECHO}
        if not without and not wire.has_checksum(packet):
            raise Malformed("the checksum is wrong")
        if self.state is State.CLOSED:
            return
        if first == wire.INIT:
            self._init(packet, tag, now)
            return
        if tag != self._tag:
            reflected = first in {wire.ABORT, wire.SHUTDOWN_COMPLETE} and packet[13] & 1 and tag == self._peer_tag
            if not reflected or not tag:
                raise Malformed("another association's tag")
        try:
            self._chunks(packet, now)
        except Violation as violation:
            self._violated(str(violation))

    def _chunks(self, packet: bytes, now: float) -> None:
        data = False
        for kind, flags, start, end in wire.chunks(packet):
            if kind == wire.DATA:
                data |= self._data(packet, flags, start, end)
            elif kind == wire.SACK:
                if self.state in _DATA_SENT or self.state is State.SHUTDOWN_SENT:
                    self.sender.sack(*wire.sack_read(packet, start, end), now)
            elif kind in self._handlers:
                self._handlers[kind](packet[start:end], flags, now)
            elif not kind & 0x80:  # RFC 9260, 3.2: the rest of the packet is not read either
                break
            if self.state is State.CLOSED:
                return
        if data:
            self._heard_data(now)

    def _data(self, packet: bytes, flags: int, start: int, end: int) -> bool:
        if end - start <= 12:
            raise Malformed("a DATA chunk without data")
        if self.state not in _DATA_TAKEN:
            return False
        tsn, stream, sequence, protocol = wire.DATA_BODY.unpack_from(packet, start)
        self.receiver.data(flags, tsn, stream, sequence, protocol, packet[start + 12 : end])
        if flags & wire.IMMEDIATE:
            self.receiver.at_once = True
        return True

    def _heard_data(self, now: float) -> None:
        """Acknowledge every second packet, every one while something is missing.

        A peer's window grows by each SACK, and three tell it of a loss. One that waits goes along with data.
        """
        receiver = self.receiver
        receiver.acknowledge += 1
        if receiver.acknowledge >= 2 or receiver.at_once or self.state is State.SHUTDOWN_SENT:
            receiver.at_once = True
            if len(self._packets) < SACKS_MOST and not self.sender.queue.waiting:
                self._sack_at = None
                self._packets.append(self._sealer.seal([receiver.sack()], zero=self._zero))
        elif self._sack_at is None:
            self._sack_at = now + SACK_DELAY

    # --- packets out

    def take(self, now: float) -> list[bytes]:
        """The packets that may go out now."""
        packets, self._packets = self._packets, []
        if self.state is State.CLOSED:
            return packets
        sending = self.state in _DATA_SENT
        if sending:
            if self._resetter is not None:
                self._resetter.fill(self._control, now)
            if self.sender.idle and self.state is not State.ESTABLISHED:
                self._drained(now)
        receiver = self.receiver
        while True:
            parts: list[bytes] = []
            room = self._fill_control(parts, _ROOM)
            if receiver.at_once or (receiver.acknowledge and sending and self.sender.queue.waiting):
                self._sack_at = None
                sack = receiver.sack()
                if len(sack) > room:
                    packets.append(self._sealer.seal(parts, zero=self._zero))
                    parts, room = [], _ROOM
                parts.append(sack)
                room -= len(sack)
            if sending:
                self.sender.fill(parts, room, now)
            if not parts:
                return packets
            packets.append(self._sealer.seal(parts, zero=self._zero))

    def _fill_control(self, parts: list[bytes], room: int) -> int:
        while self._control and len(self._control[0]) <= room:
            room -= len(self._control[0])
            parts.append(self._control.pop(0))
        return room

    def _answer(self, written: bytes) -> None:
        if len(self._control) < CONTROL_MOST and len(written) <= _ROOM:
            self._control.append(written)

    # --- time

    def timed_out(self, now: float) -> None:
        """Do what is due."""
        if self.state is State.CLOSED:
            return
        if self._sack_at is not None and now >= self._sack_at:
            self._sack_at = None
            self.receiver.at_once = True
        if self._setup_at is not None and now >= self._setup_at:
            self._setup_again(now)
        sender = self.sender
        if sender.due_at is not None and now >= sender.due_at:
            sender.timed_out(now)
            if sender.failures > TIMEOUTS_MOST:
                self._close("the peer does not answer")
        resetter = self._resetter
        if resetter is not None and resetter.due_at is not None and now >= resetter.due_at:
            resetter.timed_out(self._control, now)
            if resetter.failures > RESETS_MOST:
                self._close("the peer does not answer")
        if self._heartbeat_at is not None and now >= self._heartbeat_at:
            self._heartbeat_at = now + HEARTBEAT_EVERY
            self._heartbeat_due()

    def _heartbeat_due(self) -> None:
        if self.sender.idle:
            self._heartbeats += 1
            self._answer(chunk(wire.HEARTBEAT, parameter(1, self._tag.to_bytes(4, "big"))))
        if self._heartbeats > TIMEOUTS_MOST:
            self._close("the peer does not answer")

    def _setup_again(self, now: float) -> None:
        self._tries += 1
        if self._tries > INITS_MOST:
            self._close("the peer does not answer")
            return
        self._setup_wait = min(RTO_MOST, 2 * self._setup_wait)
        if self.state is State.COOKIE_WAIT:
            self._send_init(now)
        elif self.state is State.COOKIE_ECHOED:
            self._send_cookie(now)
        elif self.state is State.SHUTDOWN_SENT:
            self._send_shutdown(now)
        elif self.state is State.SHUTDOWN_ACK_SENT:
            self._answer(chunk(wire.SHUTDOWN_ACK))
            self._setup_at = now + self._setup_wait

    # --- set-up

    def _send_init(self, now: float) -> None:
        sealer = Sealer(source=self._ports[0], destination=self._ports[1], tag=0)
        self._packets.append(sealer.seal([chunk(wire.INIT, self._introduction.written())]))
        self._setup_at = now + self._setup_wait

    def _send_cookie(self, now: float) -> None:
        self._packets.append(self._sealer.seal([chunk(wire.COOKIE_ECHO, self._cookie)]))
        self._setup_at = now + self._setup_wait

    def _init(self, packet: bytes, tag: int, now: float) -> None:
        found = list(wire.chunks(packet))
        if tag or len(found) != 1:
            raise Malformed("an INIT that is not alone")
        if self.state not in {State.NEW, State.COOKIE_WAIT, State.COOKIE_ECHOED}:
            return
        _, _, start, end = found[0]
        peer = wire.introduction(packet[start:end])
        sealer = Sealer(source=self._ports[0], destination=self._ports[1], tag=peer.tag)
        cookie = cookie_new(peer=peer, tag=self._tag, key=self._key, now=now)
        answer = self._introduction._replace(cookie=cookie, zero_checksum=self._zero_offered and peer.zero_checksum)
        if len(self._packets) < CONTROL_MOST:
            self._packets.append(sealer.seal([chunk(wire.INIT_ACK, answer.written())]))

    def _meet(self, peer: Introduction) -> None:
        """Take what a peer says of itself."""
        self._peer_tag = peer.tag
        self._sealer = Sealer(source=self._ports[0], destination=self._ports[1], tag=peer.tag)
        self._zero = self._zero_offered and peer.zero_checksum
        self.streams_out = min(STREAMS, peer.streams_in)
        self.receiver = Receiver(peer.tsn)
        self.sender.window = peer.window
        self.sender.can_abandon = peer.forward_tsn
        self._resetter = None
        if peer.reset:
            ours = self._introduction.tsn
            self._resetter = Resetter(sender=self.sender, receiver=self.receiver, ours=ours, theirs=peer.tsn)

    def _init_ack(self, body: bytes, _flags: int, now: float) -> None:
        if self.state is not State.COOKIE_WAIT:
            return
        peer = wire.introduction(body)
        if not peer.cookie or len(peer.cookie) > _ROOM - 4:
            raise Malformed("an INIT ACK without a cookie that can be echoed")
        self._meet(peer)
        self._cookie = peer.cookie
        self.state = State.COOKIE_ECHOED
        self._setup_wait, self._tries = RTO_INITIAL, 0
        self._send_cookie(now)

    def _cookie_echo(self, body: bytes, _flags: int, now: float) -> None:
        opened = cookie_open(body, key=self._key, now=now)
        if opened is None:
            self._answer(chunk(wire.ERROR, parameter(CAUSE_STALE_COOKIE, bytes(4))))
            return
        introduced, tag = opened
        peer = wire.introduction(introduced)
        if tag != self._tag:
            raise Malformed("a cookie of another association")
        if self.state in {State.NEW, State.COOKIE_WAIT, State.COOKIE_ECHOED}:
            if peer.tag != self._peer_tag:
                self._meet(peer)
            self._zero |= self._zero_offered and peer.zero_checksum
            self._establish(now)
        elif peer.tag != self._peer_tag:
            return
        self._control.insert(0, chunk(wire.COOKIE_ACK))

    def _cookie_ack(self, _body: bytes, _flags: int, now: float) -> None:
        if self.state is State.COOKIE_ECHOED:
            self._establish(now)

    def _establish(self, now: float) -> None:
        self.state = State.ESTABLISHED
        self._setup_at, self._tries, self._setup_wait = None, 0, RTO_INITIAL
        self._heartbeat_at = now + HEARTBEAT_EVERY

    # --- other chunks

    def _heartbeat(self, body: bytes, _flags: int, _now: float) -> None:
        self._answer(chunk(wire.HEARTBEAT_ACK, body))

    def _heartbeat_ack(self, _body: bytes, _flags: int, _now: float) -> None:
        self._heartbeats = 0

    def _error(self, body: bytes, _flags: int, now: float) -> None:
        if self.state is State.COOKIE_ECHOED and any(kind == CAUSE_STALE_COOKIE for kind, _ in wire.parameters(body)):
            self.state = State.COOKIE_WAIT
            self._send_init(now)

    def _aborted(self, _body: bytes, _flags: int, _now: float) -> None:
        if self.state is not State.NEW:
            self._close("aborted by the peer")

    def _reconfig(self, body: bytes, _flags: int, now: float) -> None:
        if self._resetter is not None and self.state is State.ESTABLISHED and len(self._control) < CONTROL_MOST:
            self._resetter.received(body, self._control, self.closed_streams.extend, now)

    def _forward_tsn(self, body: bytes, _flags: int, _now: float) -> None:
        if self.state in _DATA_TAKEN:
            self.receiver.skip(*wire.forward_tsn_read(body))

    # --- ends

    def _drained(self, now: float) -> None:
        if self.state is State.SHUTDOWN_PENDING:
            self.state = State.SHUTDOWN_SENT
            self._send_shutdown(now)
        elif self.state is State.SHUTDOWN_RECEIVED:
            self.state = State.SHUTDOWN_ACK_SENT
            self._answer(chunk(wire.SHUTDOWN_ACK))
            self._setup_at = now + self._setup_wait

    def _send_shutdown(self, now: float) -> None:
        self._answer(chunk(wire.SHUTDOWN, (self.receiver.cumulative & 0xFFFFFFFF).to_bytes(4, "big")))
        self._setup_at = now + self._setup_wait

    def _shutdown(self, body: bytes, _flags: int, now: float) -> None:
        if self.state in {State.ESTABLISHED, State.SHUTDOWN_PENDING}:
            self.state = State.SHUTDOWN_RECEIVED
        if self.state is State.SHUTDOWN_RECEIVED:
            self.sender.sack(wire.number(body), self.sender.window + self.sender.flight, [], now)
        elif self.state is State.SHUTDOWN_SENT:
            self.state = State.SHUTDOWN_ACK_SENT
            self._answer(chunk(wire.SHUTDOWN_ACK))

    def _shutdown_ack(self, _body: bytes, _flags: int, _now: float) -> None:
        if self.state in {State.SHUTDOWN_SENT, State.SHUTDOWN_ACK_SENT}:
            self._packets.append(self._sealer.seal([chunk(wire.SHUTDOWN_COMPLETE)]))
            self._close("closed by the peer")

    def _shutdown_complete(self, _body: bytes, _flags: int, _now: float) -> None:
        if self.state is State.SHUTDOWN_ACK_SENT:
            self._close("closed by the peer")

    def _violated(self, reason: str) -> None:
        cause = parameter(CAUSE_PROTOCOL_VIOLATION, reason.encode())
        self._packets.append(self._sealer.seal([chunk(wire.ABORT, cause)]))
        self._close(reason)

    def _close(self, reason: str) -> None:
        self.state = State.CLOSED
        self.failure = reason
        self.sender.queue.clear()
        self.sender.due_at = None
        self._control.clear()
