"""Who acted and on what, as values: for the audit, the events and the logs, which know no domain."""

from __future__ import annotations

import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ActorRef:
    """Who acted: `kind` is `person`, `guest` or `system`; `label` is how an auditor reads them."""

    kind: str
    id: uuid.UUID | None
    label: str = ""


@dataclass(frozen=True, slots=True)
class TargetRef:
    """What was acted upon: `kind` is a noun of the domain (`meeting`, `document`, `person`)."""

    kind: str
    id: uuid.UUID | None
    label: str = ""


SYSTEM = ActorRef(kind="system", id=None, label="Suite")
