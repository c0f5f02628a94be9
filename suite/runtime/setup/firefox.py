"""The second browser of the media tests: Debian's firefox-esr, which only `make test-firefox` asks for (300 MB)."""

from __future__ import annotations

import os
import shutil

from suite.runtime.setup import debian
from suite.runtime.setup.step import Step

NAMES = ("firefox-esr", "firefox")
SENTENCE = "These tests need a Firefox: install Debian's (apt-get install firefox-esr), or give its path as FIREFOX=…"


def firefox_step() -> Step:
    """Install Debian's firefox-esr where none is found and apt-get may be used."""
    return Step(name="firefox", says="Firefox", action=_install, facts={"found": find() or "no"})


def find() -> str | None:
    """The path of a Firefox, `FIREFOX` first."""
    given = os.environ.get("FIREFOX")
    return given or next((path for name in NAMES if (path := shutil.which(name))), None)


def _install() -> None:
    if find() is None:
        debian.install("firefox-esr", otherwise=SENTENCE)
