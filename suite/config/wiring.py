"""Which app listens to which event, and what the dispatcher's process does on the side."""

from __future__ import annotations


def tie() -> None:
    """Register every subscriber and every short sweep."""
