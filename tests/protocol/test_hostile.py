"""Who is not let in, and what a connection that is let in cannot do to the others."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import struct
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from livekit.protocol import rtc

from suite.rtc.link.web import MAX_WAITING_BYTES
from suite.rtc.signalling.messages import MAX_MESSAGE
from tests.protocol.conftest import Server, until

pytestmark = pytest.mark.slow
JOIN = rtc.JoinRequest(connection_settings=rtc.ConnectionSettings(auto_subscribe=True))


def wrapped(request: rtc.JoinRequest = JOIN) -> str:
    body = rtc.WrappedJoinRequest(join_request=request.SerializeToString())
    return base64.urlsafe_b64encode(body.SerializeToString()).decode()


class Raw:
    """HTTP and websockets without an SDK; what is open ends with the test."""

    def __init__(self) -> None:
        self._session = aiohttp.ClientSession()
        self._sockets: list[aiohttp.ClientWebSocketResponse] = []
        self.get, self.post, self.request = self._session.get, self._session.post, self._session.request

    async def ws_connect(self, url: str, **options: Any) -> aiohttp.ClientWebSocketResponse:
        socket = await self._session.ws_connect(url, **options)
        self._sockets.append(socket)
        return socket

    async def close(self) -> None:
        for one in self._sockets:
            await one.close()
        await self._session.close()


@pytest.fixture
async def http() -> AsyncIterator[Raw]:
    raw = Raw()
    yield raw
    await raw.close()


async def joined(http: Raw, server: Server, identity: str, room: str) -> aiohttp.ClientWebSocketResponse:
    """A raw client that is let in."""
    socket = await http.ws_connect(f"{server.ws}/rtc", params={"access_token": server.token(identity, room)}, max_msg_size=0)
    first = rtc.SignalResponse.FromString((await socket.receive(10)).data)
    assert first.WhichOneof("message") == "join"
    return socket


async def answers(socket: aiohttp.ClientWebSocketResponse) -> None:
    """The connection is undisturbed: a ping gets its pong."""
    await socket.send_bytes(rtc.SignalRequest(ping=1).SerializeToString())
    async with asyncio.timeout(10):
        while True:
            message = await socket.receive()
            assert message.type is aiohttp.WSMsgType.BINARY, message
            if rtc.SignalResponse.FromString(message.data).WhichOneof("message") == "pong":
                return


async def closed(socket: aiohttp.ClientWebSocketResponse, deadline: float = 15) -> int | None:
    async with asyncio.timeout(deadline):
        while not socket.closed:
            message = await socket.receive()
            if message.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}:
                break
    return socket.close_code


def hostile(server: Server) -> dict[str, tuple[str, int]]:
    now = int(time.time())
    return {
        "nothing": ("", 401),
        "no token": ("abc", 401),
        "forged": (server.token(secret="x" * 32), 401),
        "unknown key": (server.token(claims={"iss": "other"}), 401),
        "expired": (server.token(claims={"exp": now - 300}), 401),
        "not yet": (server.token(claims={"nbf": now + 600}), 401),
        "no identity": (server.token(claims={"sub": None}), 400),
        "no right": (server.token(roomJoin=False), 401),
        "no room": (server.token(room=""), 400),
        "no grant": (server.token(claims={"video": None}), 401),
    }


@pytest.mark.parametrize("path", ["/rtc", "/rtc/v1"])
@pytest.mark.parametrize("case", sorted(hostile(Server(0, None))))  # type: ignore[arg-type]
async def test_a_hostile_token_is_refused_at_the_door(http: Raw, server: Server, path: str, case: str) -> None:
    token, status = hostile(server)[case]
    query = {"access_token": token, "join_request": wrapped()}
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await http.ws_connect(f"{server.ws}{path}", params=query)
    assert refused.value.status == status
    async with http.get(f"{server.http}{path}/validate", params=query) as answer:
        text = await answer.text()
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (status, "*")
    assert not token or token not in text


@pytest.mark.parametrize("path", ["/rtc", "/rtc/v1"])
async def test_more_parameters_than_a_client_has_are_refused_without_a_trace(http: Raw, server: Server, path: str) -> None:
    query = [("access_token", server.token()), *(("a", "1") for _ in range(1200))]
    async with http.get(f"{server.http}{path}/validate", params=query) as answer:
        assert (answer.status, await answer.text()) == (400, "too many parameters")
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await http.ws_connect(f"{server.ws}{path}", params=query)
    assert refused.value.status == 400
    assert "Traceback" not in server.log.read_text(errors="replace")


async def test_validate_says_yes_and_why_not(http: Raw, server: Server) -> None:
    async def asked(path: str, **query: str) -> tuple[int, str]:
        async with http.get(f"{server.http}{path}", params=query) as answer:
            return answer.status, await answer.text()

    good = server.token()
    assert await asked("/rtc/validate", access_token=good) == (200, "success")
    assert await asked("/rtc/v1/validate", access_token=good, join_request=wrapped()) == (200, "success")
    assert await asked("/rtc/v1/validate", access_token=good) == (400, "join_request is required")
    assert (await asked("/rtc/v1/validate", access_token=good, join_request="!!"))[0] == 400


async def test_a_path_that_is_not_ours_is_not_found(http: Raw, server: Server) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await http.ws_connect(f"{server.ws}/rtc/v2")
    assert refused.value.status == 404


@pytest.mark.parametrize("garbage", [b"", b"\xff\xff\xff", b"\x0a\x05\x0a\x03abc", bytes(1000)])
async def test_garbage_closes_its_sender_alone(http: Raw, server: Server, room: str, garbage: bytes) -> None:
    good, bad = await joined(http, server, "good", room), await joined(http, server, "bad", room)
    await bad.send_bytes(garbage)
    assert await closed(bad) == 1003
    await answers(good)


async def test_json_is_answered_in_json_and_other_text_closes_its_sender_alone(http: Raw, server: Server, room: str) -> None:
    socket = await joined(http, server, "a", room)
    await socket.send_str('{"pingReq": {"timestamp": "7"}}')
    said: dict[str, Any] = {}
    while "pongResp" not in said:
        message = await socket.receive(10)
        said = json.loads(message.data) if message.type is aiohttp.WSMsgType.TEXT else {}
    assert said["pongResp"]["lastPingTimestamp"] == "7"
    await answers(socket)  # in protobuf again
    for words in ("words", "[1]", '{"nothing": {}}', "{" * 100_000):
        hostile = await joined(http, server, "hostile", room)
        await hostile.send_str(words)
        assert await closed(hostile) == 1003
    await answers(socket)


async def test_a_frame_that_is_too_long_closes_its_sender_alone(http: Raw, server: Server, room: str) -> None:
    good, bad = await joined(http, server, "good", room), await joined(http, server, "bad", room)
    await bad.send_bytes(bytes(2 * MAX_MESSAGE + 1))  # LiveKit's limit.signal_message_size_limit
    assert await closed(bad) == 1009
    await answers(good)


async def test_a_message_that_is_too_long_once_inflated_closes_its_sender_alone(http: Raw, server: Server, room: str) -> None:
    """LiveKit's own tests ask for anything but 1009, which is for what was too long on its way."""
    good = await joined(http, server, "good", room)
    bad = await http.ws_connect(f"{server.ws}/rtc", params={"access_token": server.token("bad", room)}, compress=15)
    assert bad.compress
    await bad.send_bytes(bytes(2 * MAX_MESSAGE + 1))
    assert await closed(bad) == 1008
    await answers(good)


