"""The operators' guide names every variable that the code reads, with its default, and none that nobody reads."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

from suite.runtime.folders import ROOT

GUIDE = (ROOT / "docs" / "operators.md").read_text()
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,}")
READERS = {"get", "get_days", "get_list", "get_seconds", "get_secret", "setdefault"}
ENVIRONMENTS = {"environ", "env", "environment", "given", "shared"}
OF_EVERY_PROGRAM = {"PATH", "HOME"}
COMPLETED = ROOT / "suite" / "runtime" / "environment.py"  # what `make run` gives in place of the settings' own defaults


@cache
def read_in_code() -> dict[str, set[str]]:
    """Each variable that `suite/` reads, with the defaults that stand beside it."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "suite").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            for name, default in (*_asked(node), *(_completed(node) if path == COMPLETED else ())):
                if name not in OF_EVERY_PROGRAM:
                    found.setdefault(name, set()).update({default} - {""})
    return found


def _asked(node: ast.AST) -> Iterator[tuple[str, str]]:
    """`env.get("NAME", "default")`, `get("NAME")`, `os.environ["NAME"]`."""
    if isinstance(node, ast.Call) and node.args:
        function, name = node.func, _text(node.args[0])
        is_bare = isinstance(function, ast.Name) and function.id in READERS
        is_method = isinstance(function, ast.Attribute) and function.attr in READERS and _last(function.value) in ENVIRONMENTS
        if VARIABLE.fullmatch(name) and (is_bare or is_method):
            yield name, _text(node.args[1]) if len(node.args) > 1 else ""
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        name = _text(node.slice)
        if _last(node.value) in ENVIRONMENTS and VARIABLE.fullmatch(name):
            yield name, ""


def _completed(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Dict):
        yield from ((name, "") for key in node.keys if key is not None and VARIABLE.fullmatch(name := _text(key)))


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _last(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


OF_MAKE = set(re.findall(r"^([A-Z]+) \?=", (ROOT / "Makefile").read_text(), re.MULTILINE)) | {"PORT"}
ROWS = dict(re.findall(r"^\| `([A-Z0-9_]+)` \| (.*) \|$", GUIDE, re.MULTILINE))


def test_every_variable_has_its_row() -> None:
    assert sorted({*read_in_code(), *OF_MAKE} - set(ROWS)) == [], "docs/operators.md does not say what they are"


def test_every_row_gives_the_codes_default() -> None:
    rows = {name: (ROWS[name], defaults) for name, defaults in read_in_code().items() if name in ROWS}
    other = {name: missing for name, (row, of) in rows.items() if (missing := {one for one in of if f"`{one}`" not in row})}
    assert other == {}, "docs/operators.md gives another default than the code's"


def test_no_row_is_left_of_a_variable_that_nobody_reads() -> None:
    assert set(ROWS) <= {*read_in_code(), *OF_MAKE}
