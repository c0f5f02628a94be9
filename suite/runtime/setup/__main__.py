"""`python3.11 -m suite.runtime.setup run|test|firefox`: everything that must be there before the Suite runs or is tested."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable

from suite.runtime.setup.chromium import browser_step
from suite.runtime.setup.firefox import firefox_step
from suite.runtime.setup.kernel import kernel_step
from suite.runtime.setup.network_tools import network_tools_step
from suite.runtime.setup.pages import build_step, catalogues_step, packages_step
from suite.runtime.setup.python_packages import base_step, development_step, environment_step, speech_step
from suite.runtime.setup.step import ROOT, Obstacle, Step

GIBIBYTE = 1024**3
NEEDED = {True: 6 * GIBIBYTE, False: 2 * GIBIBYTE}  # bytes: measured 4.9 and 1.4 with the packages' archives


def main(words: list[str]) -> int:
    """Do what is not done yet; 0, or 1 after a sentence."""
    purpose = words[0] if words else "run"
    speech = os.environ.get("SPEECH", "1") != "0"
    try:
        _require_python()
        steps = _steps(purpose=purpose, speech=speech)
        for number, make in enumerate(steps, start=1):
            step = make()  # made late: what a step depends on changes with the step before
            if not step.is_done():
                _require_disk(speech=speech)
                step.do(number=number, of=len(steps))
    except Obstacle as obstacle:
        sys.stderr.write(f"{obstacle}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{error.filename or ROOT}: {error.strerror}: see to that, then run the same command again.\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Stopped; the same command goes on from here.\n")
        return 130
    return 0


def _steps(*, purpose: str, speech: bool) -> list[Callable[[], Step]]:
    steps = [environment_step, base_step]
    tested = purpose in {"test", "firefox"}
    if speech:
        steps.append(speech_step)
    if tested:
        steps.append(development_step)
    steps += [kernel_step, packages_step, build_step, catalogues_step]
    if tested:
        steps += [browser_step, network_tools_step]
    if purpose == "firefox":
        steps.append(firefox_step)
    return steps


def _require_python() -> None:
    if sys.version_info[:2] != (3, 11):
        found = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise Obstacle(
            f"Suite is pinned for Python 3.11 and this is {found}: say where 3.11 is with PYTHON=/path/to/python3.11."
        )


def _require_disk(*, speech: bool) -> None:
    free = shutil.disk_usage(ROOT).free
    needed = NEEDED[speech] if not (ROOT / ".venv").exists() else GIBIBYTE // 2
    if free < needed:
        left = f"The disk has {free / GIBIBYTE:.1f} GB left and set-up needs {needed / GIBIBYTE:.1f}"
        raise Obstacle(f"{left}: make room, then run the same command again.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