async def raw_handshake(
    server: Server, identity: str, room: str, *, buffer: int = 0
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A websocket by hand, for what no library would send; `buffer` bytes are what its own system reads ahead."""
    with socket.socket() as made:
        if buffer:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        made.connect(("127.0.0.1", server.port))
        reader, writer = await asyncio.open_connection(sock=made.dup())
    writer.write(
        f"GET /rtc?access_token={server.token(identity, room)} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    assert b"101" in await reader.readline()
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def raw_end(reader: asyncio.StreamReader) -> tuple[int, int]:
    """The code with which such a websocket is closed, and how many bytes came before."""
    passed = 0
    async with asyncio.timeout(10):
        while True:
            first, length = await reader.readexactly(2)
            size = length if length < 126 else int.from_bytes(await reader.readexactly(2 if length == 126 else 8))
            body = await reader.readexactly(size)
            if first == 0x88:
                return int.from_bytes(body[:2]), passed
            passed += size


async def test_a_frame_of_50_megabytes_is_refused_by_its_header(http: Raw, server: Server, room: str) -> None:
    """The sender stops to read, or its own bytes on the way would reset the connection before it sees the code."""
    good = await joined(http, server, "good", room)
    before = server.worker().pid
    reader, writer = await raw_handshake(server, "bad", room)
    writer.write(struct.pack(">BBQ4s", 0x82, 0xFF, 50_000_000, b"mask") + bytes(10_000))
    assert (await raw_end(reader))[0] == 1009
    writer.close()
    await answers(good)
    assert server.worker().pid == before


async def test_a_flood_closes_its_sender_alone(http: Raw, server: Server, room: str) -> None:
    good, bad = await joined(http, server, "good", room), await joined(http, server, "bad", room)
    ping = rtc.SignalRequest(ping=1).SerializeToString()

    async def flood() -> None:
        for _ in range(20_000):
            await bad.send_bytes(ping)

    flooding = asyncio.create_task(flood())
    assert await closed(bad) == 1008
    await asyncio.gather(flooding, return_exceptions=True)
    await answers(good)


async def test_whoever_joins_without_end_is_refused_and_nobody_else(http: Raw, server: Server, room: str) -> None:
    other = await joined(http, server, "other", room)
    query = {"access_token": server.token("again", room)}
    refused = None
    for _attempt in range(200):
        try:
            socket = await http.ws_connect(f"{server.ws}/rtc", params=query)
            await socket.close()
        except aiohttp.WSServerHandshakeError as error:
            refused = error
            break
    assert refused is not None
    assert refused.status == 429
    await answers(other)
    await answers(await joined(http, server, "third", room))


async def test_a_slow_reader_closes_itself_alone(http: Raw, server: Server, room: str) -> None:
    """One that never reads, while others' news would fill the house."""
    good = await joined(http, server, "good", room)
    reader, writer = await raw_handshake(server, "slow", room, buffer=64 * 1024)
    admin = {"Authorization": f"Bearer {server.admin(room)}"}
    size, count = 60_000, 4 * MAX_WAITING_BYTES // 60_000  # what may wait, and more than both systems' buffers hold
    for number in range(count):
        body = {"room": room, "metadata": f"{number}".ljust(size, "x")}
        async with http.post(f"{server.http}/twirp/livekit.RoomService/UpdateRoomMetadata", json=body, headers=admin) as answer:
            assert answer.status == 200
        await answers(good)  # who reads
    code, passed = await raw_end(reader)
    assert code == 1013
    assert passed < (count - MAX_WAITING_BYTES // size) * size, "what waited is dropped"
    writer.close()


async def test_a_removed_persons_tokens_are_refused(http: Raw, server: Server, room: str) -> None:
    now = int(time.time())
    old = server.token("bruno", room, claims={"nbf": now - 30})
    socket = await http.ws_connect(f"{server.ws}/rtc", params={"access_token": old})
    handed = []
    for _ in range(2):
        message = rtc.SignalResponse.FromString((await socket.receive(10)).data)
        handed.append(message.refresh_token)
    admin = {"Authorization": f"Bearer {server.admin(room)}"}
    revoked = int(time.time())
    body = {"room": room, "identity": "bruno", "revokeTokenTs": str(revoked)}
    async with http.post(f"{server.http}/twirp/livekit.RoomService/RemoveParticipant", json=body, headers=admin) as answer:
        assert answer.status == 200, await answer.text()
    assert await closed(socket) == 1000
    for token in (old, *filter(None, handed)):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(f"{server.ws}/rtc", params={"access_token": token})
        assert refused.value.status == 401
        async with http.get(f"{server.http}/rtc/validate", params={"access_token": token}) as answer:
            assert (answer.status, await answer.text()) == (401, "token has been revoked")
    new = server.token("bruno", room, claims={"nbf": now, "iat": revoked + 2})
    back = await http.ws_connect(f"{server.ws}/rtc", params={"access_token": new})
    assert rtc.SignalResponse.FromString((await back.receive(10)).data).join.participant.identity == "bruno"


CALLS = [
    ("CreateRoom", {"name": "x"}), ("ListRooms", {}), ("DeleteRoom", {"room": "x"}), ("ListParticipants", {"room": "x"}),
    ("RemoveParticipant", {"room": "x", "identity": "a"}), ("SendData", {"room": "x", "data": ""}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "body"), CALLS)
async def test_the_server_api_wants_the_right_token(http: Raw, server: Server, method: str, body: dict[str, Any]) -> None:
    url = f"{server.http}/twirp/livekit.RoomService/{method}"
    async with http.post(url, json=body) as answer:
        assert (answer.status, (await answer.json())["code"]) == (401, "unauthenticated")
    for token in (server.token(), server.token("admin", "other", roomAdmin=True)):
        async with http.post(url, json=body, headers={"Authorization": f"Bearer {token}"}) as answer:
            assert (answer.status, (await answer.json())["code"]) == (401, "unauthenticated")
    async with http.post(url, json=body, headers={"Authorization": "Bearer x"}) as answer:
        assert (answer.status, await answer.text()) == (401, "invalid authorization token")


async def test_the_server_api_answers_garbage_in_twirps_words(http: Raw, server: Server) -> None:
    base, admin = f"{server.http}/twirp/livekit.RoomService", {"Authorization": f"Bearer {server.admin()}"}

    async def asked(verb: str, method: str, body: bytes, kind: str) -> tuple[int, str]:
        headers = {**admin, "Content-Type": kind}
        async with http.request(verb, f"{base}/{method}", data=body, headers=headers) as answer:
            return answer.status, (await answer.json())["code"]

    assert await asked("POST", "NoSuchMethod", b"{}", "application/json") == (404, "bad_route")
    assert await asked("GET", "ListRooms", b"", "application/json") == (404, "bad_route")
    assert await asked("POST", "ListRooms", b"{}", "text/plain") == (404, "bad_route")
    assert await asked("POST", "ListRooms", b"{not json", "application/json") == (400, "malformed")
    assert await asked("POST", "CreateRoom", b'{"name": 1}', "application/json") == (400, "malformed")
    assert await asked("POST", "CreateRoom", b"[" * 100_000, "application/json") == (400, "malformed")
    assert await asked("POST", "ListRooms", b"\xff\xff", "application/protobuf") == (400, "malformed")
    assert await asked("POST", "CreateRoom", b'{"name": ""}', "application/json") == (400, "invalid_argument")
    assert await asked("POST", "MoveParticipant", b'{"room": "r"}', "application/json") == (500, "unknown")


async def test_the_log_names_nobody_and_holds_no_token(http: Raw, server: Server, room: str) -> None:
    socket = await joined(http, server, "somebody-with-a-name", room)
    await socket.send_bytes(b"\xff")
    await closed(socket)
    written = await until(server.log.read_text)
    assert "somebody-with-a-name" not in written
    assert "eyJ" not in written
    assert '"level": "error"' not in written


async def test_a_connection_that_was_silent_for_a_while_still_answers(server: Server) -> None:
    """Clients keep theirs for 15 s and more: one that the server closes under a call cannot be told from a lost call."""
    made: list[object] = []

    async def count(_session: object, _context: object, what: object) -> None:
        made.append(what)

    trace = aiohttp.TraceConfig()
    trace.on_connection_create_end.append(count)
    headers = {"Authorization": f"Bearer {server.admin()}"}
    async with aiohttp.ClientSession(trace_configs=[trace]) as session:
        for silence in (6, 0):
            async with session.post(f"{server.http}/twirp/livekit.RoomService/ListRooms", json={}, headers=headers) as answer:
                assert answer.status == 200
                await answer.read()  # or the client hangs up
            await asyncio.sleep(silence)
    assert len(made) == 1
