"""Which tests may be taken again: those that failed, by names that pytest reads, and what a dead worker left out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # pytest starts some times

ROOT = Path(__file__).parent.parent
TESTS = """
import os, pathlib, pytest
pytestmark = pytest.mark.slow
mended = pathlib.Path(__file__).with_name("mended").exists()
@pytest.fixture
def broken(): assert mended
@pytest.mark.xdist_group("group")
@pytest.mark.parametrize("given", ["a@b c", "d"])
def test_grouped(given): assert given == "d" or mended
@pytest.mark.journey
def test_set_up(broken): pass
def test_passes(): pass
"""


def pytest_in(folder: Path, *arguments: str) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "-p", "no:cacheprovider", "-p", "no:django"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")} | {"PYTHONPATH": str(ROOT)}
    return subprocess.run([*command, "-p", "tests.again", *arguments], cwd=folder, env=environment, check=False).returncode


def names_after(folder: Path, tests: str) -> str:
    (folder / "test_some.py").write_text(tests)
    assert pytest_in(folder, "-n", "2", "--dist", "loadgroup", "--max-worker-restart=0", "--failed-to", "f/failed") != 0
    return (folder / "f" / "failed").read_text()


def test_what_failed_is_named_and_taken_again(tmp_path: Path) -> None:
    assert names_after(tmp_path, TESTS).split("\n") == ["test_some.py::test_grouped[a@b c]", "test_some.py::test_set_up", ""]
    assert pytest_in(tmp_path, "@f/failed") == 1
    (tmp_path / "mended").touch()
    assert pytest_in(tmp_path, "@f/failed") == 0


def test_what_a_dead_worker_left_out_is_taken_too(tmp_path: Path) -> None:
    dies = "@pytest.mark.parametrize('n', range(20))\ndef test_dies(n):\n    if n == 3 and not mended: os._exit(3)\n"
    options, *names = names_after(tmp_path, TESTS + dies).split("\n")[1:]
    assert options == "--dist=loadgroup"
    assert "test_some.py::test_dies[3]" in names
    (tmp_path / "mended").touch()
    assert pytest_in(tmp_path, "@f/failed", "--junit-xml=found.xml") == 0
    assert f'tests="{len(names) - 1}"' in (tmp_path / "found.xml").read_text()


@pytest.mark.parametrize(
    "tests",
    [
        "\n".join(["import pytest", "pytestmark = pytest.mark.slow", *(f"def test_{n}(): assert False" for n in range(5))]),
        "def test_alone(): assert False",
    ],
    ids=["many", "starts no process"],
)
def test_nothing_is_taken_again_where_there_is_more_to_it(tmp_path: Path, tests: str) -> None:
    assert names_after(tmp_path, tests) == ""
