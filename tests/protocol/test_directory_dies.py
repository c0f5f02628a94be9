"""The Valkey that says where rooms are dies in mid-meeting: nobody in one notices, and it is told again what it forgot."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import redis

from suite.runtime.valkey import binary
from tests.protocol.conftest import Server, running_server, until
from tests.protocol.test_hostile import Raw, joined

pytestmark = pytest.mark.slow


class OwnValkey:
    """A server that keeps nothing on the disk."""

    def __init__(self, folder: str) -> None:
        self.socket = Path(folder) / "valkey.sock"
        self.start()

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        command = [str(binary()), "--port", "0", "--unixsocket", str(self.socket), "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def kept(self, room: str) -> list[dict[str, Any]]:
        """What is kept of a room here."""
        with redis.from_url(self.url) as client:
            return [json.loads(record) for key in client.keys(f"*:kept:{room}") for record in client.hvals(key)]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def valkey() -> Iterator[OwnValkey]:
    with tempfile.TemporaryDirectory(prefix="valkey-") as short:
        server = OwnValkey(short)
        yield server
        server.kill()


async def test_a_directory_that_dies_disturbs_nobody_and_is_told_again(tmp_path: Path, valkey: OwnValkey, people: Any) -> None:
    with running_server(tmp_path, "--workers", "2", "--redis-host", valkey.url) as server:
        a, b = await people("a", "r", at=server), await people("b", "r", at=server)
        await a.publish(video=False)
        await until(lambda: b.loudest.get("a", 0) > 2000)
        valkey.kill()

        b.loudest.clear()
        await until(lambda: b.loudest.get("a", 0) > 2000)
        assert await status_of_a_join(server) == 503
        answer = await server.call("UpdateParticipant", room="r", identity="b", metadata="said while it was away")
        assert answer["metadata"] == "said while it was away"
        for one in (a, b):
            assert not one.has("disconnected")
            assert not one.has("reconnecting")

        valkey.start()  # and has forgotten everything
        began = time.monotonic()
        while await status_of_a_join(server) != 101:
            assert time.monotonic() - began < 10
        print(f"joins again after {time.monotonic() - began:.1f} s")
        told = await server.call("ListParticipants", room="r")
        assert {p["identity"] for p in told["participants"]} >= {"a", "b"}

        kept = await until(lambda: valkey.kept("r"), 15)
        assert any(record.get("metadata") == "said while it was away" for record in kept)


async def status_of_a_join(server: Server) -> int:
    raw = Raw()
    try:
        await joined(raw, server, "late", "r")
    except aiohttp.WSServerHandshakeError as refused:
        return refused.status
    finally:
        await raw.close()
    return 101
