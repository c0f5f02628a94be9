"""PostgreSQL and Valkey alone, for the tests and for an operator: `python -m suite.runtime engines`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
from pathlib import Path

from suite.runtime.child import Child
from suite.runtime.folders import folders_at
from suite.runtime.health import wait_until
from suite.runtime.kept import keep_secrets
from suite.runtime.postgres import APPLICATION, OWNER, Postgres
from suite.runtime.refusal import Refusal
from suite.runtime.valkey import Valkey

WATCH_SECONDS = 0.5
READY_SECONDS = 60.0


def addresses(var: Path) -> dict[str, str]:
    """The variables that reach the engines of `var`, whether they run yet or not."""
    folders = folders_at(var=var)
    postgres = Postgres(folders=folders, secrets=keep_secrets(var))
    return {
        "DATABASE_URL": postgres.url(role=APPLICATION),
        "DATABASE_OWNER_URL": postgres.url(role=OWNER),
        "VALKEY_URL": Valkey(folders=folders).url,
    }


async def run_engines(*, var: Path, volatile: bool, while_pid: int | None) -> None:
    """Start both, print their addresses as one line of JSON, and end on a signal or when process `while_pid` is gone."""
    folders = folders_at(var=var)
    postgres = Postgres(folders=folders, secrets=keep_secrets(var), volatile=volatile)
    valkey = Valkey(folders=folders, volatile=volatile)
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    children: list[Child] = []
    try:
        await postgres.prepare(_say)
        for command in (postgres.command(), valkey.command()):
            child = Child(command=command, on_line=_say)
            await child.start()
            children.append(child)
        await wait_until(postgres.answers, within=READY_SECONDS, what="PostgreSQL")
        await wait_until(valkey.answers, within=READY_SECONDS, what="Valkey")
        await postgres.make_roles()
        sys.stdout.write(json.dumps(addresses(var)) + "\n")
        sys.stdout.flush()
        watches = [asyncio.ensure_future(child.wait()) for child in children] + [asyncio.ensure_future(ended.wait())]
        if while_pid is not None:
            watches.append(asyncio.ensure_future(_gone(while_pid)))
        await asyncio.wait(watches, return_when=asyncio.FIRST_COMPLETED)
        for watch in watches:
            watch.cancel()
        if not ended.is_set() and any(child.process.returncode is not None for child in children):
            raise Refusal("PostgreSQL or Valkey ended by itself: its last lines are above.")
    finally:
        await asyncio.gather(*(child.stop() for child in children))
        shutil.rmtree(folders.sockets, ignore_errors=True)


async def _gone(pid: int) -> int:
    while True:
        with contextlib.suppress(PermissionError):
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return 0
        await asyncio.sleep(WATCH_SECONDS)


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
