"""The receiving half: what has arrived, and messages put together again (RFC 9260, 6.2, 6.5 to 6.9; RFC 3758, 3.6).

Everything that a peer can make us keep is bounded: bytes by the window that it was told, pieces by what each costs beside
its bytes, gaps by what fits into a SACK. What is over a bound is dropped as if the line had lost it; a peer whose next piece
in order is over the bound can never be served, and is refused.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from typing import Final

from suite.rtc.sctp.errors import Violation
from suite.rtc.sctp.wire import FIRST, LAST, UNORDERED, sack, unwrap

WINDOW: Final = 1024 * 1024  # bytes that we hold for a peer
PIECE_COST: Final = 256  # bytes that a kept piece counts beside its own
MESSAGE_MOST: Final = 256 * 1024  # bytes
GAPS_MOST: Final = 256  # blocks: one SACK's
AHEAD_MOST: Final = 16_384  # numbers beyond the last in order
DUPLICATES_MOST: Final = 16  # told in one SACK
STREAMS: Final = 1024  # that a peer may use, as libwebrtc does
USUAL: Final = 1024.0  # bytes of a chunk, until some have come

Piece = tuple[int, int, int, int, bytes]  # flags, stream, sequence, protocol, payload
Received = tuple[int, int, bytes]  # stream, protocol, payload


class _Stream:
    """An incoming ordered stream: the sequence number that is next, and whole messages that wait for an earlier one."""

    __slots__ = ("next", "waiting")

    def __init__(self) -> None:
        self.next = 0
        self.waiting: dict[int, Received] = {}


class Receiver:
    """What a peer sends."""

    def __init__(self, tsn: int) -> None:
        self.begin(tsn)

    def begin(self, tsn: int) -> None:
        """Take what comes from this number on; nothing is kept of what came before."""
        self.cumulative = tsn - 1  # all up to here has come
        self.ready: deque[Received] = deque()
        self.held = 0  # bytes of what waits, for other pieces or to be taken
        self.told = WINDOW  # the window that the peer knows of
        self.acknowledge = 0  # packets with data since the last SACK
        self.at_once = False  # a SACK is due now
        self.dropped = 0
        self._gaps: list[list[int]] = []  # first and last number of each block beyond `cumulative`
        self._duplicates: list[int] = []
        self._pieces: dict[int, Piece] = {}
        self._ends: dict[int, int] = {}  # of each run of one message's pieces, by its first number
        self._starts: dict[int, int] = {}  # the same, by its last
        self._streams: dict[int, _Stream] = {}
        self._usual = USUAL  # bytes of a chunk, of those that came last

    @property
    def window(self) -> int:
        """The bytes that a peer may still send, in chunks of the size that it sends: so that what it does send finds room."""
        return max(0, int((WINDOW - self.held) * self._usual / (self._usual + PIECE_COST)))

    def data(self, flags: int, wire_tsn: int, stream: int, sequence: int, protocol: int, payload: bytes) -> None:
        """Take a DATA chunk; refuses what can belong to no message."""
        tsn = unwrap(wire_tsn, self.cumulative)
        in_order = tsn == self.cumulative + 1
        if not in_order and not self._wanted(tsn):
            return
        self._usual += (len(payload) - self._usual) / 16
        if self.held + len(payload) + PIECE_COST > WINDOW:
            self._refuse(in_order=in_order)
            return
        if in_order:
            self.cumulative = tsn
            if self._gaps:
                self.at_once = True
                if self._gaps[0][0] == tsn + 1:
                    self.cumulative = self._gaps.pop(0)[1]
        else:
            self.at_once = True
            if not self._beyond(tsn):
                return
        if stream >= STREAMS:
            self.dropped += 1
            return
        if flags & (FIRST | LAST) == FIRST | LAST:
            self._whole(flags, stream, sequence, protocol, payload)
        else:
            self._keep(tsn, (flags, stream, sequence, protocol, payload))

    def _wanted(self, tsn: int) -> bool:
        """Whether a number that is not the next is new and near enough."""
        if tsn > self.cumulative:
            if tsn - self.cumulative > AHEAD_MOST:
                self._refuse(in_order=False)
                return False
            place = bisect_right(self._gaps, tsn, key=_first)
            if not place or self._gaps[place - 1][1] < tsn:
                return True
        if len(self._duplicates) < DUPLICATES_MOST:
            self._duplicates.append(tsn)
        self.at_once = True
        return False

    def _refuse(self, *, in_order: bool) -> None:
        if in_order and not self.ready:
            raise Violation("too much unfinished data")
        self.dropped += 1
        self.at_once = True

    def _beyond(self, tsn: int) -> bool:
        """Note a number beyond a gap; not where it would begin a block too many."""
        gaps = self._gaps
        place = bisect_right(gaps, tsn, key=_first)
        before = gaps[place - 1] if place else None
        after = gaps[place] if place < len(gaps) else None
        if before is not None and before[1] == tsn - 1:
            before[1] = tsn
            if after is not None and after[0] == tsn + 1:
                before[1] = after[1]
                del gaps[place]
        elif after is not None and after[0] == tsn + 1:
            after[0] = tsn
        elif len(gaps) < GAPS_MOST:
            gaps.insert(place, [tsn, tsn])
        else:
            self.dropped += 1
            return False
        return True

    # --- messages

    def _keep(self, tsn: int, piece: Piece) -> None:
        """Keep a fragment; the message is whole where all from a first to a last are there (RFC 9260, 6.9)."""
        pieces = self._pieces
        pieces[tsn] = piece
        self.held += len(piece[4]) + PIECE_COST
        first = last = tsn
        if not piece[0] & FIRST and tsn - 1 in self._starts and not pieces[tsn - 1][0] & LAST:
            first = self._starts.pop(tsn - 1)
            del self._ends[first]
        if not piece[0] & LAST and tsn + 1 in self._ends and not pieces[tsn + 1][0] & FIRST:
            last = self._ends.pop(tsn + 1)
            del self._starts[last]
        if pieces[first][0] & FIRST and pieces[last][0] & LAST:
            self._assemble(first, last)
        else:
            self._ends[first], self._starts[last] = last, first

    def _assemble(self, first: int, last: int) -> None:
        pieces = self._pieces
        flags, stream, sequence, protocol, _ = pieces[first]
        parts = []
        for number in range(first, last + 1):
            part = pieces.pop(number)
            if part[0] & UNORDERED != flags & UNORDERED or part[1] != stream:
                raise Violation("fragments of different messages follow each other")
            parts.append(part[4])
            self.held -= len(part[4]) + PIECE_COST
        payload = b"".join(parts)
        if len(payload) > MESSAGE_MOST:
            raise Violation("a message is too large")
        self._whole(flags, stream, sequence, protocol, payload)

    def _whole(self, flags: int, stream: int, sequence: int, protocol: int, payload: bytes) -> None:
        self.held += len(payload) + PIECE_COST
        message = (stream, protocol, payload)
        if flags & UNORDERED:
            self.ready.append(message)
            return
        ordered = self._streams.get(stream)
        if ordered is None:
            ordered = self._streams[stream] = _Stream()
        if sequence == ordered.next:
            ordered.next = (sequence + 1) & 0xFFFF
            self.ready.append(message)
            if ordered.waiting:
                self._follow(ordered)
        elif (sequence - ordered.next) & 0xFFFF < 0x8000 and sequence not in ordered.waiting:
            ordered.waiting[sequence] = message
        else:  # a number that has been
            self.held -= len(payload) + PIECE_COST
            self.dropped += 1

    def _follow(self, ordered: _Stream) -> None:
        while (message := ordered.waiting.pop(ordered.next, None)) is not None:
            self.ready.append(message)
            ordered.next = (ordered.next + 1) & 0xFFFF

    def take(self) -> Received:
        """The next message; its room is the peer's again."""
        message = self.ready.popleft()
        self.held -= len(message[2]) + PIECE_COST
        return message

    # --- what is skipped and begun anew

    def skip(self, wire_tsn: int, streams: Iterable[tuple[int, int]]) -> None:
        """FORWARD TSN: what is missing up to there will not come."""
        tsn = unwrap(wire_tsn, self.cumulative)
        self.at_once = True
        if tsn <= self.cumulative:
            return
        self.cumulative = tsn
        gaps = self._gaps
        while gaps and gaps[0][0] <= self.cumulative + 1:
            self.cumulative = max(self.cumulative, gaps.pop(0)[1])
        self._forget_pieces(tsn)
        for stream, sequence in streams:
            if stream < STREAMS:
                self._skip_ordered(stream, sequence)

    def _forget_pieces(self, tsn: int) -> None:
        for number in [number for number in self._pieces if number <= tsn]:
            self.held -= len(self._pieces.pop(number)[4]) + PIECE_COST
        for first, last in [run for run in self._ends.items() if run[0] <= tsn]:
            del self._ends[first]
            if last <= tsn:
                del self._starts[last]
            else:
                self._ends[tsn + 1], self._starts[last] = last, tsn + 1

    def _skip_ordered(self, stream: int, sequence: int) -> None:
        ordered = self._streams.get(stream)
        if ordered is None:
            ordered = self._streams[stream] = _Stream()
        passed = (sequence + 1 - ordered.next) & 0xFFFF
        if not passed or passed >= 0x8000:
            return
        for number in sorted(ordered.waiting, key=lambda one: (one - ordered.next) & 0xFFFF):
            if (number - ordered.next) & 0xFFFF < passed:
                self.ready.append(ordered.waiting.pop(number))
        ordered.next = (sequence + 1) & 0xFFFF
        self._follow(ordered)

    def reset(self, streams: Iterable[int]) -> None:
        """The peer has closed its side of these streams, of all where none is named: their numbers begin anew."""
        named = set(streams) or set(self._streams)
        for number in named:
            ordered = self._streams.pop(number, None)
            if ordered is not None:
                self.held -= sum(len(message[2]) + PIECE_COST for message in ordered.waiting.values())

    # --- acknowledgement

    def sack(self) -> bytes:
        """The SACK that is due."""
        base, self.told = self.cumulative, self.window
        blocks = ((first - base, last - base) for first, last in self._gaps)
        written = sack(tsn=base, window=self.told, gaps=blocks, duplicates=self._duplicates)
        self._duplicates.clear()
        self.acknowledge = 0
        self.at_once = False
        return written


def _first(block: list[int]) -> int:
    return block[0]
