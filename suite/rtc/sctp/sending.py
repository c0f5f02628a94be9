"""The sending half: numbers, what is under way, acknowledgements, retransmission, and giving up (RFC 9260, 6; RFC 3758)."""

from __future__ import annotations

from collections import deque
from typing import Final

from suite.rtc.sctp.congestion import MTU, Congestion, Timeout
from suite.rtc.sctp.errors import Malformed
from suite.rtc.sctp.queue import Message, Queue
from suite.rtc.sctp.wire import (
    COMMON_SIZE,
    DATA,
    DATA_HEAD,
    DATA_HEAD_SIZE,
    FIRST,
    IMMEDIATE,
    LAST,
    PADDING,
    UNORDERED,
    forward_tsn,
    unwrap,
)

FRAGMENT: Final = MTU - COMMON_SIZE - DATA_HEAD_SIZE  # bytes of a message in one packet
MISSES: Final = 3  # reports of a gap before a chunk counts as lost
STREAMS_SKIPPED_MOST: Final = 250  # in one FORWARD TSN

# A chunk is under way, lost and due again, acknowledged beyond a gap, or given up.
UNDER_WAY, DUE, ARRIVED, ABANDONED = range(4)


class Sent:
    """A DATA chunk that has a number and is not acknowledged up to it."""

    __slots__ = ("after", "data", "head", "message", "misses", "sends", "sent_at", "state", "tsn")

    def __init__(self, *, tsn: int, head: bytes, data: bytes, message: Message, sent_at: float) -> None:
        self.tsn = tsn
        self.head = head
        self.data = data
        self.message = message
        self.sent_at = sent_at
        self.sends = 1
        self.misses = 0
        self.state = UNDER_WAY
        self.after = tsn  # the last number that was given when it was sent: what follows tells of its loss


