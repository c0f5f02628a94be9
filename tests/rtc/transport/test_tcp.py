"""ICE over TCP: a real peer on a stream, workers that share a port, strangers, and a reader that does not read."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from aioice import stun

from suite.rtc.core.identifiers import Identifiers, worker_of
from suite.rtc.core.media import (
    AddDowntrack,
    CloseTransport,
    Codec,
    Command,
    Receive,
    RestartIce,
    SelectLayer,
    TransportConnected,
)
from suite.rtc.transport import tcp
from suite.rtc.transport.backlog import VIDEO_MOST
from suite.rtc.transport.framing import Frames, framed
from suite.rtc.transport.gate import StrangerLimit
from suite.rtc.transport.plane import MediaPlane
from suite.rtc.transport.tcp import TcpFront
from tests.rtc.peer import MID, OPUS, Control, Peer, rtp, until

VP8 = Codec(96, "video/vp8", 90000)
KEY = b"\x10\x00\x9d\x01\x2a" + bytes(1000)
DELTA = b"\x10\x01" + bytes(1000)


class Worker:
    """A plane and its TCP front, which control's commands reach together."""

    def __init__(self, plane: MediaPlane, control: Control, folder: Path, index: int) -> None:
        self.plane, self.control, self.index = plane, control, index
        self.counts: Counter[str] = Counter()
        self.front = TcpFront(index=index, folder=folder, plane=("127.0.0.1", plane.port), count=self._count)
        self.port, self.fingerprint = plane.port, plane.fingerprint

    def _count(self, name: str) -> None:
        self.counts[name] += 1

    def apply(self, command: Command) -> None:
        self.front.apply(command)
        self.plane.apply(command)


