"""Transport-wide congestion control (draft-holmer-rmcat-transport-wide-cc-extensions-01): feedback, both ways."""

from __future__ import annotations

from collections.abc import Iterator
from ctypes import addressof, create_string_buffer
from struct import Struct
from typing import Any, Final

from suite.rtc.kernel.rows import AWAITED, SENT, SPAN, TOLD, ArrivalsRow, DigestRow, LineRow
from suite.rtc.packets import rtcp

_FEEDBACK: Final = Struct("!BBHII")
_BODY: Final = Struct("!HHI")
_TICK: Final = 250e-6  # s, of a receive delta
_REFERENCE: Final = 64e-3  # s, of the reference time
_SENT_MASK: Final = SENT - 1
_DEPARTURE: Final = Struct("=dii")  # when it left, the next number (0: none) and its size, as `struct rtc_departure` has
_DEPARTURE_BYTES: Final = _DEPARTURE.size


class Arrivals:
    """When a publisher's packets arrived, until they are told to it."""

    def __init__(self) -> None:
        self.media = 0
        self._arrived: dict[int, float] = {}
        self._next = -1
        self._highest = -1
        self._number = 0

    def add(self, sequence: int, now: float, media: int) -> None:
        """Note a packet's arrival at `now` (s); `media` is its SSRC."""
        self.media = media
        if self._highest < 0:
            extended = 0x10000 + sequence
            self._next = extended
        else:
            ahead = (sequence - self._highest) & 0xFFFF
            extended = self._highest + (ahead if ahead < 0x8000 else ahead - 0x10000)
        self._highest = max(self._highest, extended)
        if extended >= self._next - SPAN and len(self._arrived) < AWAITED:
            self._next = min(self._next, extended)
            self._arrived.setdefault(extended, now)

    def feedback(self, sender: int) -> bytes:
        """Tell what arrived since the last time; empty where there is nothing to tell."""
        arrived = self._arrived
        if not arrived:
            return b""
        first = min(arrived)  # never before `_next`
        base = max(self._next, first - SPAN // 2)
        last = min(max(arrived), base + SPAN - 1)
        reference = int(arrived[first] / _REFERENCE)
        clock = reference * _REFERENCE
        symbols, deltas = [], bytearray()
        for sequence in range(base, last + 1):
            when = arrived.pop(sequence, None)
            if when is None:
                symbols.append(0)
                continue
            ticks = round((when - clock) / _TICK)
            if 0 <= ticks <= 255:
                symbols.append(1)
                deltas.append(ticks)
            else:
                ticks = max(-32768, min(32767, ticks))
                symbols.append(2)
                deltas += ticks.to_bytes(2, "big", signed=True)
            clock += ticks * _TICK
        self._next = last + 1
        body = _BODY.pack(base & 0xFFFF, len(symbols), (reference & 0xFFFFFF) << 8 | self._number) + chunks(symbols) + deltas
        self._number = (self._number + 1) & 0xFF
        padding = -len(body) % 4
        if padding:
            body += bytes(padding - 1) + bytes((padding,))
        head = 0x80 | (0x20 if padding else 0) | rtcp.TRANSPORT_WIDE
        return _FEEDBACK.pack(head, rtcp.TRANSPORT_FEEDBACK, 2 + len(body) // 4, sender, self.media) + body


class KernelArrivals:
    """The same by the compiled kernel, which notes by itself what arrives on the line."""

    def __init__(self, kernel: Any, line: LineRow) -> None:
        self._kernel = kernel
        self._row = ArrivalsRow(highest=-1)
        self._told = create_string_buffer(TOLD)
        line.arrivals = addressof(self._row)

    def add(self, sequence: int, now: float, media: int) -> None:
        """Note a packet's arrival at `now` (s); `media` is its SSRC."""
        self._kernel.arrived(addressof(self._row), sequence, now, media)

    def feedback(self, sender: int) -> bytes:
        """Tell what arrived since the last time; empty where there is nothing to tell."""
        length = self._kernel.tell_arrivals(addressof(self._row), sender, addressof(self._told))
        return self._told.raw[:length]


def chunks(symbols: list[int]) -> bytes:
    """Packet status chunks: runs of 7 and more as run lengths, the rest as seven two-bit symbols."""
    out = bytearray()
    at = 0
    while at < len(symbols):
        run = at
        while run < len(symbols) and symbols[run] == symbols[at] and run - at < 8191:
            run += 1
        if run - at >= 7:
            word = symbols[at] << 13 | (run - at)
            at = run
        else:
            word = 0xC000
            for place, symbol in enumerate(symbols[at : at + 7]):
                word |= symbol << (12 - 2 * place)
            at += 7
        out += word.to_bytes(2, "big")
    return bytes(out)


def arrivals(body: bytes) -> Iterator[tuple[int, float | None]]:
    """What a feedback tells: (sequence, arrival in s on the receiver's clock, or None for a packet that did not come).

    `body` is the RTCP packet after its 4-byte header, padding removed. Ends early where it is cut short.
    """
    if len(body) < 16:
        return
    sequence, count, word = _BODY.unpack_from(body, 8)
    clock = (word >> 8) * _REFERENCE
    symbols: list[int] = []
    at = 16
    while len(symbols) < count:
        if at + 2 > len(body):
            return
        chunk = (body[at] << 8) | body[at + 1]
        at += 2
        if not chunk & 0x8000:
            symbols += [chunk >> 13] * min(chunk & 0x1FFF, count - len(symbols))
        elif chunk & 0x4000:
            symbols += [(chunk >> shift) & 3 for shift in range(12, -1, -2)]
        else:
            symbols += [(chunk >> shift) & 1 for shift in range(13, -1, -1)]
    for symbol in symbols[:count]:
        when: float | None = None
        if symbol in {1, 2}:
            if at + symbol > len(body):
                return
            ticks = body[at] if symbol == 1 else int.from_bytes(body[at : at + 2], "big", signed=True)
            at += symbol
            clock += ticks * _TICK
            when = clock
        yield sequence, when
        sequence = (sequence + 1) & 0xFFFF


class Sent:
    """When packets with a transport-wide number left, and how large they were."""

    def __init__(self) -> None:
        self._departures = bytearray(_DEPARTURE_BYTES * SENT)
        self._next = 0

    def add(self, sequence: int, now: float, size: int) -> None:
        """Note that a packet left."""
        _DEPARTURE.pack_into(self._departures, (sequence & _SENT_MASK) * _DEPARTURE_BYTES, now, sequence + 1, size)
        self._next = (sequence + 1) & 0xFFFF

    def take(self, sequence: int) -> tuple[float, int] | None:
        """When it left and its size, once; None where it is unknown or was told before."""
        place = (sequence & _SENT_MASK) * _DEPARTURE_BYTES
        at, following, size = _DEPARTURE.unpack_from(self._departures, place)
        if following != sequence + 1:
            return None
        _DEPARTURE.pack_into(self._departures, place, at, 0, size)
        return at, size

    def in_flight(self, last: int) -> int:
        """Bytes that left after the packet `last`."""
        found = 0
        for ahead in range(1, min((self._next - last - 1) & 0xFFFF, SENT - 1) + 1):
            sequence = (last + ahead) & 0xFFFF
            _, following, size = _DEPARTURE.unpack_from(self._departures, (sequence & _SENT_MASK) * _DEPARTURE_BYTES)
            if following == sequence + 1:
                found += size
        return found


def digest(body: bytes, sent: Sent) -> DigestRow:
    """A feedback (RTCP after its first 4 bytes) summed up against what was sent; `rtc_feedback` is its twin."""
    found = DigestRow()
    received = lost = arrived_bytes = left_bytes = 0
    ways, last = 0.0, -1
    for sequence, when in arrivals(body):
        known = sent.take(sequence)
        if known is None:
            continue
        left, size = known
        last = sequence
        if not received + lost:
            found.left_first = left
        found.left_last = left
        left_bytes += size
        if when is None:
            lost += 1
            continue
        way = when - left
        if not received:
            found.arrived_first = when
            found.shortest = way
        elif way < found.shortest:
            found.shortest = way
        found.arrived_last = when
        arrived_bytes += size
        received += 1
        ways += way
    found.received, found.lost = received, lost
    found.arrived_bytes, found.left_bytes = arrived_bytes, left_bytes
    found.in_flight = sent.in_flight(last) if last >= 0 else 0
    found.mean = ways / received if received else 0.0
    return found
