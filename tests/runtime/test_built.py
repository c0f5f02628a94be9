"""A run that was started without set-up: in a copy whose languages and pages are missing or old."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import requests

from suite.runtime.folders import ROOT
from tests.engines import free_port
from tests.runtime.test_run import refused
from tests.whole import Whole, whole_suite

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("whole")]
OLD = "are older than their sources"
COMPILES = "Compiling the languages…"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Suite as it stands in git, with what set-up installs and the pages that it built: the languages are not compiled."""
    there = tmp_path / "copie à part"
    for name in ("suite", "templates", "static", "locale", "provider"):
        shutil.copytree(ROOT / name, there / name, ignore=shutil.ignore_patterns("*.mo", "__pycache__", "node_modules"))
    for path in [ROOT / "manage.py", *ROOT.glob("*.json"), *ROOT.glob("*.ts")]:
        shutil.copy2(path, there)
    for name in (".venv", "node_modules"):
        (there / name).symlink_to((ROOT / name).resolve())
    (there / "static" / "dist" / ".vite" / "manifest.json").touch()
    return there


def title(run: Whole) -> str:
    page = requests.get(run.url + "sign-in/", headers={"Accept-Language": "fr"}, timeout=10)
    return page.text.split("<h1", 1)[1].split(">", 1)[1].split("</h1>", 1)[0].strip()


def test_a_french_browser_is_spoken_to_in_french_and_old_pages_are_said(copy: Path, tmp_path: Path) -> None:
    compiled = copy / "locale" / "fr" / "LC_MESSAGES" / "django.mo"
    source = compiled.with_suffix(".po")
    with whole_suite(tmp_path / "var", root=copy) as run:
        assert title(run) == "Se connecter à Suite"
        assert COMPILES in run.said()
        assert OLD not in run.said()
    source.write_text(source.read_text().replace('msgstr "Se connecter à Suite"', 'msgstr "Entrer chez Suite"'))
    later = compiled.stat().st_mtime + 10
    os.utime(source, (later, later))
    (copy / "static" / "src" / "shell" / "new.ts").touch()
    with whole_suite(tmp_path / "var", root=copy) as run:
        assert title(run) == "Entrer chez Suite"
        assert OLD in run.said()
    os.utime(compiled, (later, later))
    with whole_suite(tmp_path / "var", root=copy) as run:
        assert COMPILES not in run.said()


def test_without_pages_or_with_languages_that_do_not_compile_it_says_what_to_do(copy: Path, tmp_path: Path) -> None:
    (copy / "locale" / "fr" / "LC_MESSAGES" / "django.po").write_bytes(b'msgid "\xff"\n')
    assert "django.po could not be compiled. Why stands in " in refused(tmp_path, "--port", str(free_port()), root=copy)
    shutil.rmtree(copy / "static" / "dist")
    assert "The pages were never built: `make run` builds them" in refused(tmp_path, "--port", str(free_port()), root=copy)
