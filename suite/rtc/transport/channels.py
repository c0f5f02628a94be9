"""Data channels of one association: our SCTP over the records of its DTLS, in the worker's event loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Final

from OpenSSL import SSL

from suite.rtc.core import media
from suite.rtc.sctp.association import Association
from suite.rtc.sctp.channels import Arrived, Channel, Channels, Closed, Event, Opened
from suite.rtc.sctp.errors import Malformed
from suite.rtc.sctp.life import State
from suite.rtc.transport.pressure import BEHIND, BEHIND_UNSET, SLOW_UNSET, Allowance, Drain
from suite.rtc.transport.records import Records, RecordsClosed

PORT: Final = 5000
LOSSY_BUFFER: Final = 128 * 1024  # bytes waiting on a lossy channel, above which a message is dropped
LOSSY_PATIENCE: Final = 0.2  # s that a lossy message may wait for its turn
RELIABLE_BUFFER: Final = 4 * 1024 * 1024  # bytes waiting on a reliable channel, above which a message is always dropped
EARLY_BYTES: Final = 256 * 1024  # kept for channels that the peer has not opened yet
EARLY_SECONDS: Final = 10.0  # from the start, in which it may
SLICE: Final = 16  # messages that are passed on before their readers are heard: one of them may hold the writer up
LOOK: Final = 0.05  # s between two looks at a reader that holds others up


class DataChannels:
    """The data channels of one association, by label."""

    def __init__(
        self,
        connection: SSL.Connection,
        *,
        send: Callable[[bytes], None],
        opened: Callable[[str], None],
        received: Callable[[str, bytes], None],
        failed: Callable[[str], None],
        count: Callable[[str], None],
        slow_threshold: int = 0,
    ) -> None:
        self._records = Records(connection, send=send)
        self._opened = opened
        self._received = received
        self._failed = failed
        self._count = count
        self._slow_threshold = slow_threshold or SLOW_UNSET  # bit/s
        self._behind = BEHIND if slow_threshold else BEHIND_UNSET
        self._loop = asyncio.get_running_loop()
        self._sctp: Association | None = None
        self._channels: Channels | None = None
        self._by_label: dict[str, Channel] = {}
        self._created: list[media.Channel] = []
        self._largest = 65536
        self._timer: asyncio.TimerHandle | None = None
        self._look_timer: asyncio.TimerHandle | None = None
        self._resume: asyncio.TimerHandle | None = None
        self._flushing = False
        self._over = False
        self._drain = Drain()
        self._queued = 0  # bytes given to SCTP since the beginning
        self._allowance = Allowance(self._loop.time())
        self._held: set[DataChannels] = set()  # readers that hold us up
        self._holding: set[DataChannels] = set()  # writers that we hold up
        self._early: list[tuple[str, bytes]] = []
        self._early_bytes = 0
        self._early_until = 0.0

    # --- what the association asks for

    def create(self, channel: media.Channel) -> None:
        """Open a channel from our side; it is announced when the peer has answered."""
        self._created.append(channel)

    def start(self, *, port: int, max_message_size: int) -> None:
        """Associate with the peer's SCTP port."""
        if self._sctp is not None:
            return
        self._largest = max_message_size or 1 << 30  # RFC 8841, 6.1: 0 is any size
        self._sctp = Association(local_port=PORT, remote_port=port, random=os.urandom)
        self._channels = Channels(self._sctp, server=True)
        for channel in self._created:
            self._by_label[channel.label] = self._channels.create(
                channel.label, ordered=channel.ordered, retransmissions=channel.max_retransmits
            )
        self._sctp.life.connect(self._loop.time())
        self._early_until = self._loop.time() + EARLY_SECONDS
        again = self._records.timed_out()
        if again is not None:
            self._loop.call_later(again, self._repeat_handshake)
        self._wake()

    def record(self, datagram: bytes) -> None:
        """Take a datagram of DTLS records."""
        try:
            packets = self._records.opened(datagram)
        except RecordsClosed:
            self._end("closed by the peer")
            return
        sctp = self._sctp
        if sctp is None or not packets:
            return
        now = self._loop.time()
        for packet in packets:
            try:
                sctp.receive(packet, now)
            except Malformed:
                self._count("sctp_malformed")
        self._wake()

    def send(self, label: str, payload: bytes, *, source: DataChannels | None = None) -> bool:
        """Queue a message; False where it was dropped: no such channel, too large for the peer, a reader that is behind.

        A reader that is behind, yet not slow, holds up `source`, whose message this is.
        """
        channel = self._by_label.get(label)
        if self._channels is None or self._over or len(payload) > self._largest:
            return False
        if channel is None:
            return self._keep_early(label, payload)
        now = self._loop.time()
        waiting = self._channels.waiting(channel)
        started_by = None
        if channel.lossy:
            started_by = now + LOSSY_PATIENCE
            if waiting > LOSSY_BUFFER:
                return False
        elif waiting > self._behind and not self._waits(waiting, source, now):
            self._count("data_slow_reader")
            return False
        self._channels.send(channel, payload, now=now, started_by=started_by)
        self._queued += len(payload)
        if waiting > self._behind // 4 and not channel.lossy:
            self._sample(now)
        self._wake()
        return True

    def stop(self) -> None:
        """Abort the association."""
        if self._sctp is not None:
            self._sctp.life.abort()
            for packet in self._sctp.take(self._loop.time()):
                self._records.put(packet)
        self._over = True
        self._forget()

    def _keep_early(self, label: str, payload: bytes) -> bool:
        """A client that makes its channels itself is told things while it does."""
        if self._early_bytes + len(payload) > EARLY_BYTES or self._loop.time() > self._early_until:
            return False
        self._early.append((label, payload))
        self._early_bytes += len(payload)
        return True

    def _send_early(self, label: str) -> None:
        early, self._early = self._early, []
        for wanted, payload in early:
            if wanted == label:
                self._early_bytes -= len(payload)
                self.send(label, payload)
            else:
                self._early.append((wanted, payload))

    # --- slow readers

    def _waits(self, waiting: int, source: DataChannels | None, now: float) -> bool:
        """Whether a reader that is behind is given the message still."""
        if waiting > RELIABLE_BUFFER:
            return False
        self._sample(now)
        if self._is_slow():
            return False
        if source is not None and source is not self:
            source.held_by(self)
            self._holding.add(source)
            if self._look_timer is None:
                self._look_timer = self._loop.call_later(LOOK, self._look)
        return True

    def held_by(self, reader: DataChannels) -> None:
        """Take no more messages until `reader` has caught up."""
        self._held.add(reader)
        self._wake()

    def let_go_by(self, reader: DataChannels) -> None:
        """`reader` has caught up, is given up, or is gone."""
        if reader in self._held:
            self._held.discard(reader)
            if not self._held:
                self._wake()

    def _sample(self, now: float) -> None:
        if self._sctp is not None:
            sender = self._sctp.sender
            waiting = sender.queue.waiting + sender.flight
            self._drain.sample(gone=self._queued - waiting, waiting=waiting, now=now)

    def _is_slow(self) -> bool:
        rate = self._drain.rate()
        return rate is not None and rate < self._slow_threshold

    def _look(self) -> None:
        """Let those go whom this reader holds up, where it has caught up or has become too slow to be waited for."""
        self._look_timer = None
        self._sample(self._loop.time())
        if self._sctp is None or self._sctp.sender.queue.waiting <= self._behind // 4 or self._is_slow():
            self._let_go()
        elif self._holding:
            self._look_timer = self._loop.call_later(LOOK, self._look)

    def _let_go(self) -> None:
        holding, self._holding = self._holding, set()
        for held in holding:
            held.let_go_by(self)

    # --- the pump

    def _wake(self) -> None:
        """Do the rest once for everything that this wake brings."""
        if not self._flushing and not self._over:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        sctp = self._sctp
        if sctp is None or self._over:
            return
        now = self._loop.time()
        self._take(sctp, now)
        for packet in sctp.take(now):
            if not self._records.put(packet):
                self._count("sctp_unsent")
        if self._holding and sctp.sender.queue.waiting <= self._behind // 4:
            self._let_go()
        if sctp.life.state is State.CLOSED:
            self._end(sctp.life.failure)
            return
        self._set_timer(sctp.deadline, now)

    def _take(self, sctp: Association, now: float) -> None:
        assert self._channels is not None
        if not sctp.receiver.ready and not sctp.closed_streams:
            return
        self._allowance.fill(now)
        sctp.paused = bool(self._held)
        for event in self._channels.events(min(self._allowance.messages(), SLICE)):
            self._happened(event)
        if sctp.receiver.ready and not sctp.paused and self._resume is None:
            self._resume = self._loop.call_later(self._allowance.wait(), self._go_on)

    def _happened(self, event: Event) -> None:
        match event:
            case Arrived(channel, payload):
                self._allowance.take(len(payload))
                self._received(channel.label, payload)
            case Opened(channel):
                self._by_label[channel.label] = channel
                self._opened(channel.label)
                if self._early:
                    self._send_early(channel.label)
            case Closed(channel):
                if self._by_label.get(channel.label) is channel:
                    del self._by_label[channel.label]

    def _go_on(self) -> None:
        self._resume = None
        self._wake()

    def _set_timer(self, deadline: float | None, now: float) -> None:
        """One timer, set earlier where it must be; where it fires too early it is set again."""
        if deadline is None or (self._timer is not None and self._timer.when() <= deadline):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(max(deadline, now + 0.001), self._fire)

    def _fire(self) -> None:
        self._timer = None
        sctp = self._sctp
        if sctp is None or self._over:
            return
        now = self._loop.time()
        deadline = sctp.deadline
        if deadline is not None and deadline <= now:
            sctp.timed_out(now)
            self._flush()
        else:
            self._set_timer(deadline, now)

    def _repeat_handshake(self) -> None:
        if not self._over:
            again = self._records.timed_out()
            if again is not None:
                self._loop.call_later(again, self._repeat_handshake)

    def _end(self, reason: str) -> None:
        if not self._over:
            self._over = True
            self._forget()
            self._failed(reason)

    def _forget(self) -> None:
        self._let_go()
        for timer in (self._timer, self._look_timer, self._resume):
            if timer is not None:
                timer.cancel()
