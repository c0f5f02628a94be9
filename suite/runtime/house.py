"""Opening the house: engines, tables, pages and media, then the work behind them."""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

from suite.runtime.child import Child, Command
from suite.runtime.environment import Environment
from suite.runtime.folders import ROOT, Folders
from suite.runtime.kept import Ports, Secrets
from suite.runtime.log import Log
from suite.runtime.parts import Part, Stage, manage, parts_of
from suite.runtime.postgres import Postgres
from suite.runtime.refusal import Refusal
from suite.runtime.supervisor import Supervisor
from suite.runtime.valkey import Valkey

MIGRATE_SECONDS = 300.0


@dataclass(frozen=True, kw_only=True)
class House:
    """All of it, stage by stage."""

    folders: Folders
    secrets: Secrets
    ports: Ports
    environment: Environment
    log: Log
    supervisor: Supervisor
    workers: int
    began: float

    @property
    def _stamp(self) -> Path:
        return self.folders.var / "stamps" / "tables"

    async def open(self) -> None:
        """Start every stage; the ready line comes when pages and media answer."""
        for leftover in self.folders.sockets.glob("*.sock"):
            leftover.unlink(missing_ok=True)
        await self._open_engines()
        await self._bring_tables_up_to_date()
        parts = parts_of(environment=self.environment, folders=self.folders, ports=self.ports, workers=self.workers)
        await self.supervisor.start([part for part in parts if part.stage is Stage.PAGES])
        url = self.environment.shared["PUBLIC_URL"].rstrip("/")
        self.log.line("suite", f"Pages and media answer after {time.monotonic() - self.began:.1f} s.")
        self.log.say(f"Suite is ready: {url}/")
        for part in parts:  # one after the other: whoever opens the page now has a core to themselves
            if part.stage is Stage.WORK:
                await self.supervisor.start([part])
        self.log.line("suite", f"Everything runs after {time.monotonic() - self.began:.1f} s.")

    async def _open_engines(self) -> None:
        parts: list[Part] = []
        postgres = Postgres(folders=self.folders, secrets=self.secrets)
        valkey = Valkey(folders=self.folders)

        async def prepare() -> None:
            if await postgres.prepare(lambda line: self.log.line("postgres", line)):
                self._stamp.unlink(missing_ok=True)

        if self.environment.has_postgres:
            if not self.folders.postgres.exists():
                self.log.say("Making the database…")
            parts.append(Part(command=postgres.command(), stage=Stage.ENGINES, ready=postgres.answers, before=prepare))
        if self.environment.has_valkey:
            parts.append(Part(command=valkey.command(), stage=Stage.ENGINES, ready=valkey.answers))
        await self.supervisor.start(parts)
        if self.environment.has_postgres:
            await postgres.make_roles()

    async def _bring_tables_up_to_date(self) -> None:
        stamp = self._stamp
        now = tables_digest(self.environment.owner["DATABASE_URL"])
        if stamp.exists() and stamp.read_text() == now:
            return
        self.log.say("Bringing the tables up to date…")
        await self._finish(manage(self.environment, "migrate", "--no-input", "--verbosity", "0"))
        if self.environment.shared["SUITE_MODE"] == "demonstration":
            self.log.say("Seeding the demonstration…")
            await self._finish(manage(self.environment, "seed_demonstration"))
        stamp.write_text(now)

    async def _finish(self, command: Command) -> None:
        child = Child(command=command, on_line=lambda line: self.log.line(command.name, line))
        await child.start()
        try:
            code = await asyncio.wait_for(child.wait(), MIGRATE_SECONDS)
        except BaseException:
            child.kill()
            raise
        if code != 0:
            raise Refusal(f"`manage.py {command.argv[2]}` failed: its words are in {self.log.path}.")


def tables_digest(database_url: str) -> str:
    """Changes with the migrations, the demonstration's people and the database that they went to."""
    digest = hashlib.sha256(database_url.encode())
    people = [ROOT / "provider" / "people.json", *ROOT.glob("suite/*/management/commands/seed_*.py")]
    for path in sorted([*ROOT.glob("suite/*/migrations/*.py"), *(path for path in people if path.exists())]):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
