"""The way out to one peer: who sends on it, what is sent, and what RTCP tells of how it arrives.

The compiled kernel sends by the line's row where its route is `DIRECT`. All else leaves through `PeerLine.send`.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable
from ctypes import addressof
from typing import Any, Final, Protocol

from suite.rtc.core.media import Bandwidth, Loss, Report
from suite.rtc.kernel.rows import CLOSED, DIRECT, INDIRECT, DigestRow, LineRow
from suite.rtc.packets import twcc
from suite.rtc.packets.line import NoLine
from suite.rtc.packets.padding import MOST, can_pad, pad
from suite.rtc.packets.router import Router, RtcpReader
from suite.rtc.packets.rtp import TRANSPORT_SEQUENCE
from suite.rtc.transport.congestion import Congestion
from suite.rtc.transport.gate import Address, socket_name
from suite.rtc.transport.srtp import TRAILER, Buffer, KernelSrtp, Protection

REPEATED: Final = 32  # packets sent once more for one probe at most
HEADERS: Final = 20  # bytes of an RTP header with an extension
PHASES: Final = 20  # into which the lines' rounds are spread, as many as there are ticks in a second
CALM: Final = 1.0  # s between two reports of a line's losses, but where they grow
_NUMBERS: Final = itertools.count(1)


class Front(Protocol):
    """What a peer's transport needs of the plane that it belongs to."""

    arena: Buffer
    control: Buffer
    kernel: Any  # the compiled one, or None

    def fileno(self) -> int:
        """The UDP socket's descriptor."""

    def send(self, data: bytes | memoryview, address: Address) -> None:
        """Send a datagram, or count it as dropped."""

    def count(self, name: str) -> None:
        """Add one to a named counter."""

    def clock(self) -> float:
        """Monotonic seconds."""


