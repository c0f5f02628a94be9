"""One peer: an ICE-lite, DTLS, SRTP and SCTP association over the plane's one socket.

Here are its addresses, its handshake and what it sends; the way out to it is `line.py`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Final

from aiortc.rtcdtlstransport import RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport

from suite.rtc.core.congestion.estimator import Allowance
from suite.rtc.core.media import (
    ChannelOpened,
    DataReceived,
    OpenTransport,
    Report,
    SetRemote,
    TransportConnected,
    TransportFailed,
)
from suite.rtc.transport.certificate import PROFILES, Certificate
from suite.rtc.transport.channels import DataChannels
from suite.rtc.transport.gate import Address
from suite.rtc.transport.line import Front, PeerLine
from suite.rtc.transport.srtp import SALT, Buffer, KernelSrtp, Protection, Srtp

log = logging.getLogger(__name__)

CONSENT: Final = 30.0  # s without a check after which the peer is gone (RFC 7675)
HANDSHAKE: Final = 15.0  # s
ADDRESSES_MOST: Final = 8  # addresses of one peer with a succeeded check
QUEUE: Final = 512  # DTLS records waiting, more than one wake reads; the oldest is dropped


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


class Association:
    """The transport `opened.transport`."""

    def __init__(
        self, opened: OpenTransport, *, front: Front, certificate: Certificate, report: Callable[[Report], None]
    ) -> None:
        self.name = opened.transport
        self.ufrag = opened.ufrag
        self.password = opened.password.encode()
        self.former: dict[str, bytes] = {}  # the ufrag and password before an ICE restart, good until the new ones are used
        self.addresses: deque[Address] = deque()
        self.closed = False
        self.line = PeerLine(self.name, front=front, report=report)
        self.line.checked_at = front.clock()
        self.router = self.line.router
        self.allowance = Allowance()
        self._front = front
        self._report = report
        self._opened = opened
        self._remote: SetRemote | None = None
        self._pipe = _Pipe(self.line.send)
        self._dtls = RTCDtlsTransport(self._pipe, [certificate])
        self._dtls._srtp_profiles = PROFILES  # noqa: SLF001 -- aiortc offers no way to choose the order
        self._dtls._set_role("server")  # noqa: SLF001 -- the SDP's setup attribute has decided it
        self.channels: DataChannels | None = None
        self._task: asyncio.Task[None] | None = None

    # --- from control

    def set_remote(self, remote: SetRemote) -> None:
        """Take what the peer's SDP says of it; the handshake starts when a check has succeeded too."""
        before, self._remote = self._remote, remote
        if remote.passive and self._task is None:
            self._dtls._set_role("client")  # noqa: SLF001 -- as above
        if before is not None and before.fingerprint.upper() != remote.fingerprint.upper():
            self.fail("the fingerprint changed")
        elif self.line.connected and remote.sctp_port is not None and self.channels is None:
            self._start_channels(remote)
        else:
            self._start()

    def restart_ice(self, ufrag: str, password: str) -> None:
        """Answer checks under new credentials, and under the old ones until the first new check."""
        self.former = {self.ufrag: self.password}
        self.ufrag, self.password = ufrag, password.encode()
        self.line.answer_checks("", b"")  # the first new one decides

    def send_data(self, label: str, payload: bytes, *, source: DataChannels | None = None) -> None:
        """Send on a data channel what came from `source`; what cannot be sent is counted."""
        if self.channels is None or not self.channels.send(label, payload, source=source):
            self._front.count("data_dropped")

    # --- ICE

    def checked(self, address: Address, *, nominated: bool, now: float) -> Address | None:
        """A check from `address` has succeeded; an address that is given up for it is returned."""
        self.line.checked_at = now
        forgotten = None
        if address not in self.addresses:
            if len(self.addresses) >= ADDRESSES_MOST:
                forgotten = next(one for one in self.addresses if one != self.line.address)
                self.addresses.remove(forgotten)
            self.addresses.append(address)
        if nominated or self.line.address is None:
            self.line.move(address)
        if not self.former:
            self.line.answer_checks(self.ufrag, self.password)
        self._start()
        return forgotten

    def expire(self, now: float) -> None:
        """Give the peer up where it has been silent for too long."""
        if self._remote is not None and now - self.line.checked_at > CONSENT:
            self.fail("no consent for 30 s" if self.line.connected else "no connection within 30 s")

    # --- DTLS

    def record(self, data: bytes) -> None:
        """Take a DTLS record."""
        if self.channels is None:
            self._pipe.put(data)
        else:
            self.channels.record(data)

    def _start(self) -> None:
        if self._task is None and self._remote is not None and self.line.address is not None and not self.closed:
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
        if self.closed:  # while the peer was answering
            return
        srtp = self._protection()
        self._dtls.on("statechange", self._state_changed)
        if self._dtls._task is not None:  # noqa: SLF001 -- its exception would be reported as never retrieved
            self._dtls._task.add_done_callback(lambda task: task.cancelled() or task.exception())  # noqa: SLF001 -- as above
        self.line.connect(srtp)
        self._report(TransportConnected(self.name))
        latest = self._remote or remote
        if latest.sctp_port is not None or self._opened.channels:
            self._start_channels(latest)

    def _protection(self) -> Protection:
        """The kernel's, where it is there and the profile is one of AES-GCM; else libsrtp's."""
        dtls, kernel = self._dtls, self._front.kernel
        if kernel is not None:
            name = dtls._ssl.get_selected_srtp_profile()  # noqa: SLF001 -- where aiortc keeps the connection
            profile = next(one for one in PROFILES if one.openssl_profile == name)
            if profile.salt_length == SALT:
                size = 2 * (profile.key_length + profile.salt_length)
                exported = dtls._ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", size)  # noqa: SLF001 -- as above
                order = (1, 0) if dtls._role == "client" else (0, 1)  # noqa: SLF001 -- theirs, ours; the client's are 0
                keys = [profile.get_key_and_salt(exported, index) for index in order]
                dtls._rx_srtp = dtls._tx_srtp = None  # noqa: SLF001 -- libsrtp's sessions would never be used
                return KernelSrtp(kernel, *keys)
        return Srtp(dtls._rx_srtp, dtls._tx_srtp)  # noqa: SLF001 -- where aiortc keeps the sessions

    def _start_channels(self, remote: SetRemote) -> None:
        channels = DataChannels(
            self._dtls._ssl,  # noqa: SLF001 -- where aiortc keeps the connection
            send=self.line.send,
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
            self.line.disconnect()
            self._report(TransportFailed(self.name, reason))

    async def close(self) -> None:
        """Tear down without a word to control; the peer is told."""
        self.closed = True
        self.line.disconnect()
        self.line.free()
        self._dtls.remove_all_listeners()
        if self.channels is not None:
            self.channels.stop()
            self.channels = None  # it knows us: each would keep the other until the collector comes
        if self.line.address is not None:
            await self._dtls.stop()
        self._pipe.close()
        if self._task is not None:
            self._task.cancel()

    # --- SRTP

    def media(self, buffer: Buffer, length: int, now: float) -> None:
        """Take an SRTP or SRTCP datagram."""
        line = self.line
        srtp = line.srtp
        if srtp is None or not line.connected:
            self._front.count("srtp_early")
            return
        if length >= 2 and 192 <= buffer.data[1] <= 223:
            plain = srtp.unprotect_control(buffer, length)
            if plain:
                self.router.rtcp(bytes(buffer.view[:plain]), now, reports=line)
                return
        else:
            plain = srtp.unprotect(buffer, length)
            if plain:
                self.router.rtp(buffer.data, plain, now)
                return
        self._front.count("srtp_refused")
