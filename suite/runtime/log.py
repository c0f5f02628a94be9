"""One log of all processes: coloured by nobody, prefixed by name on the terminal, one JSON line each in `var/log/`."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

LARGEST = 20 * 1024 * 1024  # bytes; the file of before is kept once
NAME_WIDTH = 10


class Log:
    """`quiet` leaves the terminal to the supervisor's own sentences; the file has every line.

    A terminal that is gone or a disk that is full costs lines, never the run.
    """

    def __init__(self, folder: Path, *, quiet: bool = False) -> None:
        self.path = folder / "suite.jsonl"
        self._quiet = quiet
        self._file: IO[str] | None = None
        self._open()

    def line(self, process: str, text: str) -> None:
        """One line of a process's output; JSON is kept as JSON."""
        now = datetime.now(UTC)
        content: object = text
        if text.startswith("{"):
            with contextlib.suppress(ValueError):
                content = json.loads(text)
        self._write({"at": now.isoformat(timespec="milliseconds"), "process": process, "line": content})
        if not self._quiet:
            self._show(f"{now.astimezone():%H:%M:%S} {process:<{NAME_WIDTH}} {text}")

    def say(self, sentence: str) -> None:
        """A sentence of the supervisor itself, for people and for the file."""
        now = datetime.now(UTC)
        self._write({"at": now.isoformat(timespec="milliseconds"), "process": "suite", "line": sentence})
        self._show(sentence)

    def close(self) -> None:
        """Later lines reach the terminal only."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

    def _open(self) -> None:
        with contextlib.suppress(OSError):
            if self.path.exists() and self.path.stat().st_size > LARGEST:
                self.path.replace(self.path.with_suffix(".before.jsonl"))
            self._file = os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", buffering=1)

    def _write(self, record: dict[str, object]) -> None:
        if self._file is None:
            return
        with contextlib.suppress(OSError, ValueError):
            self._file.write(json.dumps(record, ensure_ascii=False) + "\n")
            if self._file.tell() > LARGEST:
                self._file.close()
                self._open()

    def _show(self, text: str) -> None:
        try:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        except (OSError, ValueError):
            self._quiet = True
