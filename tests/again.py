"""`--failed-to PATH`: arguments for pytest that take again what failed, by itself, and what a dead worker left out.

None where more than `MOST` failed, or one that starts no process (is marked neither `slow` nor `journey`): that is no
slow machine.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

MOST = 4
SLOW = frozenset({"slow", "journey"})
CRASHED = "???"  # when a test failed that took its worker along
GROUP = re.compile(r"@[\w-]+$")  # what `--dist loadgroup` puts behind a name


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--failed-to", type=Path, help="write what takes again the tests that failed into this file")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("failed_to") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Run(config))


class _Run:
    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.given: set[str] = set()
        self.ended: set[str] = set()
        self.failed: dict[str, pytest.TestReport] = {}

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        self.given.update(ids)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed[report.nodeid] = report
        if report.when in {"teardown", CRASHED}:
            self.ended.add(report.nodeid)

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        path: Path = self.config.getoption("failed_to")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{one}\n" for one in self._again(exitstatus)))

    def _again(self, exitstatus: int) -> list[str]:
        reports = self.failed.values()
        died = any(report.when == CRASHED for report in reports)
        quick = any(SLOW.isdisjoint(report.keywords) for report in reports if report.when != CRASHED)
        if exitstatus != pytest.ExitCode.TESTS_FAILED or quick or len(reports) > MOST:
            return []
        names = [GROUP.sub("", one) for one in sorted({*self.failed} | (self.given - self.ended if died else set()))]
        # Where a worker died many are left, and taken as before, several at once.
        return [f"-n={self.config.option.numprocesses}", f"--dist={self.config.option.dist}", *names] if died else names
