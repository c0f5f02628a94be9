"""Look for what a parser does not bear, guided by what of it is reached: `python -m tests.fuzz.explore rtp --seconds 180`.

Only here is atheris needed. What reaches more goes to `--found` (`var/fuzz/<target>`), a fault beside it as
`<target>-crash-…`: fix it, and keep that input in `corpus/<target>`.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import sys
from pathlib import Path

try:
    import atheris
except ImportError:
    sys.exit("atheris is not installed: it has a wheel for Linux on x86-64 alone.")

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Explore one target; ends with another code than 0 where a fault was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--found", type=Path)
    given = parser.parse_args()
    with atheris.instrument_imports(include=["suite.rtc"]):
        targets = importlib.import_module("tests.fuzz.targets")
    found = given.found or ROOT / "var" / "fuzz" / given.target
    found.mkdir(parents=True, exist_ok=True)
    kept = targets.CORPUS / given.target
    options = ["explore", "-max_len=1600", "-timeout=20", "-rss_limit_mb=1500", "-print_final_stats=1"]
    options += [f"-artifact_prefix={found.parent}/{given.target}-", f"-max_total_time={given.seconds}"]
    options += [str(found), str(kept)]
    atheris.Setup(options, targets.TARGETS[given.target])
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        atheris.Fuzz()


if __name__ == "__main__":
    main()
