"""What is said of a document beside its text."""

from __future__ import annotations

from typing import Literal, TypedDict

Role = Literal["reader", "commenter", "editor", "administrator", "owner"]


class Me(TypedDict):
    """The viewer, as the others see their cursor."""

    id: str
    name: str
    color: str


class DocumentInfo(TypedDict):
    id: str
    title: str
    role: Role
    may_write: bool
    may_share: bool
    may_discard: bool
    favourite: bool
    me: Me


class StoredWord(TypedDict):
    type: Literal["stored"]
    n: int


class TitleWord(TypedDict):
    type: Literal["title"]
    title: str


class RoleWord(TypedDict):
    type: Literal["role"]
    role: Role


Word = StoredWord | TitleWord | RoleWord
