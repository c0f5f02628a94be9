"""What no file of this repository may be or hold."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from suite.runtime.folders import ROOT

LARGEST = 600  # lines; a second look is due at 400
LARGEST_TEST = 1000
CODE = {".py", ".ts", ".tsx", ".mjs", ".js", ".html", ".css"}
WEASEL = {"utils", "helpers", "helper", "manager", "managers", "common", "misc", "util"}
PATHS = re.compile(r"(?<![\w.])/(?:work|root|home|opt)/[\w.]")
REGISTRIES = re.compile(r"registry\.(?:npmjs|yarnpkg)|files\.pythonhosted|pypi\.org/simple|\"resolved\":")
GENERATED = {"package-lock.json"}


def tracked() -> list[Path]:
    command = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file()]


def text(path: Path) -> str:
    try:
        return (ROOT / path).read_text()
    except UnicodeDecodeError:
        return ""


def test_files_stay_small() -> None:
    sizes = {path: text(path).count("\n") for path in tracked() if path.suffix in CODE and "migrations" not in path.parts}
    found = {str(path): size for path, size in sizes.items() if size > (LARGEST_TEST if path.parts[0] == "tests" else LARGEST)}
    assert not found


def test_names_say_what_is_inside() -> None:
    assert not [str(path) for path in tracked() if path.suffix in CODE and WEASEL & {path.stem, *path.parts}]


def test_nothing_names_the_machine_it_was_written_on() -> None:
    found = [str(path) for path in tracked() if path.name not in GENERATED and PATHS.search(text(path))]
    assert [name for name in found if name != "tests/runtime/test_files.py"] == []


def test_no_lock_names_a_registry() -> None:
    found = [str(path) for path in tracked() if REGISTRIES.search(text(path))]
    assert [name for name in found if name != "tests/runtime/test_files.py"] == []


def test_every_python_requirement_is_pinned_with_hashes() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        if path.name == "torch.txt":  # its local builds have hashes of their own
            continue
        for line in path.read_text().splitlines():
            if line and not line.startswith((" ", "#")):
                assert re.match(r"^[\w.\[\]-]+==\S+ (; .* )?\\$", line), f"{path.name}: {line}"


def test_the_npm_lock_is_that_of_package_json() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"][""]
    package = json.loads((ROOT / "package.json").read_text())
    assert lock["dependencies"] == package["dependencies"]
    assert lock["devDependencies"] == package["devDependencies"]
