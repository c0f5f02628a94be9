"""`python -m suite.runtime`: run, status, engines."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from suite.runtime.engines import run_engines
from suite.runtime.folders import ROOT
from suite.runtime.refusal import Refusal


def main(arguments: list[str] | None = None) -> int:
    """Do what is asked; the exit code is 0, or 1 after a sentence on standard error."""
    parser = argparse.ArgumentParser(prog="python -m suite.runtime", description="Run Suite on one machine.")
    parser.add_argument("--var", type=Path, default=ROOT / "var", help="where everything is kept (default: var/)")
    actions = parser.add_subparsers(dest="action", required=True)
    engines = actions.add_parser("engines", help="PostgreSQL and Valkey alone; prints their addresses")
    engines.add_argument("--volatile", action="store_true", help="faster, and loses data at a power cut (tests)")
    engines.add_argument("--while-pid", type=int, help="end when this process is gone")
    asked = parser.parse_args(arguments)
    use_pidfd()
    try:
        if asked.action == "engines":
            asyncio.run(run_engines(var=asked.var, volatile=asked.volatile, while_pid=asked.while_pid))
    except Refusal as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def use_pidfd() -> None:
    """Wait for children without a thread each: Python 3.12's default, brought to 3.11."""
    if sys.platform == "linux" and sys.version_info < (3, 12):
        try:
            watcher = asyncio.PidfdChildWatcher()
            asyncio.get_event_loop_policy().set_child_watcher(watcher)
        except OSError:
            return


if __name__ == "__main__":
    sys.exit(main())
