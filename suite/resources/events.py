"""What resources tells the apps above."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from suite.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class AccessChanged(Event):
    """Who may do what with a resource changed: open sockets read their right again."""

    name: ClassVar[str] = "resources.access_changed"
    resource_id: uuid.UUID
    at: datetime

    @property
    def aggregate_id(self) -> uuid.UUID:
        return self.resource_id
