"""Web processes of the test session's own, on the test's database: real sockets, several processes where a test asks."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import requests
from django.conf import settings
from django.db import connection

from suite.runtime.folders import ROOT
from suite.runtime.parts import SOCKETS
from tests.engines import free_port

READY_SECONDS = 120.0  # longer than a busy machine takes
END_SECONDS = 10.0


class Web:
    """One web process; `kill` ends it as a power cut would."""

    def __init__(self, log: Path) -> None:
        self.port = free_port()
        self.log = log
        self.process = self._start()

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def socket_address(self) -> str:
        return f"ws://localhost:{self.port}"

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            with contextlib.suppress(requests.ConnectionError):
                if requests.get(f"{self.address}/healthz", timeout=5).status_code == 200:
                    return
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The web process did not start:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.05)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(END_SECONDS)

    def restart(self) -> None:
        """Another process at the same address."""
        self.process = self._start()
        self.wait_until_ready()

    def end(self) -> None:
        if self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def _start(self) -> subprocess.Popen[bytes]:
        options = ["--host", "127.0.0.1", "--port", str(self.port), "--lifespan", "off", *SOCKETS]
        options += ["--no-access-log", "--timeout-graceful-shutdown", "2"]
        command = [sys.executable, "-m", "uvicorn", "suite.config.asgi:application", *options, "--log-level", "warning"]
        environment = {**os.environ, "DATABASE_URL": database_url(), "PUBLIC_URL": self.address}
        with self.log.open("ab") as log:
            return subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def database_url() -> str:
    """The address of the database that pytest-django made for this worker."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))


@contextlib.contextmanager
def running_web(folder: Path, *, count: int = 1) -> Iterator[list[Web]]:
    """`count` web processes that answer; each is ended by its own id."""
    webs = [Web(folder / f"web-{number}.log") for number in range(count)]
    try:
        for web in webs:
            web.wait_until_ready()
        yield webs
    finally:
        for web in webs:
            web.end()


def cookie_header(session_key: str) -> dict[str, str]:
    """What a signed-in browser sends along when it opens a socket."""
    return {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session_key}"}