class TcpPeer(Peer):
    """A peer whose packets go on a stream."""

    def __init__(self, worker: Any, name: str, port: int) -> None:
        super().__init__(worker, name)
        self.ufrag = Identifiers(Random(secrets.randbits(32)), worker.index).ufrag()
        self.stream = socket.socket()
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        self.stream.connect(("127.0.0.1", port))
        self.stream.setblocking(False)
        self.frames = Frames()
        self.hung_up = False
        self.loop.add_reader(self.stream.fileno(), self._framed)

    def raw(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            self.stream.send(framed(data))

    def _framed(self) -> None:
        try:
            data = self.stream.recv(65536)
        except OSError:
            data = b""
        if not data:
            self.hung_up = True
            self.loop.remove_reader(self.stream.fileno())
            return
        for packet in self.frames.feed(data):
            if packet[0] < 4:
                self.answers.append(stun.parse_message(packet))
            elif packet[0] < 64:
                self.records.put_nowait(packet)
            elif self.dtls._rx_srtp is not None:
                self._media(packet)

    async def close(self) -> None:
        await super().close()
        self.loop.remove_reader(self.stream.fileno())
        self.stream.close()


@pytest.fixture
async def workers(tmp_path: Path) -> AsyncIterator[list[Worker]]:
    made = []
    for index in range(2):
        control = Control()
        plane = await MediaPlane.start(host="127.0.0.1", port=0, advertise=None, report=control)
        made.append(Worker(plane, control, tmp_path, index))
    yield made
    for worker in made:
        worker.front.close()
        await worker.plane.close()


@pytest.fixture
async def port(workers: list[Worker]) -> int:
    return workers[0].front.listen(["127.0.0.1"], 0)


@pytest.fixture
async def join(port: int) -> AsyncIterator[Any]:
    peers: list[Peer] = []

    async def connect(worker: Worker, name: str, *, data: bool = False) -> TcpPeer:
        peers.append(peer := TcpPeer(worker, name, port))
        await peer.connect(data=data)
        await worker.control.wait(lambda report: report == TransportConnected(name))
        return peer

    yield connect
    for peer in peers:
        await peer.close()


def forward(worker: Worker, subscribers: dict[str, int]) -> None:
    """Sound and a picture of `p` to each subscriber, numbered from the given downtrack on."""
    worker.apply(Receive("p", "0", "TR_a", "audio", (OPUS,), extensions={MID: 1}))
    worker.apply(Receive("p", "1", "TR_v", "video", (VP8,), extensions={MID: 1}))
    for name, first in subscribers.items():
        worker.apply(AddDowntrack(first, name, "TR_a", "audio", "0", 5000 + first, None, (OPUS,)))
        worker.apply(AddDowntrack(first + 1, name, "TR_v", "video", "1", 6000 + first, None, (VP8,)))
        worker.apply(SelectLayer(first, 0))
        worker.apply(SelectLayer(first + 1, 0))


async def test_media_flows_both_ways_over_tcp(workers: list[Worker], join: Any) -> None:
    publisher, subscriber = await join(workers[0], "p", data=True), await join(workers[0], "s")
    assert publisher.answers[0].attributes["XOR-MAPPED-ADDRESS"] == publisher.stream.getsockname()
    forward(workers[0], {"s": 1})
    publisher.send_rtp(rtp(ssrc=10, sequence=7, payload_type=111, payload=b"sound", extensions={1: b"0"}))
    publisher.send_rtp(rtp(ssrc=20, sequence=1, payload=KEY, extensions={1: b"1"}))
    await until(lambda: len(subscriber.rtp) == 2)
    assert {packet[12:] for packet in subscriber.rtp} == {b"sound", KEY}
    assert workers[0].front.connections == 2


async def test_a_connection_goes_to_the_worker_that_its_ufrag_names(workers: list[Worker], join: Any) -> None:
    publisher, subscriber = await join(workers[1], "p"), await join(workers[1], "s")
    assert worker_of(publisher.ufrag) == 1
    assert workers[0].front.connections == 0
    workers[0].front.close()  # what was handed over needs the one who listened no more
    forward(workers[1], {"s": 1})
    publisher.send_rtp(rtp(ssrc=10, sequence=7, payload_type=111, payload=b"sound", extensions={1: b"0"}))
    await until(lambda: subscriber.rtp)


async def test_the_end_of_a_transport_reaches_its_connection(workers: list[Worker], join: Any) -> None:
    peer = await join(workers[0], "p")
    workers[0].apply(CloseTransport("p"))
    await until(lambda: peer.hung_up)
    assert not peer.records.empty() or peer.dtls.state == "closed"  # DTLS's farewell came before the end
    assert workers[0].front.connections == 0


async def test_new_credentials_on_the_same_connection(workers: list[Worker], join: Any) -> None:
    peer = await join(workers[0], "p")
    fresh = Identifiers(Random(3), 0)
    ufrag, password = fresh.ufrag(), fresh.password()
    workers[0].apply(RestartIce("p", ufrag, password))
    before = len(peer.answers)
    peer.check(ufrag=ufrag, password=password)
    await until(lambda: len(peer.answers) > before)
    assert peer.answers[-1].check_message_integrity(password.encode())


def knock(port: int, data: bytes) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port))
    sock.sendall(data)
    sock.settimeout(0)
    return sock


async def hangs_up(sock: socket.socket) -> None:
    """The other end closes, without a byte."""

    def over() -> bool:
        try:
            assert sock.recv(100) == b""
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True
        return True

    await until(over)
    sock.close()


def request(ufrag: str, password: str) -> bytes:
    message = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{ufrag}:peer"
    message.attributes["ICE-CONTROLLING"] = 1
    message.add_message_integrity(password.encode())
    return bytes(message)


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n",
        framed(b"\x16\xfe\xff" + bytes(100)),
        framed(bytes(20)),
        framed(request("AAnobody", "x" * 24)),
        framed(request("ZZnobody", "x" * 24)),
        framed(request("", "x" * 24)),
        framed(request("1234", "x" * 24)),
    ],
    ids=["http", "dtls", "empty stun", "unknown", "of no worker", "no ufrag", "no letters"],
)
async def test_a_stranger_is_hung_up_on(workers: list[Worker], port: int, data: bytes) -> None:
    await hangs_up(knock(port, data))
    assert sum(workers[n].counts["tcp_refused"] for n in (0, 1)) == 1
    assert not workers[0].front.connections
    assert workers[0].plane.statistics()["addresses"] == 0


