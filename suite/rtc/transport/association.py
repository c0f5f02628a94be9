"""One peer: an ICE-lite, DTLS, SRTP and SCTP association over the plane's one socket."""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
from collections import deque
from collections.abc import Callable
from ctypes import addressof
from typing import Any, Final, Protocol

from aiortc.rtcdtlstransport import RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport

from suite.rtc.core.congestion.estimator import Allowance
from suite.rtc.core.media import (
    Bandwidth,
    ChannelOpened,
    DataReceived,
    Loss,
    OpenTransport,
    Report,
    SetRemote,
    TransportConnected,
    TransportFailed,
)
from suite.rtc.kernel.rows import CLOSED, DIRECT, INDIRECT, DigestRow, LineRow
from suite.rtc.packets import twcc
from suite.rtc.packets.padding import MOST, can_pad, pad
from suite.rtc.packets.router import Router, RtcpReader
from suite.rtc.packets.rtp import TRANSPORT_SEQUENCE
from suite.rtc.transport.certificate import PROFILES, Certificate
from suite.rtc.transport.channels import DataChannels
from suite.rtc.transport.congestion import Congestion
from suite.rtc.transport.gate import Address, socket_name
from suite.rtc.transport.srtp import SALT, TRAILER, Buffer, KernelSrtp, Protection, Srtp

log = logging.getLogger(__name__)

CONSENT: Final = 30.0  # s without a check after which the peer is gone (RFC 7675)
HANDSHAKE: Final = 15.0  # s
ADDRESSES_MOST: Final = 8  # addresses of one peer with a succeeded check
REPEATED: Final = 32  # packets sent once more for one probe at most
HEADERS: Final = 20  # bytes of an RTP header with an extension
PHASES: Final = 20  # into which the associations' rounds are spread, as many as there are ticks in a second
CALM: Final = 1.0  # s between two reports of a line's losses, but where they grow
QUEUE: Final = 512  # DTLS records waiting, more than one wake reads; the oldest is dropped


class Front(Protocol):
    """What an association needs of the plane that it belongs to."""

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


class _Pipe:
    """What aiortc's DTLS takes for its ICE transport: a bounded queue in, the plane's socket out."""

    role = "controlled"
    state = "completed"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send_now = send
        self._records: deque[bytes] = deque(maxlen=QUEUE)
        self._arrived = asyncio.Event()
        self._closed = False

    def put(self, record: bytes) -> None:
        """Hand over a record; the oldest goes where too many wait."""
        self._records.append(record)
        self._arrived.set()

    def taken(self) -> list[bytes]:
        """The records that wait, for somebody else to read."""
        records = list(self._records)
        self._records.clear()
        return records

    def close(self) -> None:
        """End the reader."""
        self._closed = True
        self._arrived.set()

    async def _recv(self) -> bytes:
        while not self._records:
            if self._closed:
                raise ConnectionError
            self._arrived.clear()
            await self._arrived.wait()
        return self._records.popleft()

    async def _send(self, data: bytes) -> None:
        self._send_now(data)


_NUMBERS: Final = itertools.count(1)


