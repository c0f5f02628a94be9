"""Who may read the log: the auditors of the organisation, and nobody for the others."""

from __future__ import annotations

import uuid
from typing import Protocol

from django.http import HttpRequest

from suite.kernel.errors import NotFound, NotSignedIn
from suite.kernel.refs import ActorRef


class Reader(Protocol):
    """What the audit needs to know of a viewer; it knows no accounts."""

    @property
    def user_id(self) -> uuid.UUID: ...
    @property
    def organization_id(self) -> uuid.UUID: ...
    @property
    def is_auditor(self) -> bool: ...
    @property
    def ref(self) -> ActorRef: ...


def access_log(request: HttpRequest) -> Reader:
    """The auditor who asks; raises `NotSignedIn`, or `NotFound` for anybody who is none."""
    viewer: Reader | None = getattr(request, "viewer", None)
    if viewer is None:
        raise NotSignedIn
    if not viewer.is_auditor:
        raise NotFound
    return viewer
