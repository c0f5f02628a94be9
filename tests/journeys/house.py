"""The whole Suite as `make run` starts it, in a folder of the test's own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import redis

from suite.runtime.engines import addresses
from suite.runtime.folders import ROOT
from tests.journeys.staff import until

READY_SECONDS = 180.0
STOP_SECONDS = 15.0


@dataclass(frozen=True)
class Running:
    """One process as the supervisor knows it."""

    name: str
    pid: int
    state: str
    restarts: int


@dataclass
class House:
    """One running copy: its address, its folder, its processes."""

    var: Path
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    speech: bool = True
    process: asyncio.subprocess.Process | None = None
    ready_seconds: float = 0.0

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    async def start(self) -> None:
        """Start and wait for the ready line; raises with the log where it does not come."""
        began = time.monotonic()
        command = [sys.executable, "-m", "suite.runtime", "--var", str(self.var), "run", "--port", str(self.port)]
        if not self.speech:
            command.append("--no-speech")
        self.process = await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            env={**_clean(), **self.environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            limit=1 << 20,
        )
        self._lines: list[str] = []
        self._ready = asyncio.Event()
        self._reader = asyncio.create_task(self._read())
        waiting = asyncio.create_task(self._ready.wait())
        await asyncio.wait({waiting, self._reader}, timeout=READY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        assert self._ready.is_set(), "Suite did not start:\n" + "".join(self._lines[-80:])
        self.ready_seconds = time.monotonic() - began

    async def stop(self) -> float:
        """Ctrl-C; the seconds until everything has ended."""
        assert self.process is not None
        began = time.monotonic()
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(self.process.wait(), STOP_SECONDS)
        except TimeoutError:
            self.process.kill()
            raise
        finally:
            await asyncio.gather(self._reader, return_exceptions=True)
        return time.monotonic() - began

    @property
    def log(self) -> str:
        return "".join(self._lines)

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.var / "run" / "state.json").read_text())
        return found

    def ports(self) -> dict[str, int]:
        found: dict[str, int] = json.loads((self.var / "ports.json").read_text())
        return found

    def process_of(self, name: str) -> Running:
        """One of the processes at present, by its name in the supervisor's list."""
        found = next(one for one in self.state()["processes"] if one["name"] == name)
        return Running(name=name, pid=int(found["pid"] or 0), state=found["state"], restarts=int(found["restarts"]))

    def kill(self, *names: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to processes, by the ids that this copy started them with."""
        for pid in [self.process_of(name).pid for name in names]:
            os.kill(pid, number)

    async def again(self, *names: str, after: dict[str, int], seconds: float) -> float:
        """Wait until each of `names` has a new process that answers; `after` has the restarts of before. The seconds."""

        async def back() -> bool:
            found = [self.process_of(name) for name in names]
            return all(one.restarts > after[one.name] and one.state == "ready" for one in found)

        return await until(back, seconds=seconds, what=f"{', '.join(names)} are back")

    def restarts(self, *names: str) -> dict[str, int]:
        return {name: self.process_of(name).restarts for name in names}

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database of this copy answers to its owner."""
        with psycopg.connect(addresses(self.var)["DATABASE_OWNER_URL"]) as connection:
            return connection.execute(query.encode()).fetchall()

    async def ask(self, query: str) -> list[tuple[Any, ...]]:
        """`rows`, while everything else goes on."""
        return await asyncio.to_thread(self.rows, query)

    async def count(self, table: str, where: str = "true") -> int:
        return int((await self.ask(f"select count(*) from {table} where {where}"))[0][0])

    async def tables_with(self, word: str) -> list[str]:
        """The tables of which a row holds `word` in any column."""
        named = "select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'"
        names = [name for (name,) in await self.ask(named)]
        return [name for name in names if await self.count(f'"{name}" one', f"one::text ilike '%{word}%'")]

    def secrets(self) -> dict[str, str]:
        """What this copy keeps for itself."""
        found: dict[str, str] = json.loads((self.var / "secrets.json").read_text())
        return found

    def celery_waiting(self) -> int:
        """How many Celery workers wait for tasks, as Valkey sees them."""
        with redis.from_url(addresses(self.var)["VALKEY_URL"]) as valkey:
            return sum(client["cmd"] == "brpop" for client in valkey.client_list())

    async def _read(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        async for raw in self.process.stdout:
            line = raw.decode(errors="replace")
            self._lines.append(line)
            del self._lines[:-5000]
            if "Suite is ready" in line:
                self._ready.set()


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def _clean() -> dict[str, str]:
    """The test session's environment without what it gave Django for itself."""
    ours = {
        "DATABASE_URL", "VALKEY_URL", "VALKEY_PREFIX", "SUITE_MODE", "SECRET_KEY", "PUBLIC_URL", "LIVEKIT_URL",
        "LIVEKIT_API_URL",
        "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "LIVEKIT_WEBHOOK_URLS", "RTC_WORKER_SOCKETS", "RTC_EGRESS_SOCKET",
        "RTC_EGRESS_ROOT", "FILES_ROOT", "OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_DEMONSTRATION_PROVIDER",
        "MEDIA_ADDRESS", "MEDIA_UDP_PORT", "SPEECH", "SPEECH_MODELS_ROOT", "DATABASE_OWNER_URL",
    }  # fmt: skip
    return {name: value for name, value in os.environ.items() if name not in ours}
