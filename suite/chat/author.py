"""Who writes, as services take it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from suite.accounts.public import Viewer
from suite.kernel.refs import ActorRef


@dataclass(frozen=True, slots=True)
class Author:
    """A person (`user_id`), a meeting's guest (`participation_id`), or a person writing from a meeting (both)."""

    name: str
    user_id: uuid.UUID | None = None
    participation_id: uuid.UUID | None = None

    @classmethod
    def of(cls, viewer: Viewer) -> Author:
        return cls(name=viewer.name, user_id=viewer.user_id)

    @property
    def ref(self) -> ActorRef:
        if self.user_id is not None:
            return ActorRef(kind="person", id=self.user_id, label=self.name)
        return ActorRef(kind="guest", id=self.participation_id, label=self.name)
