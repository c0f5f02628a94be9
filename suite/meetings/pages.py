"""What other apps add to a meeting's page: registered by `suite.config.wiring`, so that meetings need not know them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from suite.accounts.public import Viewer
from suite.meetings.models import Meeting


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the page: a template and its values."""

    template: str
    context: dict[str, Any]


SectionOf = Callable[[Viewer, Meeting], Section | None]
_sections: list[SectionOf] = []


def add_section(section: SectionOf) -> None:
    """Show what `section` returns on every meeting's page; None shows nothing."""
    if section not in _sections:
        _sections.append(section)


def sections_of(*, viewer: Viewer, meeting: Meeting) -> list[Section]:
    found = [section(viewer, meeting) for section in _sections]
    return [one for one in found if one is not None]
