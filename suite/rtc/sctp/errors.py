"""The one error that a peer's bytes may cause."""

from __future__ import annotations


class Malformed(Exception):
    """The packet is not what the protocol allows; it changed nothing but what its chunks before the fault said."""


class Violation(Malformed):
    """What came makes it impossible to go on: the association ends."""
