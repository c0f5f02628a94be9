"""What the shell's template asks: the rail's entries with their addresses, and which of them is open."""

from __future__ import annotations

import itertools
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from django import template
from django.template.context import Context
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

register = template.Library()
BETWEEN_WORDS = re.compile(r"[\s\ufeff\u2010\u2011-]+")  # what a browser takes for a space, and hyphens


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
    """Up to two letters that stand for a name: of its first and its last word that begin with a letter.

    Pages take the same in `static/src/shared/people/initials.ts`; `initials.cases.json` beside it holds both to it.
    """
    words = [word for word in BETWEEN_WORDS.split(unicodedata.normalize("NFC", name)) if word[:1].isalpha()]
    ends = [words[0], words[-1]] if len(words) > 1 else words
    return "".join(_first_letter(word) for word in ends).upper()


def _first_letter(word: str) -> str:
    """With the marks upon it that no single character holds."""
    marks = itertools.takewhile(lambda character: unicodedata.category(character).startswith("M"), word[1:])
    return word[0] + "".join(marks)


def _is_current(url_name: str, match: Any) -> bool:
    """An app's entry is the current one on every page of the app."""
    if match is None:
        return False
    namespace, _, _ = url_name.rpartition(":")
    return bool(match.namespace == namespace) if namespace else bool(match.view_name == url_name)
