"""One UDP peer: connectivity checks, DTLS by aiortc's class, and SRTP by libsrtp. It always controls and is the DTLS client."""

from __future__ import annotations

import asyncio
import secrets
import socket

from aioice import stun
from aiortc.rtcdtlstransport import (
    SRTP_AEAD_AES_128_GCM,
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
)

from benchmarks.media.description import Remote

CONNECT_SECONDS = 20.0
CERTIFICATE = RTCCertificate.generateCertificate()


class Endpoint:
    """Open, then `connect` to what the description said; afterwards the socket is the caller's."""

    role = "controlling"
    state = "completed"

    def __init__(self) -> None:
        self.ufrag, self.password = secrets.token_hex(4), secrets.token_hex(12)
        self.fingerprint = next(one.value for one in CERTIFICATE.getFingerprints() if one.algorithm == "sha-256")
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 * 1024 * 1024)
        self.socket.setblocking(False)
        self.socket.bind(("0.0.0.0", 0))
        self._records: asyncio.Queue[bytes] = asyncio.Queue()
        self._answered = asyncio.Event()
        self.dtls = RTCDtlsTransport(self, [CERTIFICATE])
        self.dtls._srtp_profiles = [SRTP_AEAD_AES_128_GCM]
        self.dtls._set_role("client")

    async def _recv(self) -> bytes:
        return await self._records.get()

    async def _send(self, data: bytes) -> None:
        self.socket.send(data)

    def _readable(self) -> None:
        while True:
            try:
                data = self.socket.recv(4096)
            except (BlockingIOError, ConnectionRefusedError):
                return
            if data and data[0] < 4:
                self.answer(data)
            elif data and data[0] < 64:
                self._records.put_nowait(data)

    async def connect(self, remote: Remote) -> None:
        """Check, nominate, shake hands. Raises `TimeoutError` where the server does not answer."""
        self.remote = remote
        self.socket.connect((remote.host, remote.port))
        loop = asyncio.get_running_loop()
        loop.add_reader(self.socket.fileno(), self._readable)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                while not self._answered.is_set():
                    self.check()
                    try:
                        await asyncio.wait_for(self._answered.wait(), 0.3)
                    except TimeoutError:
                        continue
                await self.dtls.start(RTCDtlsParameters([RTCDtlsFingerprint(remote.algorithm, remote.fingerprint)]))
        finally:
            loop.remove_reader(self.socket.fileno())
        if self.dtls.state != "connected":
            raise ConnectionError(f"DTLS is {self.dtls.state}")

    def profile(self) -> str:
        """The SRTP profile that was agreed on."""
        return self.dtls._ssl.get_selected_srtp_profile().decode()

    def check(self) -> None:
        """Send a check; it is the consent as well (RFC 7675)."""
        request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{self.remote.ufrag}:{self.ufrag}"
        request.attributes["PRIORITY"] = 1
        request.attributes["ICE-CONTROLLING"] = 1
        request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity(self.remote.password.encode())
        request.add_fingerprint()
        self.socket.send(bytes(request))

    def answer(self, data: bytes) -> None:
        """Take a STUN message: an answer, or a check of the server's own, which is answered (pion sends them although lite)."""
        message = stun.parse_message(data)
        if message.message_class != stun.Class.REQUEST:
            self._answered.set()
            return
        response = stun.Message(
            message_method=stun.Method.BINDING, message_class=stun.Class.RESPONSE, transaction_id=message.transaction_id
        )
        response.attributes["XOR-MAPPED-ADDRESS"] = (self.remote.host, self.remote.port)
        response.add_message_integrity(self.password.encode())
        response.add_fingerprint()
        self.socket.send(bytes(response))

    def send_rtp(self, *packets: bytes) -> None:
        """Send them back to back: all are protected before the first leaves."""
        for protected in [self.dtls._tx_srtp.protect(packet) for packet in packets]:
            self.socket.send(protected)

    def send_rtcp(self, packet: bytes) -> None:
        self.socket.send(self.dtls._tx_srtp.protect_rtcp(packet))
