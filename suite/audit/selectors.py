"""Reading the log: always one organisation's, newest first, page after page by key."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.utils import timezone

from suite.audit import witness
from suite.audit.access import Reader
from suite.audit.models import Record, Seal, Verification
from suite.audit.words import FAMILIES
from suite.kernel.errors import NotFound
from suite.kernel.ids import parse_uuid

SLICE_ROWS = 50
LATE = timedelta(days=1)  # how long after the act a record may still be written (webhooks)
OUTCOMES = ("done", "refused")


@dataclass(frozen=True, kw_only=True)
class LogFilter:
    """What an auditor looks for; dates are whole days of the organisation's time zone."""

    since: date | None = None
    until: date | None = None
    family: str = ""
    person: str = ""
    context: uuid.UUID | None = None
    outcome: str = ""

    def values(self) -> dict[str, str]:
        """The fields that are set, as a query string and the audit write them."""
        return {one.name: str(getattr(self, one.name)) for one in fields(self) if getattr(self, one.name)}

    def query(self, **more: object) -> str:
        """The query string of this filter and `more`."""
        found = {**self.values(), **{name: str(value) for name, value in more.items() if value}}
        return f"?{urlencode(found)}" if found else ""


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Some records, newest first; `newer` and `older` are the keys to go on from, or None."""

    rows: list[Record]
    newer: uuid.UUID | None
    older: uuid.UUID | None


def filter_of(parameters: Any) -> LogFilter:
    """The filter that a query string asks for; what cannot be read is left out."""
    family, outcome = str(parameters.get("family", "")), str(parameters.get("outcome", ""))
    return LogFilter(
        since=_day(parameters.get("since", "")),
        until=_day(parameters.get("until", "")),
        family=family if family in FAMILIES else "",
        person=str(parameters.get("person", "")).replace("\x00", "").strip()[:100],
        context=parse_uuid(parameters.get("context", "")),
        outcome=outcome if outcome in OUTCOMES else "",
    )


def list_records(
    *, auditor: Reader, wanted: LogFilter, before: uuid.UUID | None = None, after: uuid.UUID | None = None
) -> Slice:
    """Up to `SLICE_ROWS` records older than `before`, or newer than `after`, or the newest."""
    found = _matching(auditor, wanted)
    if after is not None:
        rows = list(found.filter(id__gt=after).order_by("id")[: SLICE_ROWS + 1])
        more_newer, more_older = len(rows) > SLICE_ROWS, True
        rows = rows[:SLICE_ROWS][::-1]
    else:
        older = found if before is None else found.filter(id__lt=before)
        rows = list(older.order_by("-id")[: SLICE_ROWS + 1])
        more_newer, more_older = before is not None, len(rows) > SLICE_ROWS
        rows = rows[:SLICE_ROWS]
    return Slice(
        rows=rows,
        newer=rows[0].id if rows and more_newer else None,
        older=rows[-1].id if rows and more_older else None,
    )


def get_record(*, auditor: Reader, id: uuid.UUID) -> Record:
    """One record of the auditor's organisation; raises `NotFound`."""
    found = Record.objects.filter(organization_id=auditor.organization_id, id=id).first()
    if found is None:
        raise NotFound
    return found


def list_context(*, auditor: Reader, context: uuid.UUID) -> list[Record]:
    """Everything recorded in one context, in order; raises `NotFound` where the organisation has no such one."""
    found = list(Record.objects.filter(organization_id=auditor.organization_id, context=context).order_by("occurred_at", "id"))
    if not found:
        raise NotFound
    return found


def list_organizations() -> list[uuid.UUID]:
    """The organisations that have records, seals or a witness."""
    recorded = set(Record.objects.order_by().values_list("organization_id", flat=True).distinct())
    sealed = set(Seal.objects.filter(sequence=1).values_list("organization_id", flat=True))
    return sorted(recorded | sealed | set(witness.organizations()))


def get_verification(*, auditor: Reader) -> Verification | None:
    """How far the organisation's log was found whole."""
    return Verification.objects.filter(organization_id=auditor.organization_id).first()


def _matching(auditor: Reader, wanted: LogFilter) -> QuerySet[Record]:
    found = Record.objects.filter(organization_id=auditor.organization_id)
    if wanted.since:
        start = _start_of(wanted.since)
        found = found.filter(occurred_at__gte=start, id__gte=_first_id(start))
    if wanted.until:
        end = _start_of(wanted.until + timedelta(days=1))
        found = found.filter(occurred_at__lt=end, id__lt=_first_id(end + LATE))
    if wanted.family:
        found = found.filter(action__startswith=f"{wanted.family}.")
    if wanted.context:
        found = found.filter(context=wanted.context)
    if wanted.outcome:
        found = found.filter(outcome=wanted.outcome)
    if wanted.person:
        person_id = parse_uuid(wanted.person)
        named = Q(actor_label__icontains=wanted.person) | Q(target_label__icontains=wanted.person)
        found = found.filter(Q(actor_id=person_id) | Q(target_id=person_id) if person_id else named)
    return found


def _first_id(at: datetime) -> uuid.UUID:
    """The smallest UUIDv7 that could be made at `at`: a period is then a range of the key."""
    milliseconds = max(0, int(at.astimezone(UTC).timestamp() * 1000))
    return uuid.UUID(int=(milliseconds << 80) & ((1 << 128) - 1))


def _start_of(day: date) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day))  # noqa: DTZ001  (made aware here)


def _day(text: object) -> date | None:
    try:
        found = date.fromisoformat(str(text))
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2999 else None
