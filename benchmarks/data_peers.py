"""Peers for `benchmarks.data`: they join a worker over its link as a web process would, and speak data channels alone."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import socket
from collections.abc import Callable

from aioice import stun
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from livekit.protocol import models, rtc

from suite.rtc.link.frames import Kind, pack
from suite.rtc.link.web import WorkerLink
from suite.rtc.sctp.association import Association
from suite.rtc.sctp.channels import Arrived, Channel, Channels, Opened
from suite.rtc.transport.records import Records

LABEL = "_reliable"


class Peer:
    """One participant on one peer connection (v1), with a reliable channel."""

    role, state = "controlling", "completed"

    def __init__(self, identity: str, link: WorkerLink, *, message: Callable[[bytes], None]) -> None:
        self.identity = identity
        self.opened = asyncio.Event()
        self._link = link
        self._message = message
        self._loop = asyncio.get_running_loop()
        self._certificate = RTCCertificate.generateCertificate()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        self._socket.setblocking(False)
        self._dtls = RTCDtlsTransport(self, [self._certificate])
        self._dtls._set_role("client")
        self._handshake: asyncio.Queue[bytes] = asyncio.Queue()
        self._checked = asyncio.Event()
        self._records: Records | None = None
        self._association = Association(local_port=5000, remote_port=5000, random=os.urandom)
        self._channels = Channels(self._association, server=False)
        self._channel: Channel | None = None
        self._timer: asyncio.TimerHandle | None = None

    # --- set-up

    async def join(self, room: str) -> None:
        """Join, shake hands, open the channel."""
        print_of = next(one for one in self._certificate.getFingerprints() if one.algorithm == "sha-256")
        offer = (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
            f"a=ice-ufrag:{secrets.token_hex(4)}\r\na=ice-pwd:{secrets.token_hex(12)}\r\n"
            f"a=fingerprint:sha-256 {print_of.value}\r\na=setup:actpass\r\n"
            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sctp-port:5000\r\n"
        )
        request = rtc.JoinRequest(
            client_info=models.ClientInfo(sdk=models.ClientInfo.GO, protocol=16),
            publisher_offer=rtc.SessionDescription(type="offer", sdp=offer, id=1),
        )
        grants = {"room": room, "roomJoin": True, "canPublish": True, "canPublishData": True, "canSubscribe": True}
        claims = {"sub": self.identity, "iss": "devkey", "exp": 2**31, "video": grants}
        signalling = await self._link.open()
        await signalling.send(Kind.JOIN, pack({"claims": claims, "single": True}, request.SerializeToString()))
        while True:
            frame = await asyncio.wait_for(signalling.receive(), 10)
            assert frame.kind in {Kind.ACCEPT, Kind.MESSAGE}, frame
            if frame.kind is Kind.MESSAGE:
                response = rtc.SignalResponse.FromString(frame.payload)
                if response.WhichOneof("message") == "answer":
                    break
        self._reading = self._loop.create_task(self._read_signalling(signalling))
        await self._connect(response.answer.sdp)

    async def _read_signalling(self, signalling: object) -> None:
        while True:
            await signalling.receive()  # type: ignore[attr-defined] -- the link's channel

    async def _connect(self, answer: str) -> None:
        said = dict(re.findall(r"a=(ice-ufrag|ice-pwd|fingerprint):(.*)\r\n", answer))
        address, port = re.search(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+)", answer).groups()  # type: ignore[union-attr] -- always there
        self._socket.connect((address, int(port)))
        self._loop.add_reader(self._socket.fileno(), self._readable)
        check = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        check.attributes.update(
            {"USERNAME": f"{said['ice-ufrag']}:peer", "PRIORITY": 1, "ICE-CONTROLLING": 1, "USE-CANDIDATE": None}
        )
        check.add_message_integrity(said["ice-pwd"].encode())
        self._keep = bytes(check)
        self._socket.send(self._keep)
        await asyncio.wait_for(self._checked.wait(), 5)
        algorithm, value = said["fingerprint"].split(" ")
        await self._dtls.start(RTCDtlsParameters([RTCDtlsFingerprint(algorithm, value)]))
        assert self._dtls.state == "connected"
        self._records = Records(self._dtls._ssl, send=self._socket.send)
        self._association.life.connect(self._loop.time())
        self._channel = self._channels.create(LABEL)
        self._flush()
        await asyncio.wait_for(self.opened.wait(), 10)

    def consent(self) -> None:
        """Check again, as a browser does."""
        self._socket.send(self._keep)

    async def _recv(self) -> bytes:
        return await self._handshake.get()

    async def _send(self, data: bytes) -> None:
        self._socket.send(data)

    # --- data

    def send(self, payload: bytes) -> None:
        """Queue a message."""
        assert self._channel is not None
        self._channels.send(self._channel, payload, now=self._loop.time())
        self._flush()

    @property
    def waiting(self) -> int:
        """Bytes that wait to be sent."""
        return self._association.sender.queue.waiting

    def _readable(self) -> None:
        now = self._loop.time()
        for _ in range(64):
            try:
                datagram = self._socket.recv(2048)
            except (BlockingIOError, ConnectionRefusedError):
                break
            if datagram[0] < 4:
                self._checked.set()
            elif self._records is None:
                self._handshake.put_nowait(datagram)
            else:
                for packet in self._records.opened(datagram):
                    self._association.receive(packet, now)
        if self._records is not None:
            self._flush()

    def _flush(self) -> None:
        for event in self._channels.events():
            if isinstance(event, Arrived):
                self._message(event.payload)
            elif isinstance(event, Opened):
                self.opened.set()
        now = self._loop.time()
        for packet in self._association.take(now):
            self._records.put(packet)  # type: ignore[union-attr] -- connected
        deadline = self._association.deadline
        if deadline is not None and (self._timer is None or self._timer.when() > deadline):
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_at(max(deadline, now + 0.001), self._fire)

    def _fire(self) -> None:
        self._timer = None
        self._association.timed_out(self._loop.time())
        self._flush()

    def close(self) -> None:
        """Leave without a word."""
        if self._timer is not None:
            self._timer.cancel()
        self._reading.cancel()
        if self._dtls._task is not None:
            self._dtls._task.cancel()
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
