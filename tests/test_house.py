"""What import-linter has no word for: of another app, only its `public.py`, `events.py` and `errors.py` are imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from suite.runtime.folders import ROOT

APPS = {"audit", "accounts", "resources", "files", "documents", "chat", "meetings", "transcripts"}
DOORS = {"public", "events", "errors"}
FILES = sorted(path for app in APPS for path in (ROOT / "suite" / app).rglob("*.py") if "migrations" not in path.parts)


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_another_app_is_entered_by_its_doors(path: Path) -> None:
    here = path.relative_to(ROOT / "suite").parts[0]
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "suite" and parts[1] in APPS - {here} and len(parts) > 2:
            assert parts[2] in DOORS, f"{path.name} imports {name}"
