"""A PostgreSQL and a Valkey of the test session's own, in a temporary folder.

Loaded with `-p tests.engines`, before Django reads its settings: the addresses are known at once, the servers start
when the first test asks for them (one pair for all xdist workers) and end with the session, or with its sudden death.
Given `DATABASE_URL` or `VALKEY_URL`, that one is used instead.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import sys
import tempfile
import time
from pathlib import Path

from suite.runtime.engines import addresses
from suite.runtime.folders import ROOT, folders_at
from tests.environment import settings_environment

READY_SECONDS = 90.0
_FOLDER = "SUITE_TEST_FOLDER"
_OWNS_FOLDER = _FOLDER not in os.environ
FOLDER = Path(os.environ.setdefault(_FOLDER, tempfile.mkdtemp(prefix="suite-tests-") if _OWNS_FOLDER else ""))
EXTERNAL = os.environ.setdefault("SUITE_TEST_EXTERNAL", "1" if "DATABASE_URL" in os.environ else "0") == "1"
PARENT = int(os.environ.setdefault("SUITE_TEST_PARENT", str(os.getpid())))


def free_port() -> int:
    """A TCP port that nothing listens on at this moment."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def _environment() -> dict[str, str]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    found = addresses(FOLDER / "engines")
    # The owner makes the test databases; `SET ROLE suite_app` shows what the application may do.
    return settings_environment(
        database_url=found["DATABASE_OWNER_URL"],
        valkey_url=found["VALKEY_URL"],
        valkey_prefix=f"test-{PARENT}-{worker}",
        files=FOLDER / worker,
        sockets=folders_at(var=FOLDER / "engines").sockets / worker,
        issuer=f"http://localhost:{free_port()}",
    )


for _name, _value in _environment().items():
    if not (EXTERNAL and _name in {"DATABASE_URL", "VALKEY_URL"} and _name in os.environ):
        os.environ[_name] = _value


def ensure_engines() -> None:
    """Start the servers once for the whole session, and wait until they answer (`READY_SECONDS`)."""
    if EXTERNAL:
        return
    ready = FOLDER / "engines.json"
    with (FOLDER / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if ready.exists() and ready.stat().st_size:
            return
        command = [
            sys.executable,
            "-m",
            "suite.runtime",
            "--var",
            str(FOLDER / "engines"),
            "engines",
            "--volatile",
            "--while-pid",
            str(PARENT),
        ]
        created = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        outputs = [
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(ready), created, 0o600),
            (os.POSIX_SPAWN_OPEN, 2, str(FOLDER / "engines.log"), created, 0o600),
        ]
        # Not subprocess.Popen: the servers outlive the xdist worker that starts them.
        pid = os.posix_spawn(sys.executable, command, os.environ | {"PYTHONPATH": str(ROOT)}, file_actions=outputs, setsid=True)
        (FOLDER / "engines.pid").write_text(str(pid))
        deadline = time.monotonic() + READY_SECONDS
        while not (ready.exists() and ready.stat().st_size):
            if _has_ended(pid) or time.monotonic() > deadline:
                raise RuntimeError(
                    f"The tests' PostgreSQL and Valkey did not start:\n{(FOLDER / 'engines.log').read_text()[-3000:]}"
                )
            time.sleep(0.05)


def pytest_unconfigure() -> None:
    """The session's first process ends what was started for all, and removes the folder."""
    if os.getpid() != PARENT or not _OWNS_FOLDER:
        return
    try:
        pid = int((FOLDER / "engines.pid").read_text())
        os.kill(pid, 15)
    except (OSError, ValueError):
        pid = 0
    deadline = time.monotonic() + 15
    while pid and time.monotonic() < deadline and not _has_ended(pid):
        time.sleep(0.02)
    shutil.rmtree(folders_at(var=FOLDER / "engines").sockets, ignore_errors=True)
    shutil.rmtree(FOLDER, ignore_errors=True)


def _has_ended(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] != 0
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
