"""All tests, in the company that a machine of two cores bears (`make test`).

First, one by one, those that promise a time, the walk before all; then pages in browsers, two at once; then three at once:
browsers that speak with the media server, which wait much, and the many tests without a browser. Those that are `patient` run
beside all of them, on what they leave of the machine: they compute, and look at no clock.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from suite.runtime.folders import ROOT

CACHE: Final = ROOT / "var" / "cache"
# A worker that dies ends the run: with another in its place, xdist waits for ever for the tests of its groups.
PYTEST: Final = (sys.executable, "-m", "pytest", "--max-worker-restart=0")
ALONE: Final = ("-m", "alone", "-rfEsP")
TWO: Final = ("-n", "2", "--dist", "loadgroup", "--durations=15")
THREE: Final = ("-n", "3", "--dist", "loadgroup", "--durations=15")
PAGES: Final = (*TWO, "-m", "journey and not alone", "--ignore=tests/protocol", "-rfEsP")
PROTOCOL: Final = (*THREE, "-m", "journey and not alone", "tests/protocol", "-rfEsP")
MANY: Final = (*THREE, "-m", "not journey and not patient")
PATIENT: Final = (*TWO, "-m", "patient", "--timeout=1500")
LOOK: Final = 0.5  # s between two looks at what the patient ones say


def main() -> int:
    """Run them all; the code of the first phase that failed, else 0."""
    CACHE.mkdir(parents=True, exist_ok=True)
    said = CACHE / "patient.log"
    with said.open("wb") as output:
        beside = subprocess.Popen([*PYTEST, *PATIENT, *_failed_to("patient")], cwd=ROOT, stdout=output, stderr=output)
    _give_way(beside.pid)
    try:
        for name, arguments in (("alone", ALONE), ("pages", PAGES), ("protocol", PROTOCOL), ("many", MANY)):
            ended = _run(*arguments, *_failed_to(name))
            if ended and (ended := _again(name, ended)):
                return ended
        _follow(beside, said)
        if beside.returncode and (ended := _again("patient", beside.returncode)):
            return ended
    finally:
        if beside.poll() is None:
            beside.terminate()
            beside.wait()
    return 0


def _run(*arguments: str) -> int:
    return subprocess.run([*PYTEST, *arguments], cwd=ROOT, check=False).returncode


def _failed_to(name: str) -> tuple[str, str]:
    failed = CACHE / f"failed-{name}"
    failed.unlink(missing_ok=True)  # of the run before
    return "--failed-to", str(failed)


def _again(name: str, ended: int) -> int:
    """On a machine too slow for what runs side by side, the few that failed are taken once more (tests/again.py)."""
    failed = CACHE / f"failed-{name}"
    if not failed.exists() or not failed.stat().st_size:
        return ended
    sys.stdout.write(f"Once more:\n{failed.read_text()}")
    sys.stdout.flush()
    return _run(f"@{failed}", "-rfEsP")


def _give_way(pid: int) -> None:
    """Let a process, and those that it starts, run while nothing else wants to."""
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))
    else:
        os.setpriority(os.PRIO_PROCESS, pid, 19)


def _follow(process: subprocess.Popen[bytes], said: Path) -> None:
    """Show what a process says, from the beginning until it has ended."""
    with said.open("rb") as output:
        while True:
            has_ended = process.poll() is not None
            sys.stdout.write(output.read().decode(errors="replace"))
            sys.stdout.flush()
            if has_ended:
                return
            time.sleep(LOOK)


if __name__ == "__main__":
    sys.exit(main())
