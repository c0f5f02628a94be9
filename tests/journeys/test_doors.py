"""What must not come in at the doors of the whole running system; whoever is inside notices nothing."""

from __future__ import annotations

import asyncio
import io
import os
import socket
import struct

import aiohttp
import pytest

from tests.journeys.conftest import Come
from tests.journeys.house import House
from tests.journeys.staff import Staff
from tests.protocol.test_hostile import closed, wrapped

pytestmark = [
    pytest.mark.journey,
    pytest.mark.xdist_group("whole"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(180),
]
HOUSE = {"speech": False}
HUGE = 50_000_000
TOO_BIG = 1009
NOT_SIGNED_IN = 4401
NOT_FOUND = 4404


@pytest.mark.parametrize("door", ["meeting", "chat", "document", "rtc", "rtc/v1"])
async def test_a_frame_of_50_megabytes_closes_its_sender_alone(house: House, staff: Come, door: str) -> None:
    awa, farid = await staff("Awa Diallo"), await staff("Farid Benali")
    slug = await awa.start_room()
    await awa.join(slug)
    before = {name: house.process_of(name) for name in ("web", "media-0")}
    path = await path_of(farid, door, slug)
    reader, writer = await handshake(farid, path)
    try:
        # The sender stops to read: its own bytes on the way would reset the connection before it sees the code.
        writer.write(struct.pack(">BBQ4s", 0x82, 0xFF, HUGE, b"mask") + bytes(10_000))
        assert await close_code(reader) == TOO_BIG
    finally:
        writer.close()
    await undisturbed(awa)
    assert {name: house.process_of(name) for name in before} == before


async def test_a_socket_where_nothing_lives_is_refused(house: House, staff: Come) -> None:
    awa = await staff("Awa Diallo")
    for path in ("/ws/nothing/", "/ws/documents/not-a-uuid/", "/elsewhere", "/rtc/v2"):
        assert await closed(await awa.open_socket(path)) == NOT_FOUND, path


@pytest.mark.parametrize("cookie", ["forged", "a" * 32, "' or 1=1 --", "é", "x" * 4000])
async def test_a_forged_cookie_opens_nothing(house: House, cookie: str) -> None:
    headers = {"Cookie": f"suite_session={cookie}", "Accept": "application/json"}
    async with aiohttp.ClientSession(headers=headers, cookie_jar=aiohttp.DummyCookieJar()) as http:
        async with http.get(f"{house.url}/api/documents/") as answer:
            assert answer.status == 401
        assert await closed(await http.ws_connect(f"{house.url}/ws/chat/", origin=house.url)) == NOT_SIGNED_IN


async def test_another_sites_page_opens_no_socket(house: House, staff: Come) -> None:
    awa = await staff("Awa Diallo")
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await awa.http.ws_connect(f"{house.url}/ws/chat/", origin="https://elsewhere.example")
    assert refused.value.status == 403


@pytest.mark.parametrize("path", ["/api/rooms/", "/webhooks/livekit/", "/twirp/livekit.RoomService/ListRooms"])
async def test_a_body_that_is_too_large_is_refused(house: House, staff: Come, path: str) -> None:
    awa = await staff("Awa Diallo")
    body = io.BytesIO(b'{"title": "' + b"x" * HUGE + b'"}')
    headers = {"X-CSRFToken": awa._csrf(), "Referer": house.url, "Content-Type": "application/json"}
    try:
        async with awa.http.post(f"{house.url}{path}", data=body, headers=headers) as answer:
            assert answer.status in {400, 401, 403, 413}, await answer.text()
    except aiohttp.ClientOSError:
        pass  # it was answered, and closed, before all of it was sent
    assert await awa.start_room()


async def path_of(one: Staff, door: str, slug: str) -> str:
    """A socket's address that `one` may open."""
    if door == "chat":
        return "/ws/chat/"
    if door == "document":
        return f"/ws/documents/{(await (await one.post('/api/documents/', {'title': 'Note'})).json())['id']}/"
    entry = await one.enter(slug)
    if door == "meeting":
        return str(entry["socket"])
    return f"/{door}?access_token={entry['token']}&join_request={wrapped()}"


async def handshake(one: Staff, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A websocket by hand, for what no library would send."""
    host, port = one.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), family=socket.AF_INET)
    cookies = "; ".join(f"{cookie.key}={cookie.value}" for cookie in one.http.cookie_jar)
    key = os.urandom(16).hex()[:22]
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}:{port}", "Upgrade: websocket", "Connection: Upgrade", f"Origin: {one.url}",
             f"Cookie: {cookies}", f"Sec-WebSocket-Key: {key}==", "Sec-WebSocket-Version: 13"]  # fmt: skip
    writer.write("\r\n".join([*lines, "", ""]).encode())
    assert b" 101 " in await asyncio.wait_for(reader.readline(), 10)
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def close_code(reader: asyncio.StreamReader) -> int:
    async with asyncio.timeout(15):
        while True:
            first, length = await reader.readexactly(2)
            size = length if length < 126 else int.from_bytes(await reader.readexactly(2 if length == 126 else 8))
            body = await reader.readexactly(size)
            if first == 0x88:
                return int.from_bytes(body[:2])


async def undisturbed(one: Staff) -> None:
    """The meeting's socket that was open before still answers."""
    one.said.clear()
    await one.say(type="ping")
    await one.told(lambda message: message["type"] == "pong")
