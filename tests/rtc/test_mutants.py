"""A test is worth what it finds: each mutant of `mutants.toml` breaks one promise of the media server, and is noticed.

Where the compiled kernel is not what its twin is, `tests/rtc/kernel` finds it; here are promises that both keep.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from suite.rtc.kernel import build
from suite.rtc.kernel.library import LIBRARY
from suite.runtime.folders import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.patient]


# Imported once for all runs, which are then a fork each; nothing of ours, which is read anew.
LIBRARIES = (
    "aiohttp", "aiortc", "av", "celery.app", "channels.generic.websocket", "cryptography.x509", "django.contrib.admin",
    "django.test", "livekit.protocol", "numpy", "psycopg", "pycrdt", "redis", "requests", "structlog",
)  # fmt: skip
REWRITTEN = "ignore::pytest.PytestAssertRewriteWarning"  # of plugins that are imported by then
RUNS = f"""
import importlib, json, os, sys
import pytest
for name in {LIBRARIES}:
    importlib.import_module(name)
for line in sys.stdin:
    arguments, said, environment = json.loads(line)
    child = os.fork()
    if child == 0:
        os.environ.update(environment)
        output = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1), os.dup2(output, 2)
        ended = pytest.main(arguments)
        sys.stdout.flush()
        os._exit(ended)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """As `mutants.toml` has it."""

    says: str
    file: str
    before: str
    after: str
    tests: list[str]


MUTANTS = [Mutant(**one) for one in tomllib.loads((Path(__file__).parent / "mutants.toml").read_text())["mutant"]]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code and its tests, to be broken; what is installed stays where it is.

    What is compiled comes along, so that a run compiles the broken file alone: copies keep the times that it is checked by.
    """
    made = tmp_path_factory.mktemp("mutants")
    for name in ("suite", "tests"):
        shutil.copytree(ROOT / name, made / name, ignore=shutil.ignore_patterns("*.pyc.*", "*.webm", "*.wav"))
    for name in ("pyproject.toml", "benchmarks", "static", "node_modules", ".venv", "manage.py", "locale", "templates"):
        if (ROOT / name).exists():
            (made / name).symlink_to(ROOT / name)
    return made


@pytest.fixture(scope="module")
def runs(copy: Path) -> Iterator[subprocess.Popen[str]]:
    """Runs the tests that a line of JSON names, with the code as it is then: the run's code comes back."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(copy)}
    command = [sys.executable, "-c", RUNS]
    with subprocess.Popen(
        command, cwd=copy, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.communicate()


def run(
    runs: subprocess.Popen[str], said: Path, tests: Iterable[str], environment: dict[str, str] | None = None
) -> tuple[int, str]:
    """The code with which these tests end, and what they say."""
    arguments = ["-q", "-x", "-p", "no:xdist", "-W", REWRITTEN, "--timeout=1200", *(f"tests/{one}" for one in tests)]
    assert runs.stdin
    assert runs.stdout
    runs.stdin.write(json.dumps([arguments, str(said), environment or {}]) + "\n")
    runs.stdin.flush()
    return int(runs.stdout.readline()), said.read_text()


def test_without_a_mutant_nothing_is_found(runs: subprocess.Popen[str], tmp_path: Path) -> None:
    quick = {test for mutant in MUTANTS for test in mutant.tests if test.startswith(("rtc/core/", "rtc/packets/"))}
    ended, said = run(runs, tmp_path / "said", sorted(quick))
    assert ended == 0, said[-2000:]


def compiled(path: Path, folder: Path) -> dict[str, str]:
    """What lets the broken kernel be loaded; nothing where Python is broken."""
    if path.suffix != ".c":
        return {}
    if build.compiler() is None:
        pytest.skip("There is no C compiler on this machine.")
    made = folder / "kernel.so"
    build.call([*build.FLAGS, "-O1", f"-I{path.parent}", "-o", str(made), *map(str, sorted(path.parent.glob("*.c")))])
    return {LIBRARY: str(made), "RTC_KERNEL": "c"}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.says)
def test_a_mutant_is_found(copy: Path, runs: subprocess.Popen[str], tmp_path: Path, mutant: Mutant) -> None:
    path = copy / "suite" / "rtc" / mutant.file
    whole = path.read_text()
    assert whole.count(mutant.before) == 1, f"{mutant.before!r} stands {whole.count(mutant.before)} times in {mutant.file}"
    path.write_text(whole.replace(mutant.before, mutant.after))
    try:
        ended, said = run(runs, tmp_path / "said", mutant.tests, compiled(path, tmp_path))
    finally:
        path.write_text(whole)
    assert ended == 1, f"{mutant.says}: nobody noticed\n{said[-2000:]}"
    assert " failed" in said
