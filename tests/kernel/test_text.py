"""One line of what somebody gave."""

from __future__ import annotations

import pytest

from suite.kernel.text import one_line


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  Awa \t Diallo\n", "Awa Diallo"),
        ("Awa\u2028Diallo\u00a0N’Dour", "Awa Diallo N’Dour"),
        ("Awa\u202e ollaiD\x00", "Awa ollaiD"),
        ("A\u200dwa \u200cDiallo\u200d", "Awa Diallo"),
        ("\u200d", ""),
        ("é\u200d\u200dé", "éé"),
        ("é\u200d\u3000é", "é é"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        (
            "Point \U0001f469\u200d\U0001f4bb \u2764\ufe0f\u200d\U0001f525",
            "Point \U0001f469\u200d\U0001f4bb \u2764\ufe0f\u200d\U0001f525",
        ),
    ],
)
def test_what_is_kept(given: str, kept: str) -> None:
    assert one_line(given, 100) == kept


def test_no_more_than_the_longest() -> None:
    assert one_line("à" * 101, 100) == "à" * 100
