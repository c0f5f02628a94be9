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


@dataclass(frozen=True, kw_only=True)
class ResourcePurged(Event):
    """A resource is deleted for ever: its kind's app erases what it holds of it, then `resource_erase` removes the row."""

    name: ClassVar[str] = "resources.resource_purged"
    resource_id: uuid.UUID
    kind: str
    at: datetime

    @property
    def aggregate_id(self) -> uuid.UUID:
        return self.resource_id


@dataclass(frozen=True, kw_only=True)
class InvitationMade(Event):
    """Somebody is invited by mail address; the address stays in its row."""

    name: ClassVar[str] = "resources.invitation_made"
    invitation_id: uuid.UUID
    resource_id: uuid.UUID
    at: datetime

    @property
    def aggregate_id(self) -> uuid.UUID:
        return self.resource_id
