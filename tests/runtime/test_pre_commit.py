"""The hooks of a commit: they run what `.venv` and `node_modules` hold, and nothing is fetched."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from suite.runtime.folders import ROOT
from tests.whole import environment

CONFIGURATION: dict[str, Any] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
HOOKS = [hook for repository in CONFIGURATION["repos"] for hook in repository["hooks"]]
CLEAN, FAULTY = '"""Clean."""\n', "import os\n"


def test_no_hook_comes_from_another_repository() -> None:
    assert {repository["repo"] for repository in CONFIGURATION["repos"]} == {"local"}
    assert {hook["language"] for hook in HOOKS} == {"system"}
    assert all(hook["entry"].startswith(".venv/bin/python ") for hook in HOOKS)


def test_what_ci_checks_a_commit_checks() -> None:
    checked = " ".join(hook["entry"] for hook in HOOKS)
    recipes = (ROOT / "Makefile").read_text().split("\nlint:")[1].split("\nbench-")[0]
    for word in ("ruff check", "lint_imports_command", "djlint", "run --silent lint", "mypy", "run --silent types"):
        assert word in recipes
        assert word in checked


@pytest.mark.slow
def test_a_commit_with_a_fault_is_refused_and_a_clean_one_is_not(tmp_path: Path) -> None:
    """A repository with our hooks installed, offline: git itself runs them."""
    shutil.copy(ROOT / ".pre-commit-config.yaml", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / ".gitignore").write_text(".venv\ncache\n")
    skipped = ",".join(hook["id"] for hook in HOOKS if hook["id"] != "ruff")
    variables = environment(
        {"PRE_COMMIT_HOME": str(tmp_path / "cache"), "SKIP": skipped, "no_proxy": "", "https_proxy": "http://127.0.0.1:9"}
    )
    for key in ("AUTHOR", "COMMITTER"):
        variables |= {f"GIT_{key}_NAME": "Test", f"GIT_{key}_EMAIL": "test@example.org"}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)

    assert run("git", "init", "--quiet").returncode == 0
    installed = run(sys.executable, "-m", "pre_commit", "install")
    assert installed.returncode == 0, installed.stderr
    for text, is_taken in ((FAULTY, False), (CLEAN, True)):
        (tmp_path / "one.py").write_text(text)
        assert run("git", "add", ".").returncode == 0
        ended = run("git", "commit", "--quiet", "--message", "One")
        assert (ended.returncode == 0) is is_taken, ended.stdout + ended.stderr
        assert ("F401" in ended.stdout + ended.stderr) is not is_taken
