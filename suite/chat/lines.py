"""A channel as lists show it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ChannelLine:
    """A channel as the list shows it.

    `title` of a direct channel is the other person's name; of a meeting's it is the room's: `began_at` tells two apart.
    """

    id: uuid.UUID
    kind: str
    title: str
    began_at: datetime | None
    last_message_at: datetime | None
    unread: int
    other_user_id: uuid.UUID | None
    is_favourite: bool = False