class Association(RtcpReader):
    """The transport `opened.transport`. It is a `Line` of the packet tables: `send_rtp` takes from the shared arena."""

    def __init__(
        self, opened: OpenTransport, *, front: Front, certificate: Certificate, report: Callable[[Report], None]
    ) -> None:
        self.name = opened.transport
        self.ufrag = opened.ufrag
        self.password = opened.password.encode()
        self.former: dict[str, bytes] = {}  # the ufrag and password before an ICE restart, good until the new ones are used
        self.address: Address | None = None
        self.addresses: deque[Address] = deque()
        self.checked_at = front.clock()
        self.connected = False
        self.closed = False
        self.arena = front.arena.data
        self.indirect = False  # where the way to the peer is not the plane's UDP socket: Python writes and sends
        self.row: LineRow | None = None  # the line as the compiled kernel has it
        self._connected_socket = False
        self._sequence = 0
        self.congestion = Congestion()
        self.sent = twcc.Sent()
        self.allowance = Allowance()
        self.router = Router(line=self, sender=secrets.randbits(31) | 1, count=front.count, kernel=front.kernel)
        self._front = front
        self._report = report
        self._opened = opened
        self._remote: SetRemote | None = None
        self._pipe = _Pipe(self._send_record)
        self._dtls = RTCDtlsTransport(self._pipe, [certificate])
        self._dtls._srtp_profiles = PROFILES  # noqa: SLF001 -- aiortc offers no way to choose the order
        self._dtls._set_role("server")  # noqa: SLF001 -- the SDP's setup attribute has decided it
        self._srtp: Protection | None = None
        self.channels: DataChannels | None = None
        self._task: asyncio.Task[None] | None = None
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

    # --- from control

    def set_remote(self, remote: SetRemote) -> None:
        """Take what the peer's SDP says of it; the handshake starts when a check has succeeded too."""
        before, self._remote = self._remote, remote
        if remote.passive and self._task is None:
            self._dtls._set_role("client")  # noqa: SLF001 -- as above
        if before is not None and before.fingerprint.upper() != remote.fingerprint.upper():
            self.fail("the fingerprint changed")
        elif self.connected and remote.sctp_port is not None and self.channels is None:
            self._start_channels(remote)
        else:
            self._start()

    def restart_ice(self, ufrag: str, password: str) -> None:
        """Answer checks under new credentials, and under the old ones until the first new check."""
        self.former = {self.ufrag: self.password}
        self.ufrag, self.password = ufrag, password.encode()

    def send_data(self, label: str, payload: bytes, *, source: DataChannels | None = None) -> None:
        """Send on a data channel what came from `source`; what cannot be sent is counted."""
        if self.channels is None or not self.channels.send(label, payload, source=source):
            self._front.count("data_dropped")

    # --- ICE

    def checked(self, address: Address, *, nominated: bool, now: float) -> Address | None:
        """A check from `address` has succeeded; an address that is given up for it is returned."""
        self.checked_at = now
        forgotten = None
        if address not in self.addresses:
            if len(self.addresses) >= ADDRESSES_MOST:
                forgotten = next(one for one in self.addresses if one != self.address)
                self.addresses.remove(forgotten)
            self.addresses.append(address)
        if nominated or self.address is None:
            self.address = address
            self.route()
        self._start()
        return forgotten

    # --- the way out

    def route(self) -> None:
        """Say anew who sends, and where to: the address, the keys, or the kind of way has changed."""
        row = self.row
        if row is None:
            return
        before = row.route
        if self._srtp is None or self.address is None or not self.connected:
            row.route = CLOSED
        else:
            row.route = INDIRECT if self.indirect or not isinstance(self._srtp, KernelSrtp) else DIRECT
        if row.route == DIRECT and self.address is not None:
            name = socket_name(self.address)
            row.name[: len(name)] = list(name)
            row.name_length = 0 if self._connected_socket else len(name)
        if row.route != before:
            for track in {track for _, track in self.router.downtracks.values()}:
                track.arrange()

    def send_through(self, socket: int, *, connected: bool) -> None:
        """Let the kernel send through this socket; one that is connected to the peer needs no address."""
        row = self.row
        if row is not None:
            row.socket = socket
            self._connected_socket = connected
            row.name_length = 0 if connected or self.address is None else len(socket_name(self.address))

    def direct(self) -> LineRow | None:
        """The line's row, where the compiled kernel sends by it."""
        return self.row if self.row is not None and self.row.route == DIRECT else None

    @property
    def transport_sequence(self) -> int:
        """The next transport-wide number."""
        return self._sequence if self.row is None else self.row.transport_sequence

    def _out(self, data: bytes | memoryview) -> None:
        """Everything that Python sends to the peer goes this way."""
        if self.address is not None:
            self._front.send(data, self.address)

    def expire(self, now: float) -> None:
        """Give the peer up where it has been silent for too long."""
        if self._remote is not None and now - self.checked_at > CONSENT:
            self.fail("no consent for 30 s" if self.connected else "no connection within 30 s")

    # --- DTLS

    def record(self, data: bytes) -> None:
        """Take a DTLS record."""
        if self.channels is None:
            self._pipe.put(data)
        else:
            self.channels.record(data)

    def _start(self) -> None:
        if self._task is None and self._remote is not None and self.address is not None and not self.closed:
            self._task = asyncio.get_running_loop().create_task(self._run(self._remote), name=f"dtls {self.name}")

    async def _run(self, remote: SetRemote) -> None:
        try:
            parameters = RTCDtlsParameters([RTCDtlsFingerprint(remote.fingerprint_algorithm, remote.fingerprint)])
            async with asyncio.timeout(HANDSHAKE):
                await self._dtls.start(parameters)
        except TimeoutError:
            self.fail("the DTLS handshake took too long")
            return
        except Exception:
            log.debug("The handshake of %s failed", self.name, exc_info=True)
            self.fail("the DTLS handshake failed")
            return
        if self._dtls.state != "connected":
            self.fail("the DTLS handshake failed or the fingerprint did not match")
            return
        self._srtp = self._protection()
        self._dtls.on("statechange", self._state_changed)
        if self._dtls._task is not None:  # noqa: SLF001 -- its exception would be reported as never retrieved
            self._dtls._task.add_done_callback(lambda task: task.cancelled() or task.exception())  # noqa: SLF001 -- as above
        self.connected = True
        self.route()
        self._report(TransportConnected(self.name))
        latest = self._remote or remote
        if latest.sctp_port is not None or self._opened.channels:
            self._start_channels(latest)

    def _protection(self) -> Protection:
        """The kernel's, where it is there and the profile is one of AES-GCM; else libsrtp's."""
        dtls, row = self._dtls, self.row
        if row is not None:
            name = dtls._ssl.get_selected_srtp_profile()  # noqa: SLF001 -- where aiortc keeps the connection
            profile = next(one for one in PROFILES if one.openssl_profile == name)
            if profile.salt_length == SALT:
                size = 2 * (profile.key_length + profile.salt_length)
                exported = dtls._ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", size)  # noqa: SLF001 -- as above
                order = (1, 0) if dtls._role == "client" else (0, 1)  # noqa: SLF001 -- theirs, ours; the client's are 0
                keys = [profile.get_key_and_salt(exported, index) for index in order]
                made = KernelSrtp(self._front.kernel, *keys)
                row.inbound, row.outbound = made.inbound, made.outbound
                dtls._rx_srtp = dtls._tx_srtp = None  # noqa: SLF001 -- libsrtp's sessions would never be used
                return made
        return Srtp(dtls._rx_srtp, dtls._tx_srtp)  # noqa: SLF001 -- where aiortc keeps the sessions

    def _start_channels(self, remote: SetRemote) -> None:
        channels = DataChannels(
            self._dtls._ssl,  # noqa: SLF001 -- where aiortc keeps the connection
            send=self._send_record,
            opened=lambda label: self._report(ChannelOpened(self.name, label)),
            received=lambda label, data: self._report(DataReceived(self.name, label, data)),
            failed=self.fail,
            count=self._front.count,
            slow_threshold=self._opened.slow_reader,
        )
        self.channels = channels
        for channel in self._opened.channels:
            channels.create(channel)
        channels.start(port=remote.sctp_port or 5000, max_message_size=remote.max_message_size)
        for record in self._pipe.taken():
            channels.record(record)

    def _state_changed(self) -> None:
        if self._dtls.state in {"closed", "failed"}:
            self.fail("closed by the peer")

    def fail(self, reason: str) -> None:
        """Tear the association down and say why, once."""
        if not self.closed:
            self.closed = True
            self.connected = False
            self.route()
            self._report(TransportFailed(self.name, reason))

    async def close(self) -> None:
        """Tear down without a word to control; the peer is told."""
        self.closed = True
        self.connected = False
        self.route()
        if self.row is not None:
            self.row.inbound = self.row.outbound = None
        if self._srtp is not None:
            self._srtp.close()
            self._srtp = None
        self._dtls.remove_all_listeners()
        if self.channels is not None:
            self.channels.stop()
        if self.address is not None:
            await self._dtls.stop()
        self._pipe.close()
        if self._task is not None:
            self._task.cancel()

    def _send_record(self, data: bytes) -> None:
        self._out(data)

    # --- SRTP

    def media(self, buffer: Buffer, length: int, now: float) -> None:
        """Take an SRTP or SRTCP datagram."""
        srtp = self._srtp
        if srtp is None or not self.connected:
            self._front.count("srtp_early")
            return
        if length >= 2 and 192 <= buffer.data[1] <= 223:
            plain = srtp.unprotect_control(buffer, length)
            if plain:
                self.router.rtcp(bytes(buffer.view[:plain]), now, reports=self)
                return
        else:
            plain = srtp.unprotect(buffer, length)
            if plain:
                self.router.rtp(buffer.data, plain, now)
                return
        self._front.count("srtp_refused")

    def send_rtp(self, length: int, *, numbered: int, turns: int) -> None:
        """Encrypt and send the packet in `arena[:length]`, where the kernel does not."""
        srtp = self._srtp
        if srtp is None or self.address is None or not self.connected:
            return
        arena = self._front.arena
        if numbered:
            self._number(length)
        protected = srtp.protect(arena, length, turns)
        if protected:
            self._out(arena.view[:protected])
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
        srtp = self._srtp
        control = self._front.control
        if srtp is None or self.address is None or not self.connected or len(packet) > len(control.data) - TRAILER:
            return
        control.view[: len(packet)] = packet
        if self.row is not None and self.row.route == DIRECT:
            self._front.kernel.send_control(addressof(self.row), control.pointer, len(packet))
            return
        protected = srtp.protect_control(control, len(packet))
        if protected:
            self._out(control.view[:protected])

    def forget_stream(self, ssrc: int) -> None:
        """Free what SRTP keeps of a stream that is no longer sent."""
        if self._srtp is not None and ssrc:
            self._srtp.forget_outbound(ssrc)

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
