"""`python -m suite.runtime`: run, status, engines, manage, node."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from suite.runtime.engines import run_engines
from suite.runtime.folders import ROOT
from suite.runtime.manage import run_manage
from suite.runtime.node import run_node
from suite.runtime.refusal import Refusal
from suite.runtime.run import Wishes, run
from suite.runtime.status import status


def main(arguments: list[str] | None = None) -> int:
    """Do what is asked; the exit code is 0, or 1 after a sentence on standard error."""
    parser = argparse.ArgumentParser(prog="python -m suite.runtime", description="Run Suite on one machine.")
    parser.add_argument("--var", type=Path, default=ROOT / "var", help="where everything is kept (default: var/)")
    actions = parser.add_subparsers(dest="action", required=True)
    engines = actions.add_parser("engines", help="PostgreSQL and Valkey alone; prints their addresses")
    engines.add_argument("--volatile", action="store_true", help="faster, and loses data at a power cut (tests)")
    engines.add_argument("--while-pid", type=int, help="end when this process is gone")
    runs = actions.add_parser("run", help="everything, until Ctrl-C")
    runs.add_argument("--port", type=int, help="of the pages (default: that of last time, or 8000)")
    runs.add_argument("--no-speech", action="store_true", help="without the worker that loads the models")
    runs.add_argument(
        "--workers", type=int, default=int(os.environ.get("RTC_WORKERS", "1")), help="media workers, one core each"
    )
    runs.add_argument("--quiet", action="store_true", help="the terminal has the supervisor's sentences only")
    actions.add_parser("status", help="what runs, and the memory of each")
    manage = actions.add_parser("manage", help="manage.py in this copy's environment, with what follows")
    manage.add_argument("words", nargs=argparse.REMAINDER)
    node = actions.add_parser("node", help="the wheel's Node.js, with what follows")
    node.add_argument("words", nargs=argparse.REMAINDER)
    asked = parser.parse_args(arguments)
    use_pidfd()
    try:
        if asked.action == "engines":
            asyncio.run(run_engines(var=asked.var, volatile=asked.volatile, while_pid=asked.while_pid))
        elif asked.action == "run":
            speech = not asked.no_speech and os.environ.get("SPEECH", "1") == "1"
            wishes = Wishes(var=asked.var, port=asked.port, speech=speech, workers=asked.workers, quiet=asked.quiet)
            return asyncio.run(run(wishes))
        elif asked.action == "manage":
            run_manage(var=asked.var, words=asked.words)
        elif asked.action == "node":
            run_node(asked.words)
        else:
            sys.stdout.write(status(var=asked.var))
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
