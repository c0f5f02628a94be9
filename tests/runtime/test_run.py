"""The whole, run and hurt: `python -m suite.runtime run`."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from suite.runtime.folders import ROOT
from tests.engines import free_port
from tests.whole import READY, Whole, environment, whole_suite

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("whole")]


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for the module's runs, with a name that scripts trip over."""
    return tmp_path_factory.mktemp("whole") / "Été à la mer"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """One run for the tests that leave it as they found it: everything is up."""
    with whole_suite(tmp_path_factory.mktemp("kept") / "L'île aux trésors") as run:
        run.wait_for("Everything runs after")
        yield run


def page(run: Whole) -> requests.Response:
    return requests.get(run.url + "healthz", timeout=5)


def wait_for_page(run: Whole, *, within: float = 30) -> None:
    deadline = time.monotonic() + within
    while True:
        try:
            if page(run).ok:
                return
        except requests.RequestException:
            pass
        assert time.monotonic() < deadline, run.said()[-3000:]
        time.sleep(0.1)


def test_it_starts_serves_and_ends_whatever_asks_it(var: Path) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        began = time.monotonic()
        with whole_suite(var) as run:
            print(f"ready after {time.monotonic() - began:.1f} s")
            assert page(run).ok
            run.wait_for("Everything runs after")
            family = psutil.Process(run.process.pid).children(recursive=True)
            assert run.end(number) < 10
            assert run.process.returncode == 0
            assert not [process for process in family if process.is_running()]


def back(name: str) -> str:
    return f"The process «{name}» is back."


def test_what_is_killed_comes_back(kept: Whole) -> None:
    for name in ("postgres", "valkey", "web", "media-0", "dispatcher"):
        before, times = kept.pid(name), kept.said().count(back(name))
        os.kill(before, signal.SIGKILL)
        kept.wait_for(back(name), times=times + 1)
        assert kept.pid(name) != before
        wait_for_page(kept)


def test_all_of_it_is_killed_at_once_and_comes_back(kept: Whole) -> None:
    names = ("postgres", "valkey", "web", "media-0")
    times = {name: kept.said().count(back(name)) for name in names}
    for pid in [kept.pid(name) for name in names]:
        os.kill(pid, signal.SIGKILL)
    for name in names:
        kept.wait_for(back(name), times=times[name] + 1)
    wait_for_page(kept)


def test_nothing_outlives_a_killed_supervisor_and_the_next_start_is_clean(var: Path) -> None:
    with whole_suite(var) as run:
        run.wait_for("Everything runs after")
        family = psutil.Process(run.process.pid).children(recursive=True)
        run.process.kill()
        run.process.wait()
        _gone, alive = psutil.wait_procs(family, timeout=15)
        assert not alive
    with whole_suite(var) as run:
        assert page(run).ok


def test_two_copies_run_side_by_side_and_one_folder_runs_once(kept: Whole, tmp_path: Path) -> None:
    with whole_suite(tmp_path / "other") as other:
        wait_for_page(kept)
        assert page(other).ok
        again = refused(kept.var, "--port", str(free_port()))
        assert "Suite already runs from" in again
        assert kept.url in again


def test_memory_is_counted(kept: Whole) -> None:
    command = [sys.executable, "-m", "suite.runtime", "--var", str(kept.var), "status"]
    table = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=True, timeout=60).stdout
    print(table)
    for name in (
        "supervisor",
        "postgres",
        "valkey",
        "web",
        "media-0",
        "provider",
        "egress",
        "dispatcher",
        "short",
        "beat",
        "in all",
    ):
        assert name in table


def test_a_taken_port_is_said_with_the_way_out(var: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        sentence = refused(var, "--port", str(taken.getsockname()[1]))
    assert "is taken by another program" in sentence
    assert "make run PORT=" in sentence


def test_production_names_what_it_lacks(var: Path) -> None:
    sentence = refused(var, "--port", str(free_port()), variables={"SUITE_MODE": "production"})
    assert "SECRET_KEY" in sentence
    assert "OIDC_ISSUER" in sentence


def refused(var: Path, *options: str, variables: dict[str, str] | None = None, root: Path = ROOT) -> str:
    """The one sentence of a run that does not start."""
    command = [sys.executable, "-m", "suite.runtime", "--var", str(var), "run", "--no-speech", *options]
    ended = subprocess.run(
        command, cwd=root, env=environment(variables), capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 1
    assert READY not in ended.stdout
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
    return ended.stderr


def test_manage_py_runs_in_the_environment_of_a_copy(kept: Whole, tmp_path: Path) -> None:
    def manage(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "suite.runtime", "--var", str(folder), "manage", *words]
        return subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=60, check=False)

    assert "Suite has not run from" in manage(tmp_path, "check").stderr
    verified = manage(kept.var, "audit_verify")
    assert verified.returncode == 0, verified.stderr
    assert ": whole, " in verified.stdout
