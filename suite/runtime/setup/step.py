"""One thing that set-up does, done again only when what it depends on has changed.

This package runs on a bare Python 3.11, before anything is installed: the standard library alone.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
STAMPS = ROOT / "var" / "stamps"
LOG = ROOT / "var" / "log" / "setup.log"
PYTHON = Path(".venv", "bin", "python")  # relative: the folder's name may hold anything
SITE = ROOT / ".venv" / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
LAST_LINES = 12
# uv's words, and pip's, for a package without a wheel for this machine; pip says the same of an index that it cannot reach.
WITHOUT_BUILD = (
    re.compile(r"Because ([\w.-]+)==\S+ has no wheels with a matching"),
    re.compile(r"No matching distribution found for ([\w.-]+)"),
)
NETWORK_FAILED = ("Retrying", "Could not fetch URL", "error sending request", "Failed to fetch")


class Obstacle(Exception):
    """One sentence that says what is in the way of the set-up and what to do about it."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """`inputs` are files or folders, from the root; `outputs` must exist for the stamp to count."""

    name: str
    says: str
    action: Callable[[], None]
    inputs: Sequence[str] = ()
    outputs: Sequence[str] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    def is_done(self) -> bool:
        stamp = STAMPS / self.name
        return stamp.exists() and self.are_there() and stamp.read_text() == self.digest()

    def are_there(self) -> bool:
        """Whether every output exists."""
        return all((ROOT / path).exists() for path in self.outputs)

    def is_old(self) -> bool:
        """Whether an output is missing, or older than an input with no stamp to say that it was made of that content."""
        if not self.are_there():
            return True
        made = min(((ROOT / path).stat().st_mtime_ns for path in self.outputs), default=0)
        return any(path.stat().st_mtime_ns > made for path in _files(self.inputs)) and not self.is_done()

    def digest(self) -> str:
        """Changes with the content of `inputs`, with `facts`, and with the virtual environment being another one."""
        digest = hashlib.sha256(repr(sorted(self.facts.items())).encode())
        for path in _files(self.inputs):
            digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()

    def do(self, *, number: int, of: int) -> None:
        """Do it with its progress shown; raises `Obstacle` where it fails."""
        began = time.monotonic()
        sys.stdout.write(f"[{number}/{of}] {self.says}…")
        sys.stdout.flush()
        try:
            self.action()
        except BaseException:
            sys.stdout.write("\n")
            raise
        STAMPS.mkdir(parents=True, exist_ok=True)
        (STAMPS / self.name).write_text(self.digest())
        sys.stdout.write(f" {time.monotonic() - began:.0f} s\n")
        sys.stdout.flush()


def call(argv: Sequence[str | Path], *, otherwise: str, environment: Mapping[str, str] | None = None) -> None:
    """Run a program from the root, its words in `LOG`; raises `Obstacle` with its last words and the sentence `otherwise`."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    words = [os.fspath(word) for word in argv]
    with LOG.open("a") as log:
        log.write(f"$ {' '.join(words)}\n")
        log.flush()
        start = log.tell()
        try:
            # The words are ours: no shell reads them.
            ended = subprocess.run(  # noqa: S603  see above
                words, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False
            )
        except OSError as error:
            raise Obstacle(f"{otherwise} ({error.strerror}: {error.filename})") from error
    if ended.returncode != 0:
        with LOG.open(errors="replace") as log:
            log.seek(start)
            said = log.read().strip()
        last = [f"    {line}" for line in said.splitlines()[-LAST_LINES:]]
        raise Obstacle("\n".join([*last, known_obstacle(said) or otherwise]))


def known_obstacle(said: str) -> str | None:
    """A sentence for what a program that failed said, where we know what it means."""
    if "No space left" in said:
        return "The disk is full: make room, then run the same command again."
    without = next((found[1] for one in WITHOUT_BUILD if (found := one.search(said))), None)
    if without is not None and not any(word in said for word in NETWORK_FAILED):
        machine = f"{platform.system()} on {platform.machine()}"
        return (
            f"There is no build of {without} for {machine}: Suite's packages are built for Linux (glibc) and macOS, on x86_64 "
            "and arm64. SPEECH=0 leaves speech's packages out, DATABASE_URL and VALKEY_URL the embedded engines; for another "
            "package take one of those machines."
        )
    return None


def environment_identity() -> dict[str, str]:
    """Tells one virtual environment from the next one in its place."""
    try:
        found = (ROOT / ".venv" / "pyvenv.cfg").stat()
    except OSError:
        return {"environment": "none"}
    return {"environment": f"{found.st_ino}-{found.st_mtime_ns}"}


def _files(paths: Iterable[str]) -> list[Path]:
    found: list[Path] = []
    for name in paths:
        path = ROOT / name
        if path.is_dir():
            found += [file for file in path.rglob("*") if file.is_file()]
        elif path.exists():
            found.append(path)
    return sorted(found)