class Sender:
    """What we send. Times are seconds, sizes bytes."""

    def __init__(self, tsn: int) -> None:
        self.queue = Queue()
        self.congestion = Congestion()
        self.timeout = Timeout()
        self.next_tsn = tsn
        self.acknowledged = tsn - 1  # all up to here
        self.abandoned = tsn - 1  # all up to here is acknowledged or given up
        self.window = 0  # what the peer has room for, beyond what is under way
        self.can_abandon = False  # whether the peer takes FORWARD TSN
        self.flight = 0  # bytes under way
        self.due_at: float | None = None  # T3-rtx
        self.failures = 0  # timeouts in a row
        self.abandonments = 0
        self._sent: deque[Sent] = deque()
        self._again: deque[Sent] = deque()  # lost ones, in order
        self._recover_until: int | None = None
        self._fast = False  # one packet may go out whatever the window
        self._measuring: int | None = None
        self._forward = False

    @property
    def idle(self) -> bool:
        """Whether everything that was sent is acknowledged and nothing waits."""
        return not self._sent and not self.queue.waiting

    # --- out

    def fill(self, parts: list[bytes], room: int, now: float) -> int:
        """Append chunks for which the packet has room and the line is free; the room that is left is returned."""
        if self._forward:
            room = self._forward_tsn(parts, room)
        if self._again:
            room = self._fill_again(parts, room, now)
        if not self._again:
            room = self._fill_new(parts, room, now)
        if self.due_at is None and (self._sent or self._forward):
            self.due_at = now + self.timeout.seconds
        return room

    def _fill_again(self, parts: list[bytes], room: int, now: float) -> int:
        again, begun = self._again, room
        while again and (self.flight < self.congestion.window or self._fast):
            chunk = again[0]
            if chunk.state != DUE:
                again.popleft()
                continue
            size = DATA_HEAD_SIZE + len(chunk.data) + (-len(chunk.data) & 3)
            if size > room or (self.flight and len(chunk.data) > self.window and not self._fast):
                break
            again.popleft()
            chunk.state, chunk.sent_at, chunk.misses, chunk.after = UNDER_WAY, now, 0, self.next_tsn - 1
            chunk.sends += 1
            if chunk is self._sent[0]:
                self.due_at = now + self.timeout.seconds
            if chunk.tsn == self._measuring:
                self._measuring = None  # Karn: an answer could be to either
            room -= self._put(parts, chunk)
        self._fast &= room == begun  # that was for one packet
        return room

    def _fill_new(self, parts: list[bytes], room: int, now: float) -> int:
        while room > DATA_HEAD_SIZE and self.flight < self.congestion.window:
            message = self.queue.first(now)
            if message is None:
                break
            take = min(len(message.payload) - message.at, FRAGMENT)
            if DATA_HEAD_SIZE + take + (-take & 3) > room or (self.flight and take > self.window):
                break
            room -= self._put(parts, self._number(message, take, now))
        return room

    def _put(self, parts: list[bytes], chunk: Sent) -> int:
        size = len(chunk.data)
        self.flight += size
        self.window -= size
        parts.append(chunk.head)
        parts.append(chunk.data)
        if size & 3:
            parts.append(PADDING[size & 3])
        return DATA_HEAD_SIZE + size + (-size & 3)

    def _number(self, message: Message, take: int, now: float) -> Sent:
        at, size = message.at, len(message.payload)
        flags = (0 if message.ordered else UNORDERED) | (0 if at else FIRST) | (LAST if at + take == size else 0)
        if self.window < 2 * FRAGMENT:
            flags |= IMMEDIATE  # RFC 7053: the sender cannot go on before it hears from a peer with so little room
        if not at and message.ordered:
            message.sequence = message.stream.sequence
            message.stream.sequence = (message.sequence + 1) & 0xFFFF
        tsn = self.next_tsn
        self.next_tsn += 1
        head = DATA_HEAD.pack(
            DATA, flags, DATA_HEAD_SIZE + take, tsn & 0xFFFFFFFF, message.stream.id, message.sequence, message.protocol
        )
        data = message.payload if take == size else message.payload[at : at + take]
        chunk = Sent(tsn=tsn, head=head, data=data, message=message, sent_at=now)
        self._sent.append(chunk)
        self.queue.took(message, take)
        if self._measuring is None:
            self._measuring = tsn
        return chunk

    def _forward_tsn(self, parts: list[bytes], room: int) -> int:
        skipped: dict[int, int] = {}
        for chunk in self._sent:
            if chunk.tsn > self.abandoned:
                break
            if chunk.message.ordered:
                skipped[chunk.message.stream.id] = chunk.message.sequence
        written = forward_tsn(self.abandoned, list(skipped.items())[:STREAMS_SKIPPED_MOST])
        if len(written) > room:
            return room
        self._forward = False
        parts.append(written)
        return room - len(written)

    # --- acknowledgements

    def sack(self, tsn: int, window: int, blocks: list[tuple[int, int]], now: float) -> None:
        """Take a SACK; refuses one for what was never sent."""
        cumulative = unwrap(tsn, self.acknowledged)
        if cumulative < self.acknowledged:
            return  # overtaken by a later one
        if cumulative >= self.next_tsn:
            raise Malformed("a SACK for what was not sent")
        full = self.flight >= self.congestion.window - MTU
        advanced = cumulative > self.acknowledged
        gone = self._acknowledge(cumulative, now) if advanced else 0
        if blocks:
            gone += self._blocks(cumulative, blocks, now, advanced=advanced)
        self.failures = 0
        if self._recover_until is not None and cumulative >= self._recover_until:
            self._recover_until = None
        if advanced and self._recover_until is None and gone:
            self.congestion.acknowledged(gone, full=full)
        self.window = window - self.flight
        if advanced:
            self.due_at = now + self.timeout.seconds if self._sent else None
        self._give_up_stale(now)
        self._advance()

    def _acknowledge(self, cumulative: int, now: float) -> int:
        sent, gone = self._sent, 0
        while sent and sent[0].tsn <= cumulative:
            chunk = sent.popleft()
            if chunk.tsn == self._measuring:
                self._measured(chunk, now)
            if chunk.state == UNDER_WAY:
                gone += len(chunk.data)
            chunk.state = ARRIVED  # for the queue of those to be sent again, if it is there
        self.flight -= gone
        self.acknowledged = cumulative
        return gone

    def _measured(self, chunk: Sent, now: float) -> None:
        self._measuring = None
        if chunk.state == UNDER_WAY and chunk.sends == 1:
            self.timeout.measured(now - chunk.sent_at)

    def _blocks(self, cumulative: int, blocks: list[tuple[int, int]], now: float, *, advanced: bool) -> int:
        """Mark what arrived beyond gaps, and count what is missing below the highest that is new (RFC 9260, 7.2.4)."""
        gone, newest, place, ends = 0, -1, 0, len(blocks)
        for chunk in self._sent:
            offset = chunk.tsn - cumulative
            while place < ends and offset > blocks[place][1]:
                place += 1
            covered = place < ends and offset >= blocks[place][0]
            if covered and chunk.state in {UNDER_WAY, DUE}:
                if chunk.tsn == self._measuring:
                    self._measured(chunk, now)
                if chunk.state == UNDER_WAY:
                    gone += len(chunk.data)
                chunk.state = ARRIVED
                newest = chunk.tsn
        self.flight -= gone
        lost = self._missing(newest, cumulative + blocks[-1][1] if blocks else -1, advanced=advanced)
        for chunk in lost:
            self._lost_early(chunk)
        return gone

    def _missing(self, newest: int, highest: int, *, advanced: bool) -> list[Sent]:
        lost: list[Sent] = []
        limit = highest if advanced and self._recover_until is not None else newest
        for chunk in self._sent:
            if chunk.tsn >= limit:
                break
            if chunk.state == UNDER_WAY and chunk.after < limit:
                chunk.misses += 1
                if chunk.misses >= MISSES:
                    lost.append(chunk)
        return lost

    def _lost_early(self, chunk: Sent) -> None:
        if chunk.state != UNDER_WAY:
            return  # given up with another fragment of its message
        self.flight -= len(chunk.data)
        self._lose(chunk)
        if self._recover_until is None:
            self.congestion.lost()
            self._recover_until = self.next_tsn - 1
            self._fast = True

    def _lose(self, chunk: Sent) -> None:
        """Send the chunk again, or give its message up where that is over its limit."""
        limit = chunk.message.retransmissions
        if self.can_abandon and limit is not None and chunk.sends > limit:
            chunk.state = DUE  # no longer under way, for the count
            self._abandon(chunk.message)
            return
        chunk.state = DUE
        self._again.append(chunk)
        if len(self._again) > 1 and self._again[-2].tsn > chunk.tsn:
            self._again = deque(sorted((one for one in self._again if one.state == DUE), key=lambda one: one.tsn))

    # --- giving up

    def _give_up_stale(self, now: float) -> None:
        if not self.can_abandon or not self._again:
            return
        for chunk in list(self._again):
            expires_at = chunk.message.expires_at
            if chunk.state == DUE and expires_at is not None and now > expires_at:
                self._abandon(chunk.message)

    def _abandon(self, message: Message) -> None:
        """Give up every fragment; where some have no number yet, one number more ends the message (RFC 3758, 3.5)."""
        if message.abandoned:
            return
        message.abandoned = True
        self.abandonments += 1
        for chunk in self._sent:
            if chunk.message is message and chunk.state != ABANDONED:
                if chunk.state == UNDER_WAY:
                    self.flight -= len(chunk.data)
                chunk.state = ABANDONED
        if message.at < len(message.payload):
            self.queue.abandon(message)
            last = Sent(tsn=self.next_tsn, head=b"", data=b"", message=message, sent_at=0.0)
            last.state = ABANDONED
            self._sent.append(last)
            self.next_tsn += 1

    def _advance(self) -> None:
        """Move on over what is given up, and tell the peer to do so too."""
        point = self.acknowledged
        for chunk in self._sent:
            if chunk.state != ABANDONED:
                break
            point = chunk.tsn
        self.abandoned = max(self.abandoned, point)
        self._forward = self.abandoned > self.acknowledged

    # --- time

    def timed_out(self, now: float) -> None:
        """T3-rtx: nothing was heard; all that is under way counts as lost."""
        self.timeout.back_off()
        self.congestion.timed_out()
        self.failures += 1
        self._recover_until = None
        self._measuring = None
        self.flight = 0
        if self._sent and self._sent[0].state == ARRIVED:
            self._taken_back()
        lost = [chunk for chunk in self._sent if chunk.state == UNDER_WAY]
        for chunk in lost:
            chunk.state = DUE
        for chunk in lost:
            if chunk.state == DUE:
                self._lose(chunk)
        self._give_up_stale(now)
        self._advance()
        self.due_at = None  # set again by what is sent now

    def _taken_back(self) -> None:
        """The peer had no room after all for what came beyond a gap, as it may (RFC 9260, 6.2)."""
        for chunk in self._sent:
            if chunk.state == ARRIVED:
                chunk.state = UNDER_WAY
