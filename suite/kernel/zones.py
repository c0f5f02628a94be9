"""The reader's time zone: their browser tells it in a cookie, so that pages show the hours that islands show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

COOKIE: Final = "suite_time_zone"  # written by `static/src/shell/zone.ts`


class TimeZoneMiddleware:
    """Answers in the reader's zone; in `TIME_ZONE` where their browser has told none, or one that is not known here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(zone_of(request.COOKIES.get(COOKIE, ""))):
            return self.get_response(request)


def zone_of(name: str) -> ZoneInfo | None:
    """The zone of that name, which a stranger may have written; None where there is none."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):  # unknown, no name at all, a folder
        return None
