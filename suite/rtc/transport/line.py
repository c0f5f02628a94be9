"""The way out to one peer: who sends on it, what is sent, and what RTCP tells of how it arrives.

The compiled kernel sends by the line's row where its route is `DIRECT`. All else leaves through `PeerLine.send`.
"""

from __future__ import annotations

import itertools
import secrets
import socket
from collections.abc import Callable
from ctypes import addressof
from typing import Any, Final, Protocol

from suite.rtc.core.media import LOSS_FADES, Bandwidth, Loss, Report
from suite.rtc.kernel.rows import CLOSED, CREDENTIAL, DIRECT, HEARD_A_SECOND, HEARD_AT_ONCE, INDIRECT, DigestRow, LineRow
from suite.rtc.packets import twcc
from suite.rtc.packets.line import NoLine
from suite.rtc.packets.padding import MOST, can_pad, pad
from suite.rtc.packets.router import Router, RtcpReader
from suite.rtc.transport.congestion import Congestion
from suite.rtc.transport.gate import Address, socket_name
from suite.rtc.transport.srtp import TRAILER, Buffer, KernelSrtp, Protection

REPEATED: Final = 32  # packets sent once more for one probe at most
PHASES: Final = 20  # into which the lines' rounds are spread, as many as there are ticks in a second
CALM: Final = 1.0  # s between two reports of a line's losses, but where they grow
FADED: Final = 0.005  # the share of a loss that nobody has to be told of any more
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


class Losses:
    """The losses of a line as control is told of them: not those that it has to make nothing of."""

    def __init__(self) -> None:
        self._told, self._until, self._fading = 0.0, -1e9, 0.0

    def matters(self, fraction: float, now: float) -> bool:
        """Whether the share is to be told at `now`: it has grown, or it is time and the last losses have not faded yet."""
        if fraction <= self._told and now < self._until:
            return False
        self._told, self._until = fraction, now + CALM
        before, self._fading = self._fading, max(fraction, self._fading * LOSS_FADES)
        return max(before, fraction) > FADED


