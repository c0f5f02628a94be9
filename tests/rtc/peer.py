"""A real WebRTC peer for loopback: aioice's STUN, aiortc's DTLS, SRTP and SCTP; RTP as the test wants it."""

from __future__ import annotations

import asyncio
import secrets
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import pylibsrtp
from aioice import stun
from aiortc.rtcdatachannel import RTCDataChannel, RTCDataChannelParameters
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from aiortc.rtcsctptransport import RTCSctpCapabilities, RTCSctpTransport

from suite.rtc.core.media import Channel, Codec, Command, OpenTransport, Report, SetRemote
from suite.rtc.transport.plane import MediaPlane

OPUS = Codec(111, "audio/opus", 48000)
MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
DEADLINE = 30.0  # s: longer than a busy machine takes


class Control:
    """The plane's other side: keeps the reports and waits for them."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self._changed = asyncio.Event()

    def __call__(self, report: Report) -> None:
        self.reports.append(report)
        self._changed.set()

    def of(self, kind: type) -> list[Any]:
        return [report for report in self.reports if isinstance(report, kind)]

    async def wait(self, condition: Callable[[Any], bool], *, within: float = DEADLINE) -> Any:
        async with asyncio.timeout(within):
            while True:
                for report in self.reports:
                    if condition(report):
                        return report
                self._changed.clear()
                await self._changed.wait()


async def until(condition: Callable[[], Any], *, within: float = DEADLINE) -> Any:
    """Wait for a condition with a deadline."""
    async with asyncio.timeout(within):
        while not (value := condition()):  # noqa: ASYNC110 -- what is waited for has no event of its own
            await asyncio.sleep(0.005)
        return value


class Peer:
    """One peer of the plane, full ICE in little: it checks, nominates, and is the DTLS client."""

    role = "controlling"
    state = "completed"

    def __init__(self, plane: MediaPlane, name: str, *, host: str = "127.0.0.1") -> None:
        self.plane = plane
        self.name = name
        self.server = (host, plane.port)
        self.ufrag, self.password = secrets.token_hex(4), secrets.token_hex(12)
        self.certificate = RTCCertificate.generateCertificate()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        self.socket.setblocking(False)
        self.socket.bind((host, 0))
        self.records: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.rtp: list[bytes] = []
        self.rtcp: list[bytes] = []
        self.answers: list[stun.Message] = []
        self.messages: list[tuple[str, bytes | str]] = []
        self.channels: dict[str, RTCDataChannel] = {}
        self.refused = 0
        self.dtls = RTCDtlsTransport(self, [self.certificate])
        self.dtls._set_role("client")
        self.sctp: RTCSctpTransport | None = None
        self.window = 0  # bytes that SCTP tells it has room for; 0 for aiortc's own
        self.slow_reader = 0  # what control says of it, bit/s
        self.loop = asyncio.get_running_loop()
        self.loop.add_reader(self.socket.fileno(), self._readable)
        self.on_rtp: Callable[[bytes], None] | None = None

    # what aiortc's DTLS wants of ICE
    async def _recv(self) -> bytes:
        record = await self.records.get()
        if record is None:
            raise ConnectionError
        return record

    async def _send(self, data: bytes) -> None:
        self.raw(data)

    def raw(self, data: bytes) -> None:
        self.socket.sendto(data, self.server)

    def _readable(self) -> None:
        while True:
            try:
                data = self.socket.recv(4096)
            except BlockingIOError:
                return
            if not data:
                continue
            if data[0] < 4:
                self.answers.append(stun.parse_message(data))
            elif data[0] < 64:
                self.records.put_nowait(data)
            elif self.dtls._rx_srtp is not None:
                self._media(data)

    def _media(self, data: bytes) -> None:
        try:
            if 192 <= data[1] <= 223:
                self.rtcp.append(self.dtls._rx_srtp.unprotect_rtcp(data))
            else:
                self.rtp.append(packet := self.dtls._rx_srtp.unprotect(data))
                if self.on_rtp:
                    self.on_rtp(packet)
        except pylibsrtp.Error:
            self.refused += 1

    def check(self, *, nominate: bool = True, password: str | None = None, ufrag: str | None = None) -> bytes:
        """Send a connectivity check; the request's transaction id is returned."""
        request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{ufrag or self.ufrag}:peer"
        request.attributes["PRIORITY"] = 1
        request.attributes["ICE-CONTROLLING"] = 1
        if nominate:
            request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity((password or self.password).encode())
        self.raw(bytes(request))
        return request.transaction_id

    def opening(self, *channels: Channel) -> OpenTransport:
        return OpenTransport(self.name, self.ufrag, self.password, channels, self.slow_reader)

    def remote(self, *, sctp_port: int | None = 5000, fingerprint: str | None = None) -> SetRemote:
        own = next(one for one in self.certificate.getFingerprints() if one.algorithm == "sha-256")
        return SetRemote(self.name, "sha-256", fingerprint or own.value, sctp_port)

    async def connect(self, *channels: Channel, data: bool = True) -> Peer:
        """Open, check, shake hands; the data association starts where `data`."""
        self.apply(self.opening(*channels), self.remote(sctp_port=5000 if data else None))
        self.check()
        await until(lambda: self.answers)
        await self.handshake()
        if data:
            await self.associate()
        return self

    async def handshake(self) -> None:
        await self.dtls.start(RTCDtlsParameters([RTCDtlsFingerprint(*self.plane.fingerprint)]))

    async def associate(self) -> None:
        self.sctp = RTCSctpTransport(self.dtls)
        self.sctp.mid = "0"
        if self.window:
            self.sctp._advertised_rwnd = self.window
        self.sctp.on("datachannel", self._adopt)
        await self.sctp.start(RTCSctpCapabilities(maxMessageSize=65536), 5000)

    def _adopt(self, channel: RTCDataChannel) -> None:
        self.channels[channel.label] = channel
        channel.on("message", lambda data: self.messages.append((channel.label, data)))

    def create_channel(self, label: str, *, ordered: bool = True, max_retransmits: int | None = None) -> RTCDataChannel:
        channel = RTCDataChannel(
            self.sctp, RTCDataChannelParameters(label=label, ordered=ordered, maxRetransmits=max_retransmits)
        )
        self._adopt(channel)
        return channel

    def apply(self, *commands: Command) -> None:
        for command in commands:
            self.plane.apply(command)

    def send_rtp(self, packet: bytes) -> None:
        self.raw(self.dtls._tx_srtp.protect(packet))

    def send_rtcp(self, packet: bytes) -> None:
        self.raw(self.dtls._tx_srtp.protect_rtcp(packet))

    async def close(self) -> None:
        if self.sctp is not None:
            await self.sctp.stop()
        await self.dtls.stop()
        self.records.put_nowait(None)
        await asyncio.sleep(0)
        self.loop.remove_reader(self.socket.fileno())
        self.socket.close()


def rtp(
    *, ssrc: int, sequence: int, timestamp: int = 0, payload_type: int = 96, payload: bytes = b"\x10\x00payload",
    marker: bool = False, extensions: dict[int, bytes] | None = None, two_byte: bool = False, padding: int = 0,
) -> bytes:  # fmt: skip
    """A plain RTP packet as a publisher writes it."""
    head = 0x80 | (0x10 if extensions else 0) | (0x20 if padding else 0)
    packet = struct.pack(
        "!BBHII", head, (0x80 if marker else 0) | payload_type, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc
    )
    if extensions:
        if two_byte:
            body = b"".join(bytes((key, len(value))) + value for key, value in extensions.items())
        else:
            body = b"".join(bytes(((key << 4) | (len(value) - 1),)) + value for key, value in extensions.items())
        body += bytes(-len(body) % 4)
        packet += struct.pack("!HH", 0x1000 if two_byte else 0xBEDE, len(body) // 4) + body
    return packet + payload + (bytes(padding - 1) + bytes((padding,)) if padding else b"")


Join = Callable[..., Awaitable[Peer]]