async def test_a_wrong_password_is_hung_up_on_by_whichever_worker(workers: list[Worker], port: int) -> None:
    for worker in workers:
        ufrag = Identifiers(Random(1), worker.index).ufrag()
        peer = Peer(worker, "p")
        peer.ufrag = ufrag
        worker.apply(peer.opening())
        await hangs_up(knock(port, framed(request(ufrag, "wrong" * 6))))
        assert worker.counts["tcp_refused"] == 1
        await peer.close()


async def test_a_silent_stranger_is_hung_up_on_and_many_are_bounded(
    workers: list[Worker], port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp, "PATIENCE", 0.1)
    silent = [knock(port, b"") for _ in range(tcp.WAITING_OF_HOST + 5)]
    await until(lambda: workers[0].counts["tcp_limited"] == 5)
    slow = knock(port, b"\x00\x14\x00")  # one byte at a time is no way to stay
    for sock in silent:
        await hangs_up(sock)
    await hangs_up(slow)
    assert not workers[0].front._waiting
    assert not workers[0].front._hosts


async def test_a_stranger_that_comes_again_and_again_is_limited(workers: list[Worker], port: int) -> None:
    second = 7.0
    workers[0].front._strangers = StrangerLimit(lambda: second)
    counts, junk = workers[0].counts, framed(bytes(20))
    for _ in range(105):  # one after the other: never many at once
        await hangs_up(knock(port, junk))
    assert (counts["tcp_refused"], counts["tcp_limited"]) == (100, 5)
    second += 1
    await hangs_up(knock(port, junk))
    assert (counts["tcp_refused"], counts["tcp_limited"]) == (101, 5)


async def test_a_member_that_sends_no_packets_is_hung_up_on(workers: list[Worker], join: Any) -> None:
    peer = await join(workers[0], "p")
    peer.stream.send(b"\xff\xff" + bytes(3000))
    await until(lambda: peer.hung_up)
    assert workers[0].counts["tcp_malformed"] == 1


async def test_one_peer_has_a_bounded_number_of_connections(workers: list[Worker], join: Any, port: int) -> None:
    peer = await join(workers[0], "p")
    more = [knock(port, framed(request(peer.ufrag, peer.password))) for _ in range(tcp.RELAYS_OF_PEER)]
    await until(lambda: peer.hung_up)  # the oldest
    await until(lambda: workers[0].front.connections == tcp.RELAYS_OF_PEER)
    for sock in more:
        sock.close()
    await until(lambda: workers[0].front.connections == 0)


async def test_a_reader_that_does_not_read_delays_nobody_and_gets_sound_first(workers: list[Worker], join: Any) -> None:
    worker = workers[0]
    publisher, slow = await join(worker, "p"), await join(worker, "slow")
    quick = Peer(worker, "quick")  # type: ignore[arg-type]
    await quick.connect(data=False)
    await worker.control.wait(lambda report: report == TransportConnected("quick"))
    forward(worker, {"slow": 1, "quick": 11})
    slow.loop.remove_reader(slow.stream.fileno())
    count = 1500
    for number in range(count):
        payload = KEY if number == 0 else DELTA
        publisher.send_rtp(rtp(ssrc=20, sequence=number, timestamp=number * 90, payload=payload, extensions={1: b"1"}))
        if number % 10 == 0:
            publisher.send_rtp(
                rtp(ssrc=10, sequence=number // 10, timestamp=number * 48, payload_type=111, payload=b"s", extensions={1: b"0"})
            )
        if number % 5 == 0:
            await asyncio.sleep(0.002)
    await until(lambda: len(quick.rtp) == count + count // 10)
    assert worker.counts["tcp_video_dropped"] > 0
    assert worker.counts["tcp_dropped"] == 0
    slow.loop.add_reader(slow.stream.fileno(), slow._framed)
    sounds = lambda: sum(1 for packet in slow.rtp if packet[1] & 0x7F == 111)  # noqa: E731 -- asked twice
    await until(lambda: sounds() == count // 10)  # none of them was dropped
    assert sum(len(packet) for packet in slow.rtp) < 20 * VIDEO_MOST
    await quick.close()
