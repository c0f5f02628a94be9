"""What each kind's app tells resources of it, so that lists of all kinds can name it and lead there; see `config.wiring`."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise

from suite.accounts.public import Viewer
from suite.kernel.errors import NotFound
from suite.resources.models import Resource, ResourceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`url_name` is its page, found by `id`. `title_of` names what has no title of its own for a viewer.

    `holds` raises `InUse` for what cannot be discarded now; `loses` says what deleting for ever takes, where it is not all.
    """

    url_name: str
    icon: str
    untitled: str | Promise
    has_trash: bool = False  # its app erases what is purged
    title_of: Callable[[Viewer, Resource], str] | None = None
    holds: Callable[[uuid.UUID], None] | None = None
    loses: str | Promise = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A resource as a line of a list."""

    id: uuid.UUID
    kind: str
    title: str
    address: str
    icon: str


_kinds: dict[str, Kind] = {}


def add_kind(kind: ResourceKind, told: Kind) -> None:
    _kinds[kind] = told


def place_of(*, viewer: Viewer, resource: Resource) -> Place:
    """How `viewer` reads `resource` and where it opens; raises `NotFound` for a kind without a page."""
    kind = _kinds.get(resource.kind)
    if kind is None:
        raise NotFound
    named = resource.title or (kind.title_of(viewer, resource) if kind.title_of else "")
    address = reverse(kind.url_name, kwargs={"id": resource.id})
    return Place(id=resource.id, kind=resource.kind, title=named or str(kind.untitled), address=address, icon=kind.icon)


def untitled_of(resource: Resource) -> str:
    kind = _kinds.get(resource.kind)
    return str(kind.untitled) if kind else ""


def kinds_with_a_page() -> list[str]:
    return list(_kinds)


def has_trash(resource: Resource) -> bool:
    """Whether `resource` may be discarded: its app erases it when it is purged."""
    kind = _kinds.get(resource.kind)
    return kind is not None and kind.has_trash


def check_unused(resource: Resource) -> None:
    """Raise the app's own `InUse` where `resource` cannot be discarded at this moment."""
    kind = _kinds.get(resource.kind)
    if kind is not None and kind.holds is not None:
        kind.holds(resource.id)


def loss_of(resource: Resource) -> str:
    """What deleting `resource` for ever takes; "" where that is all of it."""
    kind = _kinds.get(resource.kind)
    return str(kind.loses) if kind else ""


def asked_for(*, url_name: str, values: Mapping[str, object]) -> uuid.UUID | None:
    """The id in the address of some resource's page, whether there is one or not; None for every other address."""
    id = values.get("id")
    return id if isinstance(id, uuid.UUID) and any(url_name == kind.url_name for kind in _kinds.values()) else None
