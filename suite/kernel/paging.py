"""Long lists, a page at a time: `?page=` names it, and `shell/pagination.html` leads from one to the next."""

from __future__ import annotations

from typing import TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)
PAGE_ROWS = 50


def page_of(found: QuerySet[M], number: str | int | None) -> Page[M]:
    """The page of `found` that `number` names, counted from 1: the first where it is no number, the last where it is beyond."""
    return Paginator(found, PAGE_ROWS).get_page(number)
