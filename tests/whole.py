"""The whole Suite as a child of a test: `make run` without its set-up, in a folder of the test's own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from suite.runtime.folders import ROOT
from tests.engines import free_port

READY_SECONDS = 90.0
END_SECONDS = 20.0
READY = "Suite is ready: "
# What a shell has; the test session's own variables would make the run use its engines.
PLAIN = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "XDG_RUNTIME_DIR")


@dataclass
class Whole:
    """A run: its process, what it said so far, and where its pages are."""

    process: subprocess.Popen[bytes]
    var: Path
    output: Path
    url: str = ""

    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def wait_for(self, words: str, *, within: float = READY_SECONDS, times: int = 1) -> None:
        """Until the run has said `words`; fails with what it said instead."""
        deadline = time.monotonic() + within
        while self.said().count(words) < times:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"It never said «{words}»; it said:\n{self.said()[-4000:]}")
            time.sleep(0.05)

    def state(self) -> dict[str, dict[str, object]]:
        """Each process by name: pid, state, restarts."""
        known = json.loads((self.var / "run" / "state.json").read_text())
        return {process["name"]: process for process in known["processes"]}

    def pid(self, name: str) -> int:
        return int(str(self.state()[name]["pid"]))

    def end(self, number: int = signal.SIGINT) -> float:
        """Ask it to end; the seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(END_SECONDS)
        return time.monotonic() - began


def environment(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """An operator's: nothing of the test session's."""
    return {name: os.environ[name] for name in PLAIN if name in os.environ} | dict(variables or {})


@contextmanager
def whole_suite(
    var: Path,
    *,
    port: int | None = None,
    options: tuple[str, ...] = ("--no-speech",),
    variables: Mapping[str, str] | None = None,
    root: Path = ROOT,
) -> Iterator[Whole]:
    """A run of the copy at `root` that has said that it is ready; ended, if the test did not, with the block."""
    var.mkdir(parents=True, exist_ok=True)
    output = var / "output.log"
    command = [sys.executable, "-m", "suite.runtime", "--var", str(var), "run", "--port", str(port or free_port()), *options]
    with output.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=root, env=environment(variables), stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    run = Whole(process=process, var=var, output=output)
    try:
        run.wait_for(READY)
        run.url = run.said().split(READY)[1].split()[0]
        yield run
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
