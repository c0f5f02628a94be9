"""What the shell shows of a person."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from suite.config.templatetags.shell import initials

CASES = Path(__file__).parents[2] / "static" / "src" / "shared" / "people" / "initials.cases.json"


@pytest.mark.parametrize(("name", "letters"), [(case["name"], case["initials"]) for case in json.loads(CASES.read_text())])
def test_initials_are_those_that_the_browser_takes(name: str, letters: str) -> None:
    assert initials(name) == letters
