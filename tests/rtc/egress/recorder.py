"""A recorder's process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.rtc.peer import until
from tests.rtc.receiver import KEY, SECRET


@asynccontextmanager
async def recorder(
    *, folder: Path, webhook: str, largest: int | str = "unlimited"
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The egress process on `folder`/s, writing below `folder`/out, files of `largest` bytes at most."""
    process = await asyncio.create_subprocess_exec(
        "prlimit", f"--fsize={largest}", sys.executable, "-m", "suite.rtc.egress", "--socket", str(folder / "s"),
        "--root", str(folder / "out"), "--webhook", webhook,
        env={**os.environ, "LIVEKIT_API_KEY": KEY, "LIVEKIT_API_SECRET": SECRET},
    )  # fmt: skip
    try:
        await until((folder / "s").is_socket)
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())
