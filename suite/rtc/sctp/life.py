"""The life of an association: set-up, heartbeats and ends, with the chunks and timers of each (RFC 9260, 4, 5, 8 and 9).

Both sides of a WebRTC connection begin (RFC 8841, 9.3), so a collision of two INITs is the usual case. A peer that would
restart an association within one DTLS connection is not answered: browsers open a new connection instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import ClassVar, Final

from suite.rtc.sctp import wire
from suite.rtc.sctp.congestion import RTO_INITIAL, RTO_MOST
from suite.rtc.sctp.cookie import cookie_new, cookie_open
from suite.rtc.sctp.errors import Malformed
from suite.rtc.sctp.outbox import CONTROL_MOST, ROOM, Outbox
from suite.rtc.sctp.receiving import STREAMS, Receiver
from suite.rtc.sctp.resetting import Resetter
from suite.rtc.sctp.sending import Sender
from suite.rtc.sctp.wire import Introduction, chunk, parameter

INITS_MOST: Final = 8  # tries to set up
TIMEOUTS_MOST: Final = 10  # in a row (RFC 9260, 16)
HEARTBEAT_EVERY: Final = 30.0  # s

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


DATA_TAKEN: Final = frozenset({State.COOKIE_ECHOED, State.ESTABLISHED, State.SHUTDOWN_PENDING, State.SHUTDOWN_SENT})
DATA_SENT: Final = frozenset({State.ESTABLISHED, State.SHUTDOWN_PENDING, State.SHUTDOWN_RECEIVED})


class Life:
    """Where an association is in its life. What the peer says of itself is told to the parts that it concerns."""

    def __init__(
        self,
        introduction: Introduction,
        *,
        key: bytes,
        zero_checksum: bool,
        outbox: Outbox,
        sender: Sender,
        receiver: Receiver,
        resetter: Resetter,
    ) -> None:
        """`introduction` is what we say of ourselves, `key` signs cookies, `zero_checksum` lets peers leave checksums out."""
        self.state = State.NEW
        self.failure = ""  # why it is closed, where it was not us who closed it
        self.streams_out = STREAMS  # that we may use
        self.tag = introduction.tag
        self.peer_tag = 0
        self.zero_offered = zero_checksum
        self.setup_at: float | None = None  # T1 and T2
        self.heartbeat_at: float | None = None
        self.introduction = introduction
        self._key = key
        self._outbox = outbox
        self._sender = sender
        self._receiver = receiver
        self._resetter = resetter
        self._cookie = b""
        self._tries = 0
        self._setup_wait = RTO_INITIAL
        self._heartbeats = 0

    # --- what the owner asks for

    def connect(self, now: float) -> None:
        """Begin to set up."""
        if self.state is State.NEW:
            self.state = State.COOKIE_WAIT
            self._send_init(now)

    def shut_down(self) -> None:
        """End when everything is sent and acknowledged."""
        if self.state is State.ESTABLISHED:
            self.state = State.SHUTDOWN_PENDING
        elif self.state not in DATA_SENT:
            self.close("")

    def abort(self, reason: str = "") -> None:
        """End now; the peer is told."""
        if self.state is not State.CLOSED:
            if self.peer_tag:
                self._send(chunk(wire.ABORT, parameter(CAUSE_USER, reason.encode())))
            self.close("")

    # --- time

    def timed_out(self, now: float) -> None:
        """Do what is due."""
        if self.setup_at is not None and now >= self.setup_at:
            self._setup_again(now)
        if self.heartbeat_at is not None and now >= self.heartbeat_at:
            self.heartbeat_at = now + HEARTBEAT_EVERY
            self._heartbeat_due()

    def _heartbeat_due(self) -> None:
        if self._sender.idle:
            self._heartbeats += 1
            self._outbox.answer(chunk(wire.HEARTBEAT, parameter(1, self.tag.to_bytes(4, "big"))))
        if self._heartbeats > TIMEOUTS_MOST:
            self.close("the peer does not answer")

    def _setup_again(self, now: float) -> None:
        self._tries += 1
        if self._tries > INITS_MOST:
            self.close("the peer does not answer")
            return
        self._setup_wait = min(RTO_MOST, 2 * self._setup_wait)
        if self.state is State.COOKIE_WAIT:
            self._send_init(now)
        elif self.state is State.COOKIE_ECHOED:
            self._send_cookie(now)
        elif self.state is State.SHUTDOWN_SENT:
            self._send_shutdown(now)
        elif self.state is State.SHUTDOWN_ACK_SENT:
            self._outbox.answer(chunk(wire.SHUTDOWN_ACK))
            self.setup_at = now + self._setup_wait

    def _send(self, written: bytes) -> None:
        """Send a chunk in a packet of its own."""
        self._outbox.packets.append(self._outbox.sealer.seal([written]))

    # --- set-up

    def _send_init(self, now: float) -> None:
        self._outbox.packets.append(self._outbox.sealer_of(0).seal([chunk(wire.INIT, self.introduction.written())]))
        self.setup_at = now + self._setup_wait

    def _send_cookie(self, now: float) -> None:
        self._send(chunk(wire.COOKIE_ECHO, self._cookie))
        self.setup_at = now + self._setup_wait

    def init(self, packet: bytes, tag: int, now: float) -> None:
        """Take a packet that begins with INIT."""
        found = list(wire.chunks(packet))
        if tag or len(found) != 1:
            raise Malformed("an INIT that is not alone")
        if self.state not in {State.NEW, State.COOKIE_WAIT, State.COOKIE_ECHOED}:
            return
        _, _, start, end = found[0]
        peer = wire.introduction(packet[start:end])
        sealer = self._outbox.sealer_of(peer.tag)
        cookie = cookie_new(peer=peer, tag=self.tag, key=self._key, now=now)
        answer = self.introduction._replace(cookie=cookie, zero_checksum=self.zero_offered and peer.zero_checksum)
        if len(self._outbox.packets) < CONTROL_MOST:
            self._outbox.packets.append(sealer.seal([chunk(wire.INIT_ACK, answer.written())]))

    def _meet(self, peer: Introduction) -> None:
        """Take what a peer says of itself."""
        self.peer_tag = peer.tag
        self._outbox.address(peer.tag, zero=self.zero_offered and peer.zero_checksum)
        self.streams_out = min(STREAMS, peer.streams_in)
        self._receiver.begin(peer.tsn)
        self._sender.window = peer.window
        self._sender.can_abandon = peer.forward_tsn
        self._resetter.begin(ours=self.introduction.tsn, theirs=peer.tsn, able=peer.reset)

    def _init_ack(self, body: bytes, _flags: int, now: float) -> None:
        if self.state is not State.COOKIE_WAIT:
            return
        peer = wire.introduction(body)
        if not peer.cookie or len(peer.cookie) > ROOM - 4:
            raise Malformed("an INIT ACK without a cookie that can be echoed")
        self._meet(peer)
        self._cookie = peer.cookie
        self.state = State.COOKIE_ECHOED
        self._setup_wait, self._tries = RTO_INITIAL, 0
        self._send_cookie(now)

    def _cookie_echo(self, body: bytes, _flags: int, now: float) -> None:
        opened = cookie_open(body, key=self._key, now=now)
        if opened is None:
            self._outbox.answer(chunk(wire.ERROR, parameter(CAUSE_STALE_COOKIE, bytes(4))))
            return
        introduced, tag = opened
        peer = wire.introduction(introduced)
        if tag != self.tag:
            raise Malformed("a cookie of another association")
        if self.state in {State.NEW, State.COOKIE_WAIT, State.COOKIE_ECHOED}:
            if peer.tag != self.peer_tag:
                self._meet(peer)
            self._outbox.zero |= self.zero_offered and peer.zero_checksum
            self._establish(now)
        elif peer.tag != self.peer_tag:
            return
        self._outbox.control.insert(0, chunk(wire.COOKIE_ACK))

    def _cookie_ack(self, _body: bytes, _flags: int, now: float) -> None:
        if self.state is State.COOKIE_ECHOED:
            self._establish(now)

    def _establish(self, now: float) -> None:
        self.state = State.ESTABLISHED
        self.setup_at, self._tries, self._setup_wait = None, 0, RTO_INITIAL
        self.heartbeat_at = now + HEARTBEAT_EVERY

    def _error(self, body: bytes, _flags: int, now: float) -> None:
        if self.state is State.COOKIE_ECHOED and any(kind == CAUSE_STALE_COOKIE for kind, _ in wire.parameters(body)):
            self.state = State.COOKIE_WAIT
            self._send_init(now)

    # --- heartbeats

    def _heartbeat(self, body: bytes, _flags: int, _now: float) -> None:
        self._outbox.answer(chunk(wire.HEARTBEAT_ACK, body))

    def _heartbeat_ack(self, _body: bytes, _flags: int, _now: float) -> None:
        self._heartbeats = 0

    # --- ends

    def drained(self, now: float) -> None:
        """All that was to be sent before the end has been acknowledged."""
        if self.state is State.SHUTDOWN_PENDING:
            self.state = State.SHUTDOWN_SENT
            self._send_shutdown(now)
        elif self.state is State.SHUTDOWN_RECEIVED:
            self.state = State.SHUTDOWN_ACK_SENT
            self._outbox.answer(chunk(wire.SHUTDOWN_ACK))
            self.setup_at = now + self._setup_wait

    def _send_shutdown(self, now: float) -> None:
        self._outbox.answer(chunk(wire.SHUTDOWN, (self._receiver.cumulative & 0xFFFFFFFF).to_bytes(4, "big")))
        self.setup_at = now + self._setup_wait

    def _shutdown(self, body: bytes, _flags: int, now: float) -> None:
        sender = self._sender
        if self.state in {State.ESTABLISHED, State.SHUTDOWN_PENDING}:
            self.state = State.SHUTDOWN_RECEIVED
        if self.state is State.SHUTDOWN_RECEIVED:
            sender.sack(wire.number(body), sender.window + sender.flight, [], now)
        elif self.state is State.SHUTDOWN_SENT:
            self.state = State.SHUTDOWN_ACK_SENT
            self._outbox.answer(chunk(wire.SHUTDOWN_ACK))

    def _shutdown_ack(self, _body: bytes, _flags: int, _now: float) -> None:
        if self.state in {State.SHUTDOWN_SENT, State.SHUTDOWN_ACK_SENT}:
            self._send(chunk(wire.SHUTDOWN_COMPLETE))
            self.close("closed by the peer")

    def _shutdown_complete(self, _body: bytes, _flags: int, _now: float) -> None:
        if self.state is State.SHUTDOWN_ACK_SENT:
            self.close("closed by the peer")

    def _aborted(self, _body: bytes, _flags: int, _now: float) -> None:
        if self.state is not State.NEW:
            self.close("aborted by the peer")

    def violated(self, reason: str) -> None:
        """End because the peer has broken the protocol, and tell it so."""
        self._send(chunk(wire.ABORT, parameter(CAUSE_PROTOCOL_VIOLATION, reason.encode())))
        self.close(reason)

    def close(self, reason: str) -> None:
        """End without a word."""
        self.state = State.CLOSED
        self.failure = reason
        self._sender.queue.clear()
        self._sender.due_at = None
        self._outbox.control.clear()

    # By kind of chunk; the class's, as methods bound to their owner would keep it until the collector comes.
    HANDLERS: ClassVar[Mapping[int, Callable[[Life, bytes, int, float], None]]] = {
        wire.INIT_ACK: _init_ack,
        wire.HEARTBEAT: _heartbeat,
        wire.HEARTBEAT_ACK: _heartbeat_ack,
        wire.ABORT: _aborted,
        wire.SHUTDOWN: _shutdown,
        wire.SHUTDOWN_ACK: _shutdown_ack,
        wire.ERROR: _error,
        wire.COOKIE_ECHO: _cookie_echo,
        wire.COOKIE_ACK: _cookie_ack,
        wire.SHUTDOWN_COMPLETE: _shutdown_complete,
    }
