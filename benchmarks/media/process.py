"""The generator's processes, as the benchmark that starts them sees them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


class Process:
    """A part of the generator that runs by itself, `python -m` a module: JSON lines out, words in."""

    def __init__(self, module: str, *arguments: str, cores: str, log: Path) -> None:
        self._log = log
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                ["taskset", "-c", cores, sys.executable, "-m", module, *arguments],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
            )  # fmt: skip

    def say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"It ended:\n{self._log.read_text()[-3000:]}")
        return dict(json.loads(line))

    def end(self) -> None:
        try:
            self.say("end")
            self._process.wait(5)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
