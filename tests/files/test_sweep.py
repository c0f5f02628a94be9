"""Bytes go with their row, and what no row names goes after a day."""

from __future__ import annotations

import os
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction

from suite.audit.models import Record
from suite.files.models import Blob
from suite.files.services import blob_delete, blob_store, orphans_sweep
from suite.kernel import clock
from suite.kernel.refs import SYSTEM
from tests import people

pytestmark = pytest.mark.django_db(transaction=True)


def a_blob() -> Blob:
    here = people.organization().id
    return blob_store(content=BytesIO(b"sound"), media_type="audio/ogg", organization_id=here, actor=SYSTEM, now=clock.now())


def aged(key: str, *, days: float) -> str:
    at = (clock.now() - timedelta(days=days)).timestamp()
    os.utime(default_storage.path(key), (at, at))
    return key


def test_a_blob_goes_with_its_bytes_and_is_recorded(engines):
    blob = a_blob()
    blob_delete(blob=blob, actor=SYSTEM, now=clock.now(), reason="expired")
    assert not Blob.objects.exists()
    assert not default_storage.exists(blob.key)
    record = Record.objects.get(action="files.blob.deleted")
    assert record.details == {"size": 5, "reason": "expired"}


def test_a_deletion_that_is_undone_keeps_the_bytes(engines):
    blob = a_blob()
    with transaction.atomic():
        blob_delete(blob=Blob.objects.get(), actor=SYSTEM, now=clock.now())
        transaction.set_rollback(True)
    assert Blob.objects.exists()
    with default_storage.open(blob.key) as kept:
        assert kept.read() == b"sound"


def test_what_no_row_names_goes_after_a_day_and_nothing_else(engines):
    kept = aged(a_blob().key, days=90)
    young = aged(default_storage.save("0000/young", File(BytesIO(b"x"))), days=0.9)
    orphan = aged(default_storage.save("0000/orphan", File(BytesIO(b"x"))), days=1.1)
    assert orphans_sweep(now=clock.now()) == 1
    assert orphans_sweep(now=clock.now()) == 0
    assert [default_storage.exists(key) for key in (kept, young, orphan)] == [True, True, False]
    assert Record.objects.filter(action="files.orphan.swept").count() == 1
    default_storage.delete(young)
