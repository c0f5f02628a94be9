"""`python -m suite.runtime run`: from nothing to the ready line, and to a clean end."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
import signal
import time
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path

from suite.runtime.built import bring_built_up_to_date
from suite.runtime.environment import environment_of
from suite.runtime.folders import ROOT, Folders, folders_at
from suite.runtime.house import House
from suite.runtime.kept import keep_ports, keep_secrets
from suite.runtime.log import Log
from suite.runtime.refusal import Refusal
from suite.runtime.supervisor import Supervisor

SMALLEST_DISK = 300 * 1024 * 1024  # bytes: a meeting's sound and the databases' growth of an afternoon


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the command line asks for; `port` None means the port of last time, or 8000."""

    var: Path
    port: int | None = None
    speech: bool = True
    workers: int = 1
    quiet: bool = False


async def run(wishes: Wishes) -> int:
    """Run the Suite until a signal ends it: 0 after a clean end. Raises `Refusal` where it cannot start."""
    began = time.monotonic()
    folders = folders_at(var=wishes.var)
    require_disk(folders.var)
    with _only_run(folders):
        secrets = keep_secrets(folders.var)
        media = int(os.environ.get("MEDIA_UDP_PORT") or 0) or None
        has_provider = not os.environ.get("OIDC_ISSUER")
        ports = keep_ports(folders.var, web=wishes.port, workers=wishes.workers, media=media, has_provider=has_provider)
        environment = environment_of(
            folders=folders, secrets=secrets, ports=ports, given=os.environ, speech=wishes.speech, workers=wishes.workers
        )
        log = Log(folders.var / "log", quiet=wishes.quiet)
        url = environment.shared["PUBLIC_URL"].rstrip("/") + "/"
        supervisor = Supervisor(log=log, state_file=folders.state, url=url)
        house = House(
            folders=folders,
            secrets=secrets,
            ports=ports,
            environment=environment,
            log=log,
            supervisor=supervisor,
            workers=wishes.workers,
            began=began,
        )
        try:
            bring_built_up_to_date(log)
            return await _until_signalled(house.open(), log=log, supervisor=supervisor)
        finally:
            log.close()
            shutil.rmtree(folders.sockets, ignore_errors=True)


async def _until_signalled(opening: Coroutine[None, None, None], *, log: Log, supervisor: Supervisor) -> int:
    asked = asyncio.Event()

    def end() -> None:
        if asked.is_set():
            supervisor.kill()
        asked.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, end)
    start = asyncio.create_task(opening)
    end_asked = asyncio.create_task(asked.wait())
    try:
        await asyncio.wait([start, end_asked], return_when=asyncio.FIRST_COMPLETED)
        if start.done():
            start.result()
            await end_asked
        start.cancel()
        await asyncio.gather(start, return_exceptions=True)
    finally:
        began = time.monotonic()
        if asked.is_set():
            log.say("Stopping…")
        await supervisor.stop()
        end_asked.cancel()
        log.say(f"Everything has ended ({time.monotonic() - began:.1f} s).")
    return 0


@contextlib.contextmanager
def _only_run(folders: Folders) -> Iterator[None]:
    """Hold this copy's lock; raises `Refusal` where another run holds it."""
    with (folders.var / "run" / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Refusal(f"Suite already runs from {ROOT}{_where(folders)}: stop it there (Ctrl-C), or open it.") from None
        yield


def _where(folders: Folders) -> str:
    try:
        known = json.loads(folders.state.read_text())
    except (OSError, ValueError):
        return ""
    return f" (process {known['supervisor']}, {known['url']})"


def require_disk(folder: Path) -> None:
    """Raises `Refusal` where the disk would be full before the day is over."""
    free = shutil.disk_usage(folder).free
    if free < SMALLEST_DISK:
        raise Refusal(
            f"The disk that holds {folder} has {free // 1024**2} MB left: free {SMALLEST_DISK // 1024**2} MB, then start again."
        )
