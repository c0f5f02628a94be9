"""The browser of the journeys: Debian's chromium, found or installed."""

from __future__ import annotations

import os
import shutil

from suite.runtime.setup import debian
from suite.runtime.setup.step import Step

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
SENTENCE = "The tests need a Chromium: install Debian's (apt-get install chromium), or give its path as CHROMIUM=…"


def browser_step() -> Step:
    """Install Debian's chromium where none is found and apt-get may be used."""
    return Step(name="chromium", says="Chromium", action=_install, facts={"found": find() or "no"})


def find() -> str | None:
    """The path of a Chromium, `CHROMIUM` first."""
    given = os.environ.get("CHROMIUM")
    return given or next((path for name in NAMES if (path := shutil.which(name))), None)


def _install() -> None:
    if find() is None:
        debian.install("chromium", otherwise=SENTENCE)
