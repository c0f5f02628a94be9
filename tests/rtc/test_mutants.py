"""A test is worth what it finds: each mutant of `mutants.toml` breaks one promise of the media server, and is noticed.

The compiled kernel's mutants are in `tests/rtc/kernel/test_twins.py`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from suite.runtime.folders import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.patient]


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


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.says)
def test_a_mutant_is_found(copy: Path, mutant: Mutant) -> None:
    path = copy / "suite" / "rtc" / mutant.file
    whole = path.read_text()
    assert whole.count(mutant.before) == 1, f"{mutant.before!r} stands {whole.count(mutant.before)} times in {mutant.file}"
    path.write_text(whole.replace(mutant.before, mutant.after))
    try:
        ended = run(copy, *(f"tests/{one}" for one in mutant.tests))
    finally:
        path.write_text(whole)
    assert ended.returncode == 1, f"{mutant.says}: nobody noticed\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}"
    assert " failed" in ended.stdout


def run(copy: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(copy)}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:xdist", "--timeout=1200", *tests]
    return subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
