"""What surrounds the present act: its correlation id and where it came from. Follows a request through tasks and events."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from suite.kernel.ids import uuid7


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an act came from: network address and user agent as the front server saw them, empty for the system's own."""

    correlation_id: uuid.UUID
    address: str = ""
    user_agent: str = ""
    session: str = ""
    assurance: str = ""  # the sign-in's acr
    opened: bool = True  # False where nobody opened an act: a command, or a process that waits for one


_origin: ContextVar[Origin | None] = ContextVar("suite_origin", default=None)


def origin() -> Origin:
    """The present act's origin; a new correlation id where nobody opened one."""
    current = _origin.get()
    if current is None:
        current = Origin(correlation_id=uuid7(), opened=False)
        _origin.set(current)
    return current


@contextmanager
def acting(new: Origin) -> Iterator[Origin]:
    """Everything inside belongs to `new`."""
    token = _origin.set(new)
    try:
        yield new
    finally:
        _origin.reset(token)
