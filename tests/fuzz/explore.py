"""Look for what parsers do not bear, guided by what of them is reached: `python -m tests.fuzz.explore rtp sdp --seconds 180`.

Only here is atheris needed. What reaches more goes to `<target>` below `--found` (`var/fuzz`), a fault beside it as
`<target>-crash-…`: fix it, and keep that input in `corpus/<target>`.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

try:
    import atheris
except ImportError:
    sys.exit("atheris is not installed: it has a wheel for Linux on x86-64 alone.")

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Explore the targets one after the other; another code than 0 at the first that a fault was found of."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="+")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--found", type=Path, default=ROOT / "var" / "fuzz")
    given = parser.parse_args()
    with atheris.instrument_imports(include=["suite.rtc"]):
        known = importlib.import_module("tests.fuzz.targets")
    for name in given.targets:
        child = os.fork()  # a search ends its process, and to load what it searches takes longer than a short one
        if child == 0:
            explore(known.TARGETS[name], known.CORPUS / name, given.found / name, given.seconds)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code != 0:
            return code
    return 0


def explore(target: Callable[[bytes], None], kept: Path, found: Path, seconds: int) -> NoReturn:
    found.mkdir(parents=True, exist_ok=True)
    options = ["explore", "-max_len=1600", "-timeout=20", "-rss_limit_mb=1500", "-print_final_stats=1"]
    options += [f"-artifact_prefix={found.parent}/{found.name}-", f"-max_total_time={seconds}", str(found), str(kept)]
    atheris.Setup(options, target)
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        atheris.Fuzz()
    os._exit(1)  # it does not come back


if __name__ == "__main__":
    sys.exit(main())
