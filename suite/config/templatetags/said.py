"""Dates and lengths of time as people say them; the exact one stands in the element's title."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

register = template.Library()


@register.filter
def said_time(at: datetime | None) -> SafeString | str:
    """A `<time>` that says "today at 14:05", "yesterday at 9:00" or the date; nothing for None.

    In the reader's zone (`suite.kernel.zones`), which stands in the title by its distance from UTC.
    """
    if at is None:
        return ""
    local = timezone.localtime(at)
    exact = f"{formats.date_format(local, 'DATETIME_FORMAT')} (UTC{local.isoformat()[-6:]})"
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), exact, _said(local, timezone.localtime()))


def _said(local: datetime, now: datetime) -> str:
    clock = formats.date_format(local, "TIME_FORMAT")
    if local.date() == now.date():
        return _("today at %(time)s") % {"time": clock}
    if local.date() == (now - timedelta(days=1)).date():
        return _("yesterday at %(time)s") % {"time": clock}
    day = formats.date_format(local, "j F" if local.year == now.year else "j F Y")
    return _("%(day)s at %(time)s") % {"day": day, "time": clock}


@register.filter
def said_length(start: datetime | None, end: datetime | None) -> str:
    """How long from `start` to `end` ("25 min", "1 h 05"); until now where there is no end, nothing without a start."""
    if start is None:
        return ""
    minutes = max(0, round(((end or timezone.now()) - start).total_seconds() / 60))
    if minutes < 1:
        return _("less than a minute")
    if minutes < 60:
        return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
    return _("%(hours)s h %(minutes)02d") % {"hours": minutes // 60, "minutes": minutes % 60}
