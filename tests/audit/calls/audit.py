"""How the services of the audit are called."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from suite.accounts.models import Role
from suite.audit import services
from suite.audit.models import Record
from suite.kernel import clock
from suite.kernel.ids import uuid7
from suite.kernel.refs import SYSTEM, TargetRef
from tests import people

Call = Callable[[], object]
LOG = TargetRef(kind="log", id=None)


def _record() -> Call:
    def call() -> None:
        with transaction.atomic():
            services.record("tests.thing.done", actor=SYSTEM, target=LOG, organization_id=uuid7(), at=clock.now())

    return call


def _view() -> Call:
    auditor = people.person(people.organization(), role=Role.AUDITOR)
    return lambda: services.log_viewed(action="audit.log.viewed", reader=auditor, target=LOG, now=clock.now())


def _recorded() -> Record:
    _record()()
    return Record.objects.latest("id")


def _leaf() -> Call:
    row = _recorded()
    return lambda: services.leaf_of(row)


def _canonical() -> Call:
    row = _recorded()
    return lambda: services.canonical(row)


CALLS: dict[str, Callable[[], Call]] = {"record": _record, "log_viewed": _view}
READS: dict[str, tuple[str, Callable[[], Call]]] = {
    "leaf_of": ("computes a record's leaf", _leaf),
    "canonical": ("writes a record canonically", _canonical),
}
