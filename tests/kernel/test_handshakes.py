"""A handshake that is not read is answered at once, by the Suite's web process and by a media server by itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.protocol.conftest import running_server
from tests.web import Web

WITHIN = 5.0  # s; it is one turn of the loop
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
)


async def said(port: int, *headers: str, address: str = "/rtc") -> str:
    """All that the server says to a handshake until it hangs up."""
    lines = "".join(f"{header}\r\n" for header in headers)
    reader, writer = await asyncio.open_connection("localhost", port)
    try:
        writer.write(f"GET {address} HTTP/1.1\r\nHost: localhost:{port}\r\n{UPGRADE}{lines}\r\n".encode())
        async with asyncio.timeout(WITHIN):
            return (await reader.read()).decode()
    finally:
        writer.close()


async def refused_ones(port: int) -> None:
    many = [f"X-{number}: 1" for number in range(200)]
    assert (await said(port, *many)).startswith("HTTP/1.1 431 ")
    assert (await said(port, "Content-Length: 5")).startswith("HTTP/1.1 400 ")
    # Others are let in, or refused by who reads their token, as ever.
    assert (await said(port, *many[:100])).startswith("HTTP/1.1 401 ")
    both = await asyncio.gather(said(port, *many), said(port))
    assert [answer[:12] for answer in both] == ["HTTP/1.1 431", "HTTP/1.1 401"]


@pytest.mark.slow
async def test_a_media_server_answers(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        await refused_ones(server.port)
        assert "Traceback" not in server.log.read_text()


async def test_the_web_process_answers(web: Web) -> None:
    before = len(web.log.read_text())  # others have made it fail on purpose
    await refused_ones(web.port)
    assert "Traceback" not in web.log.read_text()[before:]
