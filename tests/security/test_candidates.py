"""No candidate of a client's is ever followed: traps at the addresses that it names stay empty, whichever way it names them."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from collections.abc import Iterator

import aiohttp
import pytest
from livekit.protocol import models, rtc

from tests.protocol.conftest import Server, running_server
from tests.rtc.core.world import offer_text

FRAGMENT = "application/trickle-ice-sdpfrag"
AFTER = 1.5  # s; ICE agents that follow a candidate send their first check within 50 ms, and repeat it


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("rtc")) as started:
        yield started


class Trap:
    """Sockets at the addresses of a UDP and a TCP candidate."""

    def __init__(self) -> None:
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind(("127.0.0.1", 0))
        self.connections = socket.create_server(("127.0.0.1", 0))
        for one in (self.datagrams, self.connections):
            one.setblocking(False)

    def candidates(self) -> list[str]:
        datagrams, connections = self.datagrams.getsockname()[1], self.connections.getsockname()[1]
        return [
            f"candidate:1 1 udp 2122260223 127.0.0.1 {datagrams} typ host generation 0",
            f"candidate:2 1 udp 1686052607 127.0.0.1 {datagrams} typ srflx raddr 0.0.0.0 rport 0",
            f"candidate:3 1 udp 41885439 127.0.0.1 {datagrams} typ relay raddr 0.0.0.0 rport 0",
            f"candidate:4 1 tcp 1518280447 127.0.0.1 {connections} typ host tcptype passive",
            f"candidate:5 1 udp 2122260223 localhost {datagrams} typ host",
        ]

    def is_empty(self) -> bool:
        for take in (lambda: self.datagrams.recv(2048), self.connections.accept):
            try:
                take()
            except BlockingIOError:
                continue
            return False
        return True

    def close(self) -> None:
        self.datagrams.close()
        self.connections.close()


@pytest.fixture
def trap() -> Iterator[Trap]:
    made = Trap()
    yield made
    made.close()


def offer(trap: Trap) -> str:
    """An offer whose every section has the candidates."""
    lines = "".join(f"a={candidate}\r\n" for candidate in trap.candidates()) + "a=end-of-candidates\r\n"
    text = offer_text(("audio", "sendonly", "mic"), ("video", "sendonly", "cam"))
    head, *sections = text.split("m=")
    return head + "".join("m=" + section + lines for section in sections)


async def test_candidates_by_whip(server: Server, trap: Trap) -> None:
    token = server.token("w", "whip")
    authorization = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=authorization) as http:
        posted = http.post(f"{server.http}/whip/v1", data=offer(trap), headers={"Content-Type": "application/sdp"})
        async with posted as answer:
            assert answer.status == 201
            session, etag = server.http + answer.headers["Location"], answer.headers["ETag"]
        trickled = "a=ice-ufrag:abcd\r\na=ice-pwd:" + "p" * 24 + "\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
        trickled += "".join(f"a={candidate}\r\n" for candidate in trap.candidates())
        for tag, text in ((etag, trickled), ("*", trickled.replace("abcd", "fresh"))):
            patched = http.patch(session, data=text, headers={"Content-Type": FRAGMENT, "If-Match": tag})
            async with patched as answer:
                assert answer.status in {200, 204}
        await asyncio.sleep(AFTER)
        assert trap.is_empty()
        async with http.delete(session) as answer:
            assert answer.status == 200
    await asyncio.sleep(0.2)
    assert trap.is_empty()  # no farewell either


@pytest.mark.parametrize("path", ["/rtc/v1", "/rtc"])
async def test_candidates_by_signalling(server: Server, trap: Trap, path: str) -> None:
    asked = rtc.JoinRequest(client_info=models.ClientInfo(version="2"))
    wrapped = rtc.WrappedJoinRequest(join_request=asked.SerializeToString())
    join = base64.urlsafe_b64encode(wrapped.SerializeToString())
    url = f"{server.http}{path}?access_token={server.token('s', 'signalling')}"
    if path == "/rtc/v1":
        url += f"&join_request={join.decode()}"
    async with aiohttp.ClientSession() as http, http.ws_connect(url) as joined:
        offered = rtc.SessionDescription(type="offer", sdp=offer(trap), id=1)
        await joined.send_bytes(rtc.SignalRequest(offer=offered).SerializeToString())
        for target in (rtc.SignalTarget.PUBLISHER, rtc.SignalTarget.SUBSCRIBER):
            for candidate in trap.candidates():
                init = json.dumps({"candidate": candidate, "sdpMid": "0", "sdpMLineIndex": 0})
                trickle = rtc.TrickleRequest(candidateInit=init, target=target)
                await joined.send_bytes(rtc.SignalRequest(trickle=trickle).SerializeToString())
        kinds = set()
        async with asyncio.timeout(10):
            while "answer" not in kinds:
                response = rtc.SignalResponse.FromString((await joined.receive()).data)
                kinds.add(response.WhichOneof("message"))
        await asyncio.sleep(AFTER)
        assert trap.is_empty()


async def test_the_answer_names_our_own_addresses_alone(server: Server, trap: Trap) -> None:
    token = server.token("w2", "whip")
    headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{server.http}/whip/v1", data=offer(trap), headers=headers) as answer:
            assert answer.status == 201
            text = await answer.text()
        told = [line.split(" ") for line in text.split("\r\n") if line.startswith("a=candidate")]
        ports = {int(words[5]) for words in told}
        assert ports.isdisjoint({trap.datagrams.getsockname()[1], trap.connections.getsockname()[1]})
        assert {words[4] for words in told} == {"127.0.0.1"}
