"""What the runtime says when it cannot go on."""

from __future__ import annotations


class Refusal(Exception):
    """One sentence that says what is in the way and what to do about it; shown without a trace."""
