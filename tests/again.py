"""`--failed-to PATH`: the tests that failed, one a line, so that few of them may be taken again with nothing beside them.

None is named where more than `MOST` failed, or where a worker died and left tests out: that is no slow machine.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

MOST = 4
CRASHED = "???"  # when a test failed that took its worker along
GROUP = r"@[\w-]+$"  # what `--dist loadgroup` puts behind a name


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--failed-to", type=Path, help="write the names of the tests that failed into this file")


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: pytest.ExitCode, config: pytest.Config
) -> None:
    path: Path | None = config.getoption("--failed-to")
    if path is None:
        return
    reports = [*terminalreporter.getreports("failed"), *terminalreporter.getreports("error")]
    failed = sorted({re.sub(GROUP, "", report.nodeid) for report in reports})
    ended = exitstatus == pytest.ExitCode.TESTS_FAILED and all(report.when != CRASHED for report in reports)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{name}\n" for name in failed) if ended and len(failed) <= MOST else "")