class PeerLine(RtcpReader):
    """The line of the transport `name`, closed until it has an address and keys. `send_rtp` takes from the shared arena."""

    def __init__(self, name: str, *, front: Front, report: Callable[[Report], None]) -> None:
        self.name = name
        self.address: Address | None = None
        self.srtp: Protection | None = None
        self.connected = False
        self._arena, self._clock = front.arena, front.clock
        self.arena = front.arena.data
        self.row: LineRow | None = None  # the line as the compiled kernel has it
        self._own: socket.socket | None = None  # connected to the peer, where it has one
        self._open = False  # whether media may be sent
        self._sent = self._unsent = 0  # packets that Python sent by its own socket, or could not
        self._checked_at = 0.0
        self._allowance, self._heard_at = float(HEARD_AT_ONCE), front.clock()
        self._sequence = 0
        self.congestion = Congestion()
        self.sent = twcc.Sent()
        self.router = Router(line=self, sender=secrets.randbits(31) | 1, count=front.count, kernel=front.kernel)
        self._front = front
        self._report = report
        self._digest = DigestRow()
        self.carried: tuple[int, ...] = (0, 0, 0)  # what `router` counted when it was last asked
        self.restless = False  # whether `tick` has something to do
        self._losses = {True: Losses(), False: Losses()}  # on the way out, on the way in
        number = next(_NUMBERS)
        self.reports_due = front.clock() + number % PHASES / PHASES  # when its round of reports is
        if front.kernel is not None:
            self.row = row = LineRow(number=number, socket=front.fileno(), calm_from=1.0, allowance=HEARD_AT_ONCE)
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

    @property
    def checked_at(self) -> float:
        """When the peer has last given its consent (RFC 7675): the kernel answers most of its checks."""
        return self._checked_at if self.row is None else self.row.checked_at

    @checked_at.setter
    def checked_at(self, now: float) -> None:
        if self.row is None:
            self._checked_at = now
        else:
            self.row.checked_at = now

    def floods(self, now: float) -> bool:
        """Whether one more datagram of the peer is more than anybody has to send; the kernel counts those that it reads."""
        left = min(HEARD_AT_ONCE, self._allowance + (now - self._heard_at) * HEARD_A_SECOND)
        within = left >= 1
        self._allowance, self._heard_at = left - within, now
        return not within

    def answer_checks(self, ufrag: str, password: bytes) -> None:
        """Let the kernel answer checks under these credentials that change nothing; under none where they are empty."""
        row, name = self.row, ufrag.encode()
        if row is not None:
            fits = len(name) <= CREDENTIAL and len(password) <= CREDENTIAL
            row.ufrag_length, row.password_length = (len(name), len(password)) if fits else (0, 0)
            row.ufrag[: row.ufrag_length] = list(name[: row.ufrag_length])
            row.password[: row.password_length] = list(password[: row.password_length])

    def send_through(self, door: socket.socket, own: socket.socket | None) -> None:
        """Send through the peer's own socket, which is connected to it and needs no address, or else through the door."""
        self._own = own
        if self.row is not None:
            self.row.socket = (own or door).fileno()
        self._route()

    def sends_through(self, own: socket.socket) -> bool:
        """Whether this is the socket that is sent through."""
        return self._own is own

    def _route(self) -> None:
        """Say anew who sends, and where to: the address, the socket or the keys have changed."""
        self._open = self.srtp is not None and self.address is not None and self.connected
        row = self.row
        if row is None:
            return
        before = row.route
        if not self._open:
            row.route = CLOSED
        else:
            row.route = DIRECT if isinstance(self.srtp, KernelSrtp) else INDIRECT
        if row.route == DIRECT and self.address is not None:
            name = socket_name(self.address)
            row.name[: len(name)] = list(name)
            row.name_length = 0 if self._own is not None else len(name)
        if row.route != before:
            for track in {track for _, track in self.router.downtracks.values()}:
                track.arrange()

    def direct(self) -> LineRow | None:
        """The line's row, where the compiled kernel sends by it."""
        return self.row if self.row is not None and self.row.route == DIRECT else None

    # --- what is sent

    def send(self, data: bytes | memoryview) -> None:
        """Everything that Python sends to the peer goes this way; what the system cannot take is dropped and counted."""
        own = self._own
        if own is None:
            if self.address is not None:
                self._front.send(data, self.address)
            return
        try:
            try:
                own.send(data)
            except ConnectionRefusedError:  # of an earlier packet, which met a closed port: this one has not left
                own.send(data)
        except OSError:
            self._unsent += 1
        else:
            self._sent += 1

    def counted(self) -> dict[str, int]:
        """What was sent by the peer's own socket and by the kernel, and what was refused there, by the plane's names."""
        found = {"udp_sent": self._sent, "udp_unsent": self._unsent}
        row = self.row
        if row is not None:
            found["udp_sent"] += row.packets
            found["udp_unsent"] += row.unsent
            found |= {
                "rtx_sent": row.again, "nack_forgotten": row.forgotten, "nack_limited": row.limited, "udp_flood": row.flooded,
            }  # fmt: skip
        return found

    @property
    def transport_sequence(self) -> int:
        """The next transport-wide number."""
        return self._sequence if self.row is None else self.row.transport_sequence

    def send_rtp(self, length: int, *, numbered: int, turns: int) -> None:
        """Encrypt and send the packet in `arena[:length]`, where the kernel does not."""
        srtp, arena = self.srtp, self._arena
        if srtp is None or not self._open:
            return
        if numbered:  # remembered: the packet of the next number leaves now
            if self.row is not None:
                self._front.kernel.sent(addressof(self.row), length, self._clock())
            else:
                self.sent.add(self._sequence, self._clock(), length)
                self._sequence = (self._sequence + 1) & 0xFFFF
        protected = srtp.protect(arena, length, turns)
        if protected:
            self.send(arena.view[:protected])
        else:
            self._front.count("srtp_unsent")

    def send_rtcp(self, packet: bytes) -> None:
        """Encrypt and send an RTCP packet."""
        srtp = self.srtp
        control = self._front.control
        if srtp is None or not self._open or len(packet) > len(control.data) - TRAILER:
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
        self.tell_loss(fraction, outbound=True)

    def tell_loss(self, fraction: float, *, outbound: bool) -> None:
        """Report a share of packets that were lost, where control has to know."""
        if self._losses[outbound].matters(fraction, self._front.clock()):
            self._report(Loss(self.name, outbound=outbound, fraction=fraction))

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

    def count(self, now: float) -> None:
        """Note what was sent, and what of it no feedback tells of; to be called each second."""
        self.carried = self.router.carried()
        self.congestion.besides(self.carried[2], now)

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

    def _tell(self, bit_rate: int) -> None:
        if bit_rate:
            self._report(Bandwidth(self.name, bit_rate))
