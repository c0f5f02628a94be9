"""Stream reset (RFC 6525): how a data channel is closed (RFC 8831, 6.7)."""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct, iter_unpack
from typing import Final

from suite.rtc.sctp.errors import Malformed
from suite.rtc.sctp.receiving import Receiver
from suite.rtc.sctp.sending import Sender
from suite.rtc.sctp.wire import RECONFIG, chunk, number, parameter, parameters, unwrap

OUTGOING_REQUEST: Final = 13
INCOMING_REQUEST: Final = 14
OTHER_REQUESTS: Final = frozenset({15, 17, 18})  # all numbers anew, more streams: refused
RESPONSE: Final = 16
NOTHING_TO_DO, PERFORMED, DENIED, WRONG_NUMBER, BUSY, BAD_SEQUENCE, IN_PROGRESS = range(7)
STREAMS_MOST: Final = 256  # in one request
FAILURES_MOST: Final = 10
_OUTGOING: Final = Struct("!III")
_PAIR: Final = Struct("!II")


class Resetter:
    """Requests both ways; one of ours is under way at a time. Its numbers begin at the first TSNs."""

    def __init__(self, *, sender: Sender, receiver: Receiver) -> None:
        self._sender = sender
        self._receiver = receiver
        self.begin(ours=0, theirs=0, able=False)

    def begin(self, *, ours: int, theirs: int, able: bool) -> None:
        """Take the first numbers; `able` says whether the peer resets streams at all."""
        self.able = able
        self.due_at: float | None = None  # when our request is sent again
        self.failures = 0
        self._ours = ours & 0xFFFFFFFF  # of our next request
        self._theirs = theirs & 0xFFFFFFFF  # of the peer's next request
        self._answered = (0, PERFORMED)
        self._postponed = False  # the peer's next request was told to come again
        self._wanted: dict[int, None] = {}
        self._asked: tuple[int, ...] = ()
        self._request = b""

    def want(self, stream: int) -> None:
        """Close our side of a stream when it has nothing more to say."""
        if self.able and stream not in self._asked:
            self._wanted[stream] = None

    def fill(self, control: list[bytes], now: float) -> None:
        """Append our request where one is due."""
        if self._asked or not self._wanted:
            return
        streams = self._sender.queue.streams
        silent = tuple(one for one in self._wanted if one not in streams or not streams[one].messages)[:STREAMS_MOST]
        if not silent:
            return
        for stream in silent:
            del self._wanted[stream]
        self._asked = silent
        self._sender.queue.held.update(silent)
        head = _OUTGOING.pack(self._ours, (self._theirs - 1) & 0xFFFFFFFF, (self._sender.next_tsn - 1) & 0xFFFFFFFF)
        self._request = chunk(RECONFIG, parameter(OUTGOING_REQUEST, head + b"".join(one.to_bytes(2, "big") for one in silent)))
        control.append(self._request)
        self.due_at = now + self._sender.timeout.seconds

    def timed_out(self, control: list[bytes], now: float) -> None:
        """Ask again."""
        self.failures += 1
        control.append(self._request)
        self.due_at = now + self._sender.timeout.seconds * min(8, 1 << self.failures)

    def received(self, body: bytes, control: list[bytes], closed: Callable[[tuple[int, ...]], None], now: float) -> None:
        """Take a RE-CONFIG chunk; `closed` is told which of the peer's streams are."""
        for kind, given in parameters(body):
            if kind == RESPONSE:
                self._response(given, now)
            elif kind == OUTGOING_REQUEST:
                self._outgoing(given, control, closed)
            elif kind == INCOMING_REQUEST:
                self._incoming(given, control)
            elif kind in OTHER_REQUESTS:
                self._answer(number(given), DENIED, control)

    def _response(self, given: bytes, now: float) -> None:
        if len(given) < _PAIR.size:
            raise Malformed("a response is cut off")
        sequence, result = _PAIR.unpack_from(given)
        if not self._asked or sequence != self._ours:
            return
        self.failures = 0
        if result == IN_PROGRESS:
            self.due_at = now + self._sender.timeout.seconds
            return
        queue = self._sender.queue
        for stream in self._asked:
            queue.held.discard(stream)
            if stream in queue.streams and result in {NOTHING_TO_DO, PERFORMED}:
                queue.streams[stream].sequence = 0
        self._ours = (self._ours + 1) & 0xFFFFFFFF
        self._asked, self._request, self.due_at = (), b"", None

    def _outgoing(self, given: bytes, control: list[bytes], closed: Callable[[tuple[int, ...]], None]) -> None:
        if len(given) < _OUTGOING.size or (len(given) - _OUTGOING.size) % 2:
            raise Malformed("a reset is cut off")
        sequence, _, last = _OUTGOING.unpack_from(given)
        if self._postponed and sequence == (self._theirs + 1) & 0xFFFFFFFF:  # libwebrtc comes again under a new number
            self._theirs = sequence
        if sequence == self._theirs and unwrap(last, self._receiver.cumulative) > self._receiver.cumulative:
            self._postponed = True
            self._send_answer(sequence, IN_PROGRESS, control)  # its last messages are still on their way; it asks again
        elif self._answer(sequence, PERFORMED, control):
            self._postponed = False
            streams = tuple(one for (one,) in iter_unpack("!H", given[_OUTGOING.size :]))
            self._receiver.reset(streams)
            closed(streams)

    def _incoming(self, given: bytes, control: list[bytes]) -> None:
        if len(given) % 2:
            raise Malformed("a reset is cut off")
        if self._answer(number(given), NOTHING_TO_DO, control):
            for (stream,) in iter_unpack("!H", given[4:]):
                if stream in self._sender.queue.streams:
                    self.want(stream)

    def _answer(self, sequence: int, result: int, control: list[bytes]) -> bool:
        """Answer a request; False where it is not a new one."""
        if sequence == self._theirs:
            self._theirs = (sequence + 1) & 0xFFFFFFFF
            self._answered = (sequence, result)
            self._send_answer(sequence, result, control)
            return True
        repeated = sequence == (self._theirs - 1) & 0xFFFFFFFF and self._answered[0] == sequence
        self._send_answer(sequence, self._answered[1] if repeated else BAD_SEQUENCE, control)
        return False

    @staticmethod
    def _send_answer(sequence: int, result: int, control: list[bytes]) -> None:
        control.append(chunk(RECONFIG, parameter(RESPONSE, _PAIR.pack(sequence, result))))
