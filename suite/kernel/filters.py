"""A form that narrows a list, as pages show it: `templates/shell/filters.html`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise

Words = str | Promise


@dataclass(frozen=True, kw_only=True)
class Field:
    """One thing to filter by; `options` are the choices of a `choice` with their words, `every` what stands for all of them."""

    kind: Literal["search", "date", "choice"]
    name: str
    label: Words
    value: str = ""
    hint: Words = ""
    every: Words = ""
    options: Sequence[tuple[str, Words]] = ()


@dataclass(frozen=True, kw_only=True)
class Filters:
    """The form: `name` begins its ids, `hidden` goes along unseen, `clear` is the address without any filter."""

    name: str
    action: str
    fields: Sequence[Field]
    hidden: Iterable[tuple[str, str]] = ()
    clear: str = ""
    is_inline: bool = False