class PeerLine(RtcpReader):
    """The line of the transport `name`, closed until it has an address and keys. `send_rtp` takes from the shared arena."""

    def __init__(self, name: str, *, front: Front, report: Callable[[Report], None]) -> None:
        self.name = name
        self.address: Address | None = None
        self.srtp: Protection | None = None
        self.connected = False
        self.arena = front.arena.data
        self.row: LineRow | None = None  # the line as the compiled kernel has it
        self._connected_socket = False
        self._sequence = 0
        self.congestion = Congestion()
        self.sent = twcc.Sent()
        self.router = Router(line=self, sender=secrets.randbits(31) | 1, count=front.count, kernel=front.kernel)
        self._front = front
        self._report = report
        self._digest = DigestRow()
        self.restless = False  # whether `tick` has something to do
        self._lost, self._lost_until = 0.0, -1e9  # the share that control was told, and until when it knows
        number = next(_NUMBERS)
        self.reports_due = front.clock() + number % PHASES / PHASES  # when its round of reports is
        if front.kernel is not None:
            self.row = row = LineRow(number=number, socket=front.fileno(), calm_from=1.0)
            row.sent_number[:] = [-1] * len(row.sent_number)
            row.forms[:] = [-1] * len(row.forms)
            self.router.row = row

    # --- who sends, and where to

    def move(self, address: Address) -> None:
        """Send to this address from now on."""
        self.address = address
        self._route()

    def connect(self, srtp: Protection) -> None:
        """Send what these keys protect."""
        self.srtp = srtp
        if self.row is not None and isinstance(srtp, KernelSrtp):
            self.row.inbound, self.row.outbound = srtp.inbound, srtp.outbound
        self.connected = True
        self._route()

    def disconnect(self) -> None:
        """Send no more media."""
        self.connected = False
        self._route()

    def free(self) -> None:
        """Free the keys of a line that is not connected any more, and all that nobody else needs."""
        if self.row is not None:
            self.row.inbound = self.row.outbound = None
        if self.srtp is not None:
            self.srtp.close()
            self.srtp = None
        self.router.line = NoLine()

    def send_through(self, socket: int, *, connected: bool) -> None:
        """Let the kernel send through this socket; one that is connected to the peer needs no address."""
        if self.row is not None:
            self.row.socket = socket
            self._connected_socket = connected
            self._route()

    def _route(self) -> None:
        """Say anew who sends, and where to: the address, the socket or the keys have changed."""
        row = self.row
        if row is None:
            return
        before = row.route
        if self.srtp is None or self.address is None or not self.connected:
            row.route = CLOSED
        else:
            row.route = DIRECT if isinstance(self.srtp, KernelSrtp) else INDIRECT
        if row.route == DIRECT and self.address is not None:
            name = socket_name(self.address)
            row.name[: len(name)] = list(name)
            row.name_length = 0 if self._connected_socket else len(name)
        if row.route != before:
            for track in {track for _, track in self.router.downtracks.values()}:
                track.arrange()

    def direct(self) -> LineRow | None:
        """The line's row, where the compiled kernel sends by it."""
        return self.row if self.row is not None and self.row.route == DIRECT else None

    # --- what is sent

    def send(self, data: bytes | memoryview) -> None:
        """Everything that Python sends to the peer goes this way."""
        if self.address is not None:
            self._front.send(data, self.address)

    @property
    def transport_sequence(self) -> int:
        """The next transport-wide number."""
        return self._sequence if self.row is None else self.row.transport_sequence

    def send_rtp(self, length: int, *, numbered: int, turns: int) -> None:
        """Encrypt and send the packet in `arena[:length]`, where the kernel does not."""
        srtp = self.srtp
        if srtp is None or self.address is None or not self.connected:
            return
        arena = self._front.arena
        if numbered:
            self._number(length)
        protected = srtp.protect(arena, length, turns)
        if protected:
            self.send(arena.view[:protected])
        else:
            self._front.count("srtp_unsent")

    def _number(self, length: int) -> None:
        """Remember that the packet of the next number leaves now."""
        if self.row is not None:
            self._front.kernel.sent(addressof(self.row), length, self._front.clock())
            return
        self.sent.add(self._sequence, self._front.clock(), length)
        self._sequence = (self._sequence + 1) & 0xFFFF

    def send_rtcp(self, packet: bytes) -> None:
        """Encrypt and send an RTCP packet."""
        srtp = self.srtp
        control = self._front.control
        if srtp is None or self.address is None or not self.connected or len(packet) > len(control.data) - TRAILER:
            return
        control.view[: len(packet)] = packet
        if self.row is not None and self.row.route == DIRECT:
            self._front.kernel.send_control(addressof(self.row), control.pointer, len(packet))
            return
        protected = srtp.protect_control(control, len(packet))
        if protected:
            self.send(control.view[:protected])

    def forget_stream(self, ssrc: int) -> None:
        """Free what SRTP keeps of a stream that is no longer sent."""
        if self.srtp is not None and ssrc:
            self.srtp.forget_outbound(ssrc)

    # --- what RTCP tells

    def loss(self, fraction: float, round_trip: float | None) -> None:
        """Report what a receiver report says of this line: the worst of its streams at once, the others' not at all.

        Browsers send one for each stream, so that who sees 25 people sends 30 a second.
        """
        if round_trip is not None:
            self.congestion.round_trip = min(1.0, round_trip)
        now = self._front.clock()
        if fraction > self._lost or now >= self._lost_until:
            self._lost, self._lost_until = fraction, now + CALM
            self._report(Loss(self.name, outbound=True, fraction=fraction, round_trip=round_trip))

    def estimate(self, bit_rate: int) -> None:
        """Take what a REMB says of this line."""
        self._tell(self.congestion.remb(bit_rate, self._front.clock()))

    def transport_feedback(self, body: bytes, now: float) -> None:
        """Take a transport-wide feedback."""
        if self.row is not None:
            self._front.kernel.feedback(addressof(self.row), body, len(body), now, addressof(self._digest))
            self.told(self._digest, now)
        else:
            self.told(twcc.digest(body, self.sent), now)

    def told(self, digest: DigestRow, now: float) -> None:
        """Take a transport-wide feedback that has been summed up, after those that waited in the kernel to be told with it."""
        row, congestion = self.row, self.congestion
        if row is None:
            self._tell(congestion.feedback(digest, digest.left_bytes, now))
        else:
            waited, row.detail_count = row.details[: row.detail_count], 0
            for one in waited:
                congestion.feedback(one, one.left_bytes, one.at)
            self._tell(congestion.feedback(digest, digest.left_bytes, now))
            row.calm_from, row.calm_to = congestion.calm(now)
        self.restless = congestion.is_restless(now)

    def want(self, bit_rate: int) -> None:
        """What all that is shown would take, bit/s: the line is probed for it."""
        self.congestion.want(bit_rate)
        self.restless = True
        if self.row is not None:
            self.row.calm_from, self.row.calm_to = self.congestion.calm(self._front.clock())

    def tick(self, now: float) -> None:
        """Probe the line, where control wants more than it is known to carry; to be called each 50 ms while `restless`."""
        rate, owed = self.congestion.tick(now)
        self._tell(rate)
        if owed and self.connected:
            self._probe(owed, now)
        self.restless = self.congestion.is_restless(now)

    def count_unnumbered(self, now: float) -> None:
        """Note what was sent besides that of which feedback tells; to be called each second."""
        self.congestion.besides(self._unnumbered(), now)

    def _probe(self, owed: int, now: float) -> None:
        """Send `owed` bytes that nobody asked for: the last packets of a picture once more, else padding."""
        found = [pair for pair in self.router.downtracks.values() if can_pad(pair[0])]
        downtrack, track = max(found, key=lambda pair: pair[0].last_time, default=(None, None))
        if downtrack is None or track is None:
            return
        if downtrack.current >= 0:
            for back in range(REPEATED):
                sent = self.router.resend(downtrack, track, (downtrack.last_sequence - back) & 0xFFFF, now) if owed > 0 else 0
                owed -= sent
                if not sent:
                    break
        while owed > 0:
            length = pad(downtrack, self.arena, min(MOST, owed), now=now, transport_sequence=self.transport_sequence)
            self.send_rtp(length, numbered=1, turns=downtrack.turns())
            self._front.count("probes_sent")
            owed -= length

    def _unnumbered(self) -> int:
        """Bytes sent so far without a transport-wide number, of which no feedback tells."""
        return sum(
            one.octets + HEADERS * one.packets
            for ssrc, (one, _) in self.router.downtracks.items()
            if ssrc == one.ssrc and one.ids and not one.ids[TRANSPORT_SEQUENCE]
        )

    def _tell(self, bit_rate: int) -> None:
        if bit_rate:
            self._report(Bandwidth(self.name, bit_rate))
