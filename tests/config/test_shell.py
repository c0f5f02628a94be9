"""What the shell shows of a person."""

from __future__ import annotations

import pytest

from suite.config.templatetags.shell import initials


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Awa Diallo", "AD"),
        ("Anne-Lise", "AL"),
        ("Jean de la Fontaine", "JF"),
        ("élodie d’Artois", "ÉD"),
        ("Dilan (mobile)", "D"),
        ("Salle 101", "S"),
        ("  ", ""),
    ],
)
def test_initials_are_letters_of_the_first_and_the_last_word(name: str, letters: str) -> None:
    assert initials(name) == letters
