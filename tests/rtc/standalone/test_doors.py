"""What a media server by itself refuses before it looks at a request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.protocol.conftest import running_server

pytestmark = pytest.mark.slow
LIMIT = 100_000  # bytes
URL = "/twirp/livekit.RoomService/CreateRoom"


async def pieces(count: int) -> AsyncIterator[bytes]:
    """A body that does not say its length."""
    for _ in range(count):
        yield b"x" * 10_000


async def test_a_body_that_is_too_long_is_refused_whether_or_not_it_says_its_length(tmp_path: Path) -> None:
    with running_server(tmp_path, "--limit.max_api_request_body_size", str(LIMIT)) as server:
        headers = {"Authorization": f"Bearer {server.admin()}", "Content-Type": "application/json"}
        async with aiohttp.ClientSession(server.http, headers=headers) as http:
            for body in (b"x" * (LIMIT + 1), pieces(11)):
                async with http.post(URL, data=body) as answer:
                    assert (answer.status, await answer.text()) == (413, "request body too large")
            async with http.post(URL, data=pieces(9)) as answer:
                assert answer.status == 400  # read, and no JSON
        assert "Traceback" not in server.log.read_text()
