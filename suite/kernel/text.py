"""Text that comes from outside, as it is kept: it goes into pages, mails and logs."""

from __future__ import annotations

from typing import Final

JOINERS: Final = "\u200c\u200d"  # Unicode 23.2: Persian and Indic words, and composed emoji, are others without


def one_line(text: str, longest: int) -> str:
    """`text` in one line of at most `longest` characters: space of any kind is one space, what does not print goes.

    A joiner stays where it joins two characters beyond ASCII; anywhere else it would only make one name look like another.
    """
    kept = (c for at, c in enumerate(text) if c.isprintable() or c.isspace() or (c in JOINERS and _joins(text, at)))
    return " ".join("".join(kept).split())[:longest]


def _joins(text: str, at: int) -> bool:
    beside = text[at - 1 : at] + text[at + 1 : at + 2]
    return len(beside) == 2 and beside.isprintable() and not any(one.isascii() for one in beside)
