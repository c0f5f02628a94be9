"""The auditors' pages: the log, and one meeting's."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from suite.audit.access import Reader, access_log
from suite.audit.models import Record
from suite.audit.presence import WIDTH, chart_of
from suite.audit.selectors import OUTCOMES, LogFilter, filter_of, get_record, get_verification, list_context, list_records
from suite.audit.services import log_viewed
from suite.audit.words import DETAILS, FAMILIES, KINDS, OUTCOME_WORDS, VALUES, finding_sentence, sentence_of
from suite.kernel import clock
from suite.kernel.errors import NotFound
from suite.kernel.filters import Field, Filters
from suite.kernel.ids import parse_uuid
from suite.kernel.refs import TargetRef

STARTED = (
    "meetings.transcription.started",
    "meetings.transcription.stopped",
    "meetings.recording.started",
    "meetings.recording.stopped",
)
AGREED = ("meetings.consent.given", "meetings.consent.declined")
COMES_AND_GOES = ("meetings.participant.joined", "meetings.participant.left")


@require_GET
def log(request: HttpRequest) -> HttpResponse:
    """The organisation's log; the reading of it is recorded too."""
    auditor, wanted = access_log(request), filter_of(request.GET)
    opened = _opened(auditor, request)
    before, after = parse_uuid(request.GET.get("before", "")), parse_uuid(request.GET.get("after", ""))
    found = list_records(auditor=auditor, wanted=wanted, before=before, after=after)
    details = wanted.values() | ({"record": str(opened.id)} if opened else {})
    log_viewed(action="audit.log.viewed", reader=auditor, target=TargetRef(kind="log", id=None), now=clock.now(), **details)
    place = {"before": before, "after": after}
    context = {
        "rows": [_row(record) | {"query": wanted.query(record=record.id, **place)} for record in found.rows],
        "filter": wanted,
        "filters": _filters(wanted),
        "newer": wanted.query(after=found.newer) if found.newer else "",
        "older": wanted.query(before=found.older) if found.older else "",
        **_verified(auditor),
        "opened": _whole(opened) if opened else None,
        "back": wanted.query(**place),
    }
    return render(request, "audit/log.html", context)


@require_GET
def context(request: HttpRequest, context_id: uuid.UUID) -> HttpResponse:
    """One meeting's log: who was there when, what was started by whom, who agreed. Never what was said or written."""
    auditor = access_log(request)
    records = list_context(auditor=auditor, context=context_id)
    now = clock.now()
    chart = chart_of(records, now=now)
    log_viewed(action="audit.context.viewed", reader=auditor, now=now,
               target=TargetRef(kind="meeting", id=context_id, label=chart.title))  # fmt: skip
    shown = {
        "chart": chart,
        "width": WIDTH,
        "started": [_row(record) for record in records if record.action in STARTED],
        "agreed": [_row(record) for record in records if record.action in AGREED],
        "others": [_row(record) for record in records if record.action not in {*STARTED, *AGREED, *COMES_AND_GOES}],
        **_verified(auditor),
        "context_id": context_id,
    }
    return render(request, "audit/context.html", shown)


def _filters(wanted: LogFilter) -> Filters:
    values = wanted.values()
    outcomes = [(one, OUTCOME_WORDS[one]) for one in OUTCOMES]
    every, hint = _("All"), _("Name, or part of it")
    return Filters(
        name="audit",
        action=reverse("audit:log"),
        clear=reverse("audit:log"),
        hidden=[("context", values.get("context", ""))],
        fields=[
            Field(kind="date", name="since", label=_("From"), value=values.get("since", "")),
            Field(kind="date", name="until", label=_("Until"), value=values.get("until", "")),
            Field(
                kind="choice",
                name="family",
                label=_("Kind of act"),
                value=wanted.family,
                every=every,
                options=[*FAMILIES.items()],
            ),
            Field(kind="choice", name="outcome", label=_("Outcome"), value=wanted.outcome, every=every, options=outcomes),
            Field(kind="search", name="person", label=_("Person"), value=wanted.person, hint=hint),
        ],
    )


def _opened(auditor: Reader, request: HttpRequest) -> Record | None:
    if "record" not in request.GET:
        return None
    wanted = parse_uuid(request.GET["record"])
    if wanted is None:
        raise NotFound
    return get_record(auditor=auditor, id=wanted)


def _verified(auditor: Reader) -> dict[str, Any]:
    found = get_verification(auditor=auditor)
    return {"verification": found, "findings": [finding_sentence(one) for one in found.findings[:5]] if found else []}


def _row(record: Record) -> dict[str, Any]:
    on_oneself = record.actor_label == record.target_label
    return {
        "record": record,
        "sentence": sentence_of(record.action, on_oneself=on_oneself),
        "kind": KINDS.get(record.target_kind, record.target_kind),
    }


def _whole(record: Record) -> dict[str, Any]:
    details = [(DETAILS.get(name, name), _text(value)) for name, value in sorted(record.details.items())]
    return _row(record) | {"details": details, "leaf": bytes(record.leaf).hex()}


def _text(value: Any) -> Any:
    if isinstance(value, list):
        return ", ".join(str(_text(one)) for one in value)
    return VALUES.get(value, value) if isinstance(value, str | bool) else value
