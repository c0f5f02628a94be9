"""The record cannot be changed or deleted: by the application's role, nor by the owner of the tables."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import ProgrammingError, connection, transaction

from suite.audit.models import Pending, Record, Seal
from suite.audit.sealing import seal_due
from suite.audit.services import record
from suite.audit.verification import verify_organization
from suite.kernel import clock
from suite.kernel.ids import uuid7
from suite.kernel.refs import SYSTEM, TargetRef

Sealed = Callable[[int], uuid.UUID]


def as_role(statement: str, role: str | None) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        if role:
            cursor.execute(f"SET LOCAL ROLE {connection.ops.quote_name(role)}")
        cursor.execute(statement)


@pytest.mark.parametrize("role", ["application", None])
@pytest.mark.parametrize("table", ["audit_record", "audit_seal"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET organization_id = gen_random_uuid()", "DELETE FROM {}"])
def test_neither_change_nor_deletion(sealed: Sealed, role: str | None, table: str, statement: str) -> None:
    sealed(2)
    with pytest.raises(ProgrammingError):
        as_role(statement.format(table), role and settings.DATABASE_APPLICATION_ROLE)
    assert (Record.objects.count(), Seal.objects.count()) == (2, 2)


@pytest.mark.parametrize("table", ["audit_record", "audit_seal"])
def test_the_application_cannot_empty_it(sealed: Sealed, table: str) -> None:
    sealed(1)
    with pytest.raises(ProgrammingError):
        as_role(f"TRUNCATE {table}", settings.DATABASE_APPLICATION_ROLE)


def test_the_application_records_seals_and_reads(transactional_db: None, witness: object) -> None:
    organization_id = uuid7()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {connection.ops.quote_name(settings.DATABASE_APPLICATION_ROLE)}")
        record("tests.thing.done", actor=SYSTEM, target=TargetRef(kind="thing", id=None), organization_id=organization_id,
               at=clock.now())  # fmt: skip
        assert Pending.objects.count() == 1
        assert seal_due() == 1
        assert verify_organization(organization_id=organization_id, now=clock.now()).findings == []
    assert Pending.objects.count() == 0


def test_an_act_that_fails_leaves_no_record(transactional_db: None) -> None:
    def act() -> None:
        with transaction.atomic():
            record("tests.thing.done", actor=SYSTEM, target=TargetRef(kind="thing", id=None), organization_id=uuid7(),
                   at=clock.now())  # fmt: skip
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011  (ours, above)
        act()
    assert Record.objects.count() == 0
    with pytest.raises(RuntimeError):
        record(
            "tests.thing.done", actor=SYSTEM, target=TargetRef(kind="thing", id=None), organization_id=uuid7(), at=clock.now()
        )


def test_sealers_and_writers_at_once_make_one_chain(transactional_db: None, witness: object) -> None:
    organization_id = uuid7()
    stop = threading.Event()

    def write() -> None:
        for _ in range(40):
            with transaction.atomic():
                record("tests.thing.done", actor=SYSTEM, target=TargetRef(kind="thing", id=None),
                       organization_id=organization_id, at=clock.now())  # fmt: skip
        connection.close()

    def seal() -> None:
        while not stop.wait(0.005):
            seal_due()
        connection.close()

    writers = [threading.Thread(target=write) for _ in range(3)]
    sealers = [threading.Thread(target=seal) for _ in range(2)]
    for thread in (*writers, *sealers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in sealers:
        thread.join()
    while seal_due():
        pass
    assert Seal.objects.count() == 120
    assert verify_organization(organization_id=organization_id, now=clock.now()).findings == []
