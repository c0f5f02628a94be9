"""The association: messages and packets in and out, with the two halves and the life between them (RFC 9260, 6).

Chunks of data, of acknowledgement and of stream reset are handled here; those that set up or end are `life.Life`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from suite.rtc.sctp import wire
from suite.rtc.sctp.congestion import MTU
from suite.rtc.sctp.errors import Malformed, Violation
from suite.rtc.sctp.life import DATA_SENT, DATA_TAKEN, TIMEOUTS_MOST, Life, State
from suite.rtc.sctp.outbox import CONTROL_MOST, ROOM, Outbox
from suite.rtc.sctp.queue import Message
from suite.rtc.sctp.receiving import STREAMS, WINDOW, Received, Receiver
from suite.rtc.sctp.resetting import FAILURES_MOST as RESETS_MOST
from suite.rtc.sctp.resetting import Resetter
from suite.rtc.sctp.sending import Sender
from suite.rtc.sctp.wire import COMMON_SIZE, Introduction

SACK_DELAY: Final = 0.1  # s; at most 0.5 (RFC 9260, 6.2)
SACKS_MOST: Final = 64  # of one wake
OPENED: Final = WINDOW // 8  # bytes of room beyond what the peer knows of, from which it is told (RFC 9260, 6.2)


class Association:
    """One association; `life` sets it up and ends it.

    Times are seconds of one clock; `random` gives that many unpredictable bytes.
    """

    def __init__(
        self, *, local_port: int, remote_port: int, random: Callable[[int], bytes], zero_checksum: bool = True
    ) -> None:
        self.paused = False  # while so, messages stay where they are and the peer's window shrinks
        self.closed_streams: list[int] = []  # that the peer has reset, until they are taken
        tag = int.from_bytes(random(4), "big") or 1
        key = random(32)
        tsn = int.from_bytes(random(4), "big")
        # Older pion takes no INIT with a parameter that it does not know: zero checksums are offered in answer only.
        introduction = Introduction(tag, WINDOW, STREAMS, STREAMS, tsn, forward_tsn=True, reset=True)
        self.sender = Sender(tsn)
        self.receiver = Receiver(0)
        self._resetter = Resetter(sender=self.sender, receiver=self.receiver)
        self._ports = (local_port, remote_port)
        self._outbox = Outbox(source=local_port, destination=remote_port)
        self.life = Life(
            introduction, key=key, zero_checksum=zero_checksum, outbox=self._outbox, sender=self.sender,
            receiver=self.receiver, resetter=self._resetter,
        )  # fmt: skip
        self._sack_at: float | None = None

    # --- what the owner asks for

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
        while receiver.ready and len(taken) < most and not self.paused:
            taken.append(receiver.take())
        if taken and (receiver.window - receiver.told >= OPENED or receiver.told < MTU <= receiver.window):
            receiver.at_once = True  # the peer may wait to hear of the room
        return taken

    def reset(self, stream: int) -> None:
        """Close our side of a stream."""
        self._resetter.want(stream)

    @property
    def deadline(self) -> float | None:
        """When `timed_out` is due next."""
        life = self.life
        if life.state is State.CLOSED:
            return None
        times = (life.setup_at, self.sender.due_at, self._sack_at, life.heartbeat_at, self._resetter.due_at)
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
        life = self.life
        without = not checksum and life.zero_offered and first not in {wire.INIT, wire.COOKIE_ECHO}
        if not without and not wire.has_checksum(packet):
            raise Malformed("the checksum is wrong")
        if life.state is State.CLOSED:
            return
        if first == wire.INIT:
            life.init(packet, tag, now)
            return
        if tag != life.tag:
            reflected = first in {wire.ABORT, wire.SHUTDOWN_COMPLETE} and packet[13] & 1 and tag == life.peer_tag
            if not reflected or not tag:
                raise Malformed("another association's tag")
        try:
            self._chunks(packet, now)
        except Violation as violation:
            life.violated(str(violation))

    def _chunks(self, packet: bytes, now: float) -> None:
        data, life = False, self.life
        for kind, flags, start, end in wire.chunks(packet):
            if kind == wire.DATA:
                data |= self._data(packet, flags, start, end)
            elif kind == wire.SACK:
                if life.state in DATA_SENT or life.state is State.SHUTDOWN_SENT:
                    self.sender.sack(*wire.sack_read(packet, start, end), now)
            elif not self._control(kind, packet[start:end], flags, now) and not kind & 0x80:
                break  # RFC 9260, 3.2: the rest of the packet is not read either
            if life.state is State.CLOSED:
                return
        if data:
            self._heard_data(now)

    def _control(self, kind: int, body: bytes, flags: int, now: float) -> bool:
        """Take a chunk of any other kind; False where it is not known."""
        if kind == wire.RECONFIG:
            self._reconfig(body, now)
        elif kind == wire.FORWARD_TSN:
            self._forward_tsn(body)
        elif kind in self.life.HANDLERS:
            self.life.HANDLERS[kind](self.life, body, flags, now)
        else:
            return False
        return True

    def _data(self, packet: bytes, flags: int, start: int, end: int) -> bool:
        if end - start <= 12:
            raise Malformed("a DATA chunk without data")
        if self.life.state not in DATA_TAKEN:
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
        if receiver.acknowledge >= 2 or receiver.at_once or self.life.state is State.SHUTDOWN_SENT:
            receiver.at_once = True
            outbox = self._outbox
            if len(outbox.packets) < SACKS_MOST and not self.sender.queue.waiting:
                self._sack_at = None
                outbox.packets.append(outbox.sealer.seal([receiver.sack()], zero=outbox.zero))
        elif self._sack_at is None:
            self._sack_at = now + SACK_DELAY

    def _reconfig(self, body: bytes, now: float) -> None:
        control = self._outbox.control
        if self._resetter.able and self.life.state is State.ESTABLISHED and len(control) < CONTROL_MOST:
            self._resetter.received(body, control, self.closed_streams.extend, now)

    def _forward_tsn(self, body: bytes) -> None:
        if self.life.state in DATA_TAKEN:
            self.receiver.skip(*wire.forward_tsn_read(body))

    # --- packets out

    def take(self, now: float) -> list[bytes]:
        """The packets that may go out now."""
        life, outbox = self.life, self._outbox
        packets, outbox.packets = outbox.packets, []
        if life.state is State.CLOSED:
            return packets
        sending = life.state in DATA_SENT
        if sending:
            self._resetter.fill(outbox.control, now)
            if self.sender.idle and life.state is not State.ESTABLISHED:
                life.drained(now)
        receiver = self.receiver
        while True:
            parts: list[bytes] = []
            room = outbox.fill(parts, ROOM)
            if receiver.at_once or (receiver.acknowledge and sending and self.sender.queue.waiting):
                self._sack_at = None
                sack = receiver.sack()
                if len(sack) > room:
                    packets.append(outbox.sealer.seal(parts, zero=outbox.zero))
                    parts, room = [], ROOM
                parts.append(sack)
                room -= len(sack)
            if sending:
                self.sender.fill(parts, room, now)
            if not parts:
                return packets
            packets.append(outbox.sealer.seal(parts, zero=outbox.zero))

    # --- time

    def timed_out(self, now: float) -> None:
        """Do what is due."""
        life = self.life
        if life.state is State.CLOSED:
            return
        if self._sack_at is not None and now >= self._sack_at:
            self._sack_at = None
            self.receiver.at_once = True
        life.timed_out(now)
        sender = self.sender
        if sender.due_at is not None and now >= sender.due_at:
            sender.timed_out(now)
            if sender.failures > TIMEOUTS_MOST:
                life.close("the peer does not answer")
        resetter = self._resetter
        if resetter.due_at is not None and now >= resetter.due_at:
            resetter.timed_out(self._outbox.control, now)
            if resetter.failures > RESETS_MOST:
                life.close("the peer does not answer")
