"""What resources does itself when rights change: open sockets read theirs again."""

from __future__ import annotations

from suite.kernel.groups import group, tell
from suite.resources.events import AccessChanged


def tell_open_sockets(event: AccessChanged) -> None:
    """Every socket that shows the resource is in its group; it reads its right again, and closes where there is none."""
    tell(group("resource", event.resource_id), {"type": "access.changed", "resource_id": str(event.resource_id)})
