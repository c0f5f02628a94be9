"""What the API says of whom a resource is shared with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, TypedDict

Role = Literal["reader", "commenter", "editor", "administrator", "owner"]
Reach = Literal["restricted", "organization", "everyone"]


class Principal(TypedDict):
    kind: Literal["person", "group", "unit", "organization"]
    id: str
    name: str


class Access(TypedDict):
    id: str
    role: Role
    principal: Principal


class Link(TypedDict):
    """Whom the link alone lets in."""

    reach: Reach
    role: Role


class Asker(TypedDict):
    id: str
    name: str


class AccessRequest(TypedDict):
    id: str
    person: Asker
    message: str
    asked_at: str


class Invitation(TypedDict):
    id: str
    email: str
    role: Role
    mailed: bool


class Sharing(TypedDict):
    role: Role
    may_share: bool
    link: Link
    accesses: Sequence[Access]
    requests: Annotated[Sequence[AccessRequest], "Who waits for an answer; only for who may share."]
    invitations: Annotated[Sequence[Invitation], "Whom it waits for; only for who may share."]


class Favourite(TypedDict):
    favourite: bool
