"""What the shell's template asks: the rail's entries with their addresses, and which of them is open."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django import template
from django.template.context import Context
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

register = template.Library()


@dataclass(frozen=True, slots=True)
class RailEntry:
    """One entry of the rail, ready to be shown."""

    address: str
    icon: str
    label: str | Promise
    is_current: bool


@register.simple_tag(takes_context=True)
def rail_entries(context: Context) -> list[RailEntry]:
    """The rail of the page's context; an entry whose address does not exist is left out."""
    request = context.get("request")
    match = getattr(request, "resolver_match", None)
    entries = []
    for url_name, icon, label in context.get("rail") or []:
        try:
            address = reverse(url_name)
        except NoReverseMatch:
            continue
        entries.append(RailEntry(address, icon, label, _is_current(url_name, match)))
    return entries


@register.filter
def initials(name: str) -> str:
    """Up to two letters that stand for a name, as `static/src/shared/people/initials.ts` takes them."""
    words = [word for word in re.split(r"[\s-]+", name) if word[:1].isalpha()]
    ends = [words[0], words[-1]] if len(words) > 1 else words
    return "".join(word[0] for word in ends).upper()


def _is_current(url_name: str, match: Any) -> bool:
    """An app's entry is the current one on every page of the app."""
    if match is None:
        return False
    namespace, _, _ = url_name.rpartition(":")
    return bool(match.namespace == namespace) if namespace else bool(match.view_name == url_name)
