"""Whether a process answers, asked at the door that others use."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from suite.runtime.refusal import Refusal

Probe = Callable[[], Awaitable[bool]]
ANSWER_SECONDS = 5.0
ASK_EVERY_SECONDS = 0.05


async def wait_until(probe: Probe, *, within: float, what: str) -> None:
    """Until `probe` holds; raises `Refusal` after `within` seconds."""
    deadline = asyncio.get_running_loop().time() + within
    while not await probe():
        if asyncio.get_running_loop().time() > deadline:
            raise Refusal(f"{what} did not answer within {within:.0f} seconds: its last lines are above.")
        await asyncio.sleep(ASK_EVERY_SECONDS)


def http_answers(*, port: int, path: str) -> Probe:
    """A probe: GET `path` on this machine's `port` is answered with 200."""

    async def probe() -> bool:
        request = f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
        return (await _exchange(asyncio.open_connection("127.0.0.1", port), request.encode())).split(b" ")[1:2] == [b"200"]

    return probe


def socket_accepts(path: str) -> Probe:
    """A probe: somebody listens on the Unix socket `path`."""

    async def probe() -> bool:
        try:
            _reader, writer = await asyncio.wait_for(asyncio.open_unix_connection(path), ANSWER_SECONDS)
        except (OSError, TimeoutError):
            return False
        writer.close()
        return True

    return probe


async def _exchange(opening: Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]], request: bytes) -> bytes:
    writer = None
    try:
        reader, writer = await asyncio.wait_for(opening, ANSWER_SECONDS)
        writer.write(request)
        return await asyncio.wait_for(reader.readline(), ANSWER_SECONDS)
    except (OSError, TimeoutError):
        return b""
    finally:
        if writer is not None:
            with contextlib.suppress(OSError):
                writer.close()
