"""`make lock`: what it writes, and that what is committed answers what was asked for."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from suite.runtime.folders import ROOT
from tests.whole import environment

REQUIREMENTS = ROOT / "requirements"
LISTS = ("uv", "base", "speech", "models", "dev")
PIN = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;]+)", re.MULTILINE)


def pins(path: Path) -> dict[str, str]:
    return {canonicalize_name(name): version for name, version in PIN.findall(path.read_text())}


def asked(path: Path) -> list[Requirement]:
    lines = [line.split("#")[0].strip() for line in path.read_text().splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def wheel(index: Path, name: str, version: str, needs: str = "") -> None:
    """The smallest wheel that uv reads, with its page in the index (PEP 503)."""
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" + (f"Requires-Dist: {needs}\n" if needs else "")
    described, folder = f"{name}-{version}.dist-info", index / name
    folder.mkdir(parents=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{described}/METADATA", metadata)
        file.writestr(f"{described}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{described}/RECORD", "")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "index.html").write_text(f'<a href="{path.name}#sha256={digest}">{path.name}</a>')


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_words: object) -> None:
        """Nothing on the terminal."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A registry of our own; the value is its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("name", LISTS)
def test_the_pins_answer_what_is_asked_for(name: str) -> None:
    pinned = pins(REQUIREMENTS / f"{name}.txt") | pins(REQUIREMENTS / "torch.txt")
    for one in asked(REQUIREMENTS / f"{name}.in"):
        version = pinned.get(canonicalize_name(one.name))
        assert version is not None, f"{one} has no pin: run `make lock`"
        assert one.specifier.contains(version, prereleases=True), f"{one} is pinned at {version}: run `make lock`"


@pytest.mark.parametrize("name", LISTS)
def test_torch_stands_apart_and_no_index_is_named(name: str) -> None:
    text = (REQUIREMENTS / f"{name}.txt").read_text()
    assert "torch" not in pins(REQUIREMENTS / f"{name}.txt")
    assert not re.search(r"^\s*(--(extra-)?index-url|-i |--find-links|-f )|://", text, re.MULTILINE)


def test_the_lists_agree_where_they_name_the_same_package() -> None:
    base, speech, dev = (pins(REQUIREMENTS / f"{name}.txt") for name in ("base", "speech", "dev"))
    for other in (speech, dev):
        assert {name: other[name] for name in other.keys() & base.keys()} == {
            name: base[name] for name in other.keys() & base.keys()
        }


@pytest.mark.slow
def test_make_lock_pins_with_hashes_without_index_lines_and_leaves_torch_out(tmp_path: Path) -> None:
    """The Makefile's own recipe, on packages of this test."""
    lists, index = tmp_path / "requirements", tmp_path / "index"
    lists.mkdir()
    for name, version, needs in (("one", "1.0", ""), ("two", "2.0", "one"), ("torch", "2.13.0", ""), ("three", "3.0", "torch")):
        wheel(index, name, version, needs)
    words = {"uv": "one", "base": "two", "models": "three"} | dict.fromkeys(("speech", "dev"), "-c base.txt\nthree")
    for name in LISTS:
        (lists / f"{name}.in").write_text(words[name] + "\n")
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    with served(index) as address:
        variables = {"UV_DEFAULT_INDEX": address, "UV_NO_CONFIG": "1", "UV_CACHE_DIR": str(tmp_path / "cache")}
        command = ["make", "--old-file=setup", "lock", "NODE=true"]
        ended = subprocess.run(command, cwd=tmp_path, env=environment(variables), capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert pins(lists / "base.txt") == {"one": "1.0", "two": "2.0"}
    for name in ("speech", "models", "dev"):
        assert pins(lists / f"{name}.txt") == {"three": "3.0"}
    for name in LISTS:
        text = (lists / f"{name}.txt").read_text()
        assert text.count("--hash=sha256:") == len(PIN.findall(text))
        assert address not in text
