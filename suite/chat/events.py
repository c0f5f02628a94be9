"""What chat tells the apps above."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from suite.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class MessagePosted(Event):
    """Somebody wrote in a channel; the text stays in its row."""

    name: ClassVar[str] = "chat.message_posted"
    channel_id: uuid.UUID
    message_id: uuid.UUID
    organization_id: uuid.UUID
    at: datetime

    @property
    def aggregate_id(self) -> uuid.UUID:
        return self.channel_id
