"""One of everything that a contract may hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, NotRequired, TypedDict

Colour = Literal["red", "blue"]


class Thing(TypedDict):
    """One thing."""

    id: str
    share: Annotated[float | None, "Between 0 and 1."]
    colour: Colour
    names: list[str]
    either: Sequence[str | int]
    later: NotRequired[bool]


class Box(TypedDict):
    type: Literal["box"]
    things: Sequence[Thing]


Said = Box | Thing
