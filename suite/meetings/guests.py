"""A guest's right to their participation: a signed cookie that names it, and no account."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from django.conf import settings
from django.core import signing
from django.http import HttpResponseBase

from suite.accounts.public import Viewer
from suite.kernel.ids import parse_uuid
from suite.meetings.access import Bearer

COOKIE = "suite_guest"
SALT = "suite.meetings.guest"
AGE_SECONDS = 12 * 3600
KEPT = 8  # meetings that one browser is a guest of at a time


def bearer_of(*, viewer: Viewer | None, cookies: Mapping[str, str]) -> Bearer:
    """Who holds which participations, by session and by cookie; a forged or old cookie holds none."""
    return Bearer(viewer=viewer, guest_participations=frozenset(_read(cookies)))


def remember(response: HttpResponseBase, *, cookies: Mapping[str, str], participation_id: uuid.UUID) -> None:
    """Have the browser keep its right to `participation_id`."""
    ids = [*[one for one in _read(cookies) if one != participation_id], participation_id][-KEPT:]
    value = signing.dumps([one.hex for one in ids], salt=SALT)
    response.set_cookie(
        COOKIE, value, max_age=AGE_SECONDS, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )


def _read(cookies: Mapping[str, str]) -> list[uuid.UUID]:
    try:
        values = signing.loads(cookies.get(COOKIE, ""), salt=SALT, max_age=AGE_SECONDS)
    except signing.BadSignature:
        return []
    ids = [parse_uuid(value) for value in values] if isinstance(values, list) else []
    return [one for one in ids if one is not None]
