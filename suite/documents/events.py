"""What documents tells the apps above."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from suite.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class DocumentCreated(Event):
    """There is a new document; its text stays in its rows."""

    name: ClassVar[str] = "documents.document_created"
    document_id: uuid.UUID
    organization_id: uuid.UUID
    at: datetime

    @property
    def aggregate_id(self) -> uuid.UUID:
        return self.document_id
