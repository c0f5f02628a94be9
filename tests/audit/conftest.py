"""A chain of records, and a connection that may do to it what no application can."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection, transaction
from pytest_django import Settings

from suite.audit.sealing import seal_due
from suite.audit.services import record
from suite.kernel import clock
from suite.kernel.ids import uuid7
from suite.kernel.refs import SYSTEM, TargetRef
from suite.runtime.folders import folders_at
from suite.runtime.kept import keep_secrets
from suite.runtime.postgres import Postgres
from tests import engines


@pytest.fixture
def witness(tmp_path: Path, settings: Settings) -> Path:
    """An empty witness of the test's own."""
    settings.AUDIT_WITNESS_ROOT = tmp_path / "witness"
    return tmp_path / "witness"


@pytest.fixture
def sealed(transactional_db: None, witness: Path) -> Callable[[int], uuid.UUID]:
    """Makes an organisation with that many sealed records."""

    def make(count: int) -> uuid.UUID:
        organization_id = uuid7()
        with transaction.atomic():
            for number in range(count):
                record("tests.thing.done", actor=SYSTEM, target=TargetRef(kind="thing", id=uuid7(), label=f"n° {number}"),
                       organization_id=organization_id, at=clock.now(), number=number)  # fmt: skip
        assert seal_due() == count
        return organization_id

    return make


@pytest.fixture
def superuser(transactional_db: None) -> Iterator[psycopg.Connection]:
    """The database's superuser, with every trigger asleep."""
    var = engines.FOLDER / "engines"
    postgres = Postgres(folders=folders_at(var=var), secrets=keep_secrets(var))
    url = postgres.url(role="postgres", database=connection.settings_dict["NAME"])
    with psycopg.connect(url, autocommit=True) as found:
        found.execute("SET session_replication_role = replica")
        yield found
