"""From the command to the ready line, and from Ctrl-C to the last process's end: with nothing there, and again.

`python -m benchmarks.start` measures a fresh `var/` beside what is installed. With `--clone` it clones this repository's last
commit and measures `make run` there: packages fetched (or taken from this machine's caches), pages built, database made.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.report import begin, say
from benchmarks.running import house_in, wait_for_celery
from suite.runtime.folders import ROOT
from tests.journeys.house import House, free_port

READY = "Suite is ready"
CLONE_SECONDS = 3600.0
STOP_SECONDS = 20.0


async def two_lives(*, speech: bool, again: int) -> dict[str, Any]:
    """Seconds of one first start and of `again` further ones on the same data: pages and media ready, Celery ready, ended."""
    figures: dict[str, Any] = {"speech": speech}
    with tempfile.TemporaryDirectory() as folder:
        house = house_in(Path(folder), speech=speech)
        lives = [await _life(house, workers=1 + speech) for _number in range(1 + again)]
    for name in ("ready_s", "celery_s", "stop_s"):
        values = [life[name] for life in lives]
        figures |= {f"first_{name}": values[0], f"again_{name}": values[1:]}
    return figures


async def _life(house: House, *, workers: int) -> dict[str, float]:
    began = time.monotonic()
    await house.start()
    try:
        await asyncio.to_thread(wait_for_celery, house, workers=workers)
        celery = time.monotonic() - began
    finally:
        stop = await house.stop()
    return {"ready_s": round(house.ready_seconds, 2), "celery_s": round(celery, 2), "stop_s": round(stop, 2)}


def clone(*, speech: bool, again: int) -> dict[str, Any]:
    """Seconds of `make run` in a clone, for the first time and `again` times more, from the command to the ready line."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "suite"
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(copy)], check=True)
        lives = [_make_run(copy, port=port, speech=speech) for _number in range(1 + again)]
        installed = sum(path.lstat().st_size for path in copy.rglob("*") if path.is_file()) // 1_000_000
    figures: dict[str, Any] = {"speech": speech, "installed_mb": installed}
    for name in ("ready_s", "stop_s"):
        values = [life[name] for life in lives]
        figures |= {f"first_{name}": values[0], f"again_{name}": values[1:]}
    return figures


def _make_run(copy: Path, *, port: int, speech: bool) -> dict[str, float]:
    began = time.monotonic()
    make = shutil.which("make")
    assert make is not None, "make is not installed."
    environment = {name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    command = [make, "run", f"PORT={port}", f"SPEECH={int(speech)}"]
    output = copy.parent / "output.log"
    with output.open("w") as out:
        process = subprocess.Popen(command, cwd=copy, env=environment, stdout=out, stderr=out, start_new_session=True)
    try:
        while READY not in output.read_text(errors="replace"):
            assert process.poll() is None, output.read_text(errors="replace")[-4000:]
            assert time.monotonic() - began < CLONE_SECONDS, output.read_text(errors="replace")[-4000:]
            time.sleep(0.1)
        ready = time.monotonic() - began
    finally:
        asked = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal's Ctrl-C: make and the supervisor both hear it
        process.wait(STOP_SECONDS)
    return {"ready_s": round(ready, 1), "stop_s": round(time.monotonic() - asked, 1)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-speech", action="store_true", help="without the worker that loads the models")
    parser.add_argument("--again", type=int, default=3, help="further starts on the same data")
    parser.add_argument("--clone", action="store_true", help="from a fresh clone, with its set-up")
    given = parser.parse_args()
    head = begin("start")
    if given.clone:
        say(head | clone(speech=not given.no_speech, again=given.again))
    else:
        say(head | asyncio.run(two_lives(speech=not given.no_speech, again=given.again)))
