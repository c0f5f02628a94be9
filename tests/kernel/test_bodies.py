"""What a request carries is read up to a limit, at the web process's own door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from io import BytesIO

import aiohttp
import pytest
from django.conf import settings

from tests.web import Web

pytestmark = [pytest.mark.django_db(transaction=True)]

PIECE = 100_000  # bytes
MOST = settings.DATA_UPLOAD_MAX_MEMORY_SIZE


async def pieces(count: int) -> AsyncIterator[bytes]:
    """A body that does not say its length."""
    for _ in range(count):
        yield b"x" * PIECE


@pytest.mark.parametrize("path", ["/oidc/back-channel-logout/", "/webhooks/livekit/", "/whip/v1", "/nowhere/"])
async def test_a_body_that_is_too_long_is_refused_whether_or_not_it_says_its_length(web: Web, path: str) -> None:
    async with aiohttp.ClientSession(web.address) as http:
        for body in (BytesIO(b"x" * (MOST + 1)), pieces(MOST // PIECE + 1)):
            async with http.post(path, data=body) as answer:
                assert (answer.status, (await answer.json())["code"]) == (413, "too_large")


async def test_nothing_more_of_it_is_read(web: Web) -> None:
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while True:
            given += PIECE
            yield b"x" * PIECE

    async with aiohttp.ClientSession(web.address) as http, http.post("/webhooks/livekit/", data=endless()) as answer:
        assert answer.status == 413
    assert given < MOST + 64 * PIECE  # what the system holds between the two


async def test_one_within_the_limit_is_looked_at(web: Web) -> None:
    body = pieces(MOST // PIECE)
    async with aiohttp.ClientSession(web.address) as http, http.post("/webhooks/livekit/", data=body) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, "bad_input")  # the view's own word


async def test_a_browser_reads_a_sentence(web: Web) -> None:
    headers, body = {"Accept": "text/html", "Accept-Language": "fr"}, BytesIO(b"x" * (MOST + 1))
    async with aiohttp.ClientSession(web.address, headers=headers) as http, http.post("/sign-in/", data=body) as answer:
        assert answer.status == 413
        assert "trop" in await answer.text()
