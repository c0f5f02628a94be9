"""Who looks: a signed-in person with the membership that their session pins, as selectors and services take it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from suite.kernel.errors import NotSignedIn
from suite.kernel.refs import ActorRef


@dataclass(frozen=True, slots=True)
class Viewer:
    """A signed-in, active person. `unit_ids` holds the unit worked in and those above it."""

    user_id: uuid.UUID
    membership_id: uuid.UUID
    organization_id: uuid.UUID
    organization_name: str
    name: str
    email: str
    unit_ids: frozenset[uuid.UUID] = frozenset()
    group_ids: frozenset[uuid.UUID] = frozenset()
    roles: frozenset[str] = frozenset()
    acr: str = ""

    @property
    def ref(self) -> ActorRef:
        return ActorRef(kind="person", id=self.user_id, label=self.name)

    @property
    def is_hr_administrator(self) -> bool:
        return "hr_administrator" in self.roles

    @property
    def is_auditor(self) -> bool:
        return "auditor" in self.roles


def as_viewer(user: object) -> Viewer:
    """The API's `request.user`, as what it is behind the API's door; raises `NotSignedIn` for anything else."""
    if not isinstance(user, Viewer):
        raise NotSignedIn
    return user
