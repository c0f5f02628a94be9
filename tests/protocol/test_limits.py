"""A worker at its limits takes nobody more, says why, and lets those go on who are there."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from livekit.protocol import rtc

from tests.protocol.conftest import Server, running_server, until

pytestmark = pytest.mark.slow
WITHIN = 20.0  # s


async def test_bytes_a_second(tmp_path: Path, people: Any) -> None:
    with running_server(tmp_path, "--limit.bytes_per_sec", "20000") as server:
        a, b = await people("a", "r", at=server), await people("b", "r", at=server)
        assert await answered(server, 200)
        await a.publish()
        await until(lambda: b.frames.get("a", 0) > 20)
        assert "reached configured limit for node" in await answered(server, 503)
        async with aiohttp.ClientSession() as http:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await http.ws_connect(f"{server.ws}/rtc", params={"access_token": server.token("c", "r")})
        assert refused.value.status == 503
        seen = b.frames["a"]
        await until(lambda: b.frames["a"] > seen + 20)  # nothing happens to those who are there
        await a.leave()
        assert await answered(server, 200)


@pytest.mark.parametrize("where", ["address", "header"])
async def test_a_long_token_is_let_in(server: Server, room: str, where: str) -> None:
    """Its metadata may have half a megabyte; a client that comes back tells its descriptions in the address too."""
    token = server.token("a", room, claims={"metadata": "x" * 40_000})
    params, headers = ({"access_token": token}, {}) if where == "address" else ({}, {"Authorization": f"Bearer {token}"})
    async with (
        asyncio.timeout(WITHIN),
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{server.ws}/rtc", params=params, headers=headers) as signalling,
    ):
        said = rtc.SignalResponse.FromString((await signalling.receive()).data)
    assert len(said.join.participant.metadata) == 40_000


async def answered(server: Server, wanted: int) -> str:
    """What `validate` says to a newcomer, once it is `wanted`."""
    async with aiohttp.ClientSession() as http, asyncio.timeout(WITHIN):
        while True:
            async with http.get(f"{server.http}/rtc/validate", params={"access_token": server.token("c", "r")}) as answer:
                if answer.status == wanted:
                    return await answer.text()
            await asyncio.sleep(0.05)
