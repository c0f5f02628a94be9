"""Whatever the owner of the database does to the log is found."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import models, transaction
from django.utils import translation

from suite.audit.chain import first_link, next_link
from suite.audit.models import Pending, Record, Seal, Verification
from suite.audit.sealing import seal_due
from suite.audit.services import record
from suite.audit.tasks import verify_all
from suite.audit.verification import verify_organization, verify_recent
from suite.kernel import clock
from suite.kernel.refs import SYSTEM, TargetRef

Sealed = Callable[[int], uuid.UUID]


def findings(organization_id: uuid.UUID, later: float = 0) -> list[str]:
    with translation.override("en"):
        return verify_organization(organization_id=organization_id, now=clock.now() + timedelta(seconds=later)).sentences


def test_an_untouched_chain_is_whole(sealed: Sealed) -> None:
    one, other = sealed(5), sealed(3)
    assert findings(one, later=3600) == findings(other) == []
    assert Verification.objects.get(organization_id=one).sequence == 5
    out = StringIO()
    call_command("audit_verify", stdout=out)
    assert f"{one}: whole, 5 records" in out.getvalue()


def test_a_flipped_byte_is_found(sealed: Sealed, superuser: psycopg.Connection) -> None:
    organization_id = sealed(5)
    third = Seal.objects.get(organization_id=organization_id, sequence=3).record_id
    superuser.execute("UPDATE audit_record SET target_label = 'n° 3' WHERE id = %s", [third])
    assert findings(organization_id) == ["Record 3 is not what was sealed."]
    with pytest.raises(CommandError):
        call_command("audit_verify", organization=organization_id, stdout=StringIO())


def test_the_daily_task_reads_every_chain(sealed: Sealed, superuser: psycopg.Connection) -> None:
    sealed(2)
    other = sealed(2)
    assert verify_all() == 0
    superuser.execute("UPDATE audit_record SET outcome = 'refused' WHERE organization_id = %s", [other])
    assert verify_all() == 1


OTHER = {
    models.CharField: "'x'",
    models.DateTimeField: "now()",
    models.UUIDField: "gen_random_uuid()",
    models.JSONField: "'{\"number\": 7}'",
    models.BinaryField: "'\\x00'",
    models.PositiveSmallIntegerField: "7",
}
# Their seal finds the record by its id and keeps its leaf: other findings, below.
COLUMNS = [field for field in Record._meta.concrete_fields if field.attname not in {"id", "leaf"}]


@pytest.mark.parametrize("column", COLUMNS, ids=lambda field: field.attname)
def test_each_column_counts(sealed: Sealed, superuser: psycopg.Connection, column: models.Field) -> None:
    organization_id = sealed(2)
    second = Seal.objects.get(organization_id=organization_id, sequence=2).record_id
    superuser.execute(f"UPDATE audit_record SET {column.attname} = {OTHER[type(column)]} WHERE id = %s", [second])
    assert findings(organization_id) == ["Record 2 is not what was sealed."]


def test_a_record_rewritten_with_its_leaf_is_found(sealed: Sealed, superuser: psycopg.Connection) -> None:
    organization_id = sealed(3)
    seal = Seal.objects.get(organization_id=organization_id, sequence=2)
    superuser.execute("UPDATE audit_seal SET leaf = %s WHERE id = %s", [b"x" * 32, seal.id])
    assert "Record 2 does not continue the chain." in findings(organization_id)


def test_a_deleted_record_is_found(sealed: Sealed, superuser: psycopg.Connection) -> None:
    organization_id = sealed(4)
    seal = Seal.objects.get(organization_id=organization_id, sequence=2)
    superuser.execute("DELETE FROM audit_record WHERE id = %s", [seal.record_id])
    assert findings(organization_id) == ["Record 2 is deleted."]
    superuser.execute("DELETE FROM audit_seal WHERE id = %s", [seal.id])
    assert findings(organization_id)[0] == "Record 2 is missing from the chain; the next one is 3."


def test_reordered_records_are_found(sealed: Sealed, superuser: psycopg.Connection) -> None:
    organization_id = sealed(4)
    two, three = (Seal.objects.get(organization_id=organization_id, sequence=number) for number in (2, 3))
    superuser.execute("UPDATE audit_seal SET sequence = 99 WHERE id = %s", [two.id])
    superuser.execute("UPDATE audit_seal SET sequence = 2 WHERE id = %s", [three.id])
    superuser.execute("UPDATE audit_seal SET sequence = 3 WHERE id = %s", [two.id])
    assert "Record 2 does not continue the chain." in findings(organization_id)


def test_a_tail_cut_off_is_found_by_the_witness(sealed: Sealed, superuser: psycopg.Connection) -> None:
    organization_id = sealed(6)
    cut = list(Seal.objects.filter(organization_id=organization_id, sequence__gt=4).values_list("record_id", flat=True))
    superuser.execute("DELETE FROM audit_record WHERE id = ANY(%s)", [cut])
    superuser.execute("DELETE FROM audit_seal WHERE record_id = ANY(%s)", [cut])
    assert findings(organization_id) == ["The tail is cut off: the witness saw record 6, the chain ends at 4."]


def test_a_whole_chain_made_anew_is_found_by_the_witness(sealed: Sealed, superuser: psycopg.Connection) -> None:
    organization_id = sealed(3)
    first = Seal.objects.get(organization_id=organization_id, sequence=1)
    superuser.execute("DELETE FROM audit_seal WHERE organization_id = %s", [organization_id])
    superuser.execute("DELETE FROM audit_record WHERE id = %s", [first.record_id])
    chain = first_link(organization_id)
    for number, seal in enumerate(superuser.execute(
        "SELECT id, leaf FROM audit_record WHERE organization_id = %s ORDER BY id", [organization_id]
    ).fetchall(), start=1):  # fmt: skip
        chain = next_link(chain, organization_id=organization_id, sequence=number, record_id=seal[0], leaf=seal[1])
        superuser.execute(
            "INSERT INTO audit_seal (organization_id, sequence, record_id, leaf, chain, sealed_at) "
            "VALUES (%s, %s, %s, %s, %s, now())",
            [organization_id, number, seal[0], seal[1], chain],
        )
    assert any("witness" in finding for finding in findings(organization_id))


def test_another_organisations_chain_is_found(sealed: Sealed, superuser: psycopg.Connection, witness: Path) -> None:
    ours, theirs = sealed(3), sealed(3)
    superuser.execute("DELETE FROM audit_seal WHERE organization_id = %s", [ours])
    superuser.execute("DELETE FROM audit_record WHERE organization_id = %s", [ours])
    superuser.execute("UPDATE audit_seal SET organization_id = %s WHERE organization_id = %s", [ours, theirs])
    superuser.execute("UPDATE audit_record SET organization_id = %s WHERE organization_id = %s", [ours, theirs])
    (witness / str(ours)).rename(witness / "aside")
    (witness / "aside").rename(witness.parent / "aside")
    found = findings(ours)
    assert "Record 1 does not continue the chain." in found
    assert "Record 1 is not what was sealed." in found
    assert findings(theirs) == ["The tail is cut off: the witness saw record 3, the chain ends at 0."]


def test_a_record_put_in_behind_the_sealer_is_found(sealed: Sealed, superuser: psycopg.Connection) -> None:
    organization_id = sealed(2)
    superuser.execute(
        "INSERT INTO audit_record SELECT (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid()))).* "
        "FROM audit_record r WHERE organization_id = %s LIMIT 1",
        [organization_id],
    )
    assert findings(organization_id) == []
    assert findings(organization_id, later=120) == ["Records that have no seal and do not wait for one: 1."]


def test_a_record_deleted_before_its_seal_is_found(sealed: Sealed, superuser: psycopg.Connection) -> None:
    organization_id = sealed(2)
    Pending.objects.create(record_id=uuid.uuid4(), organization_id=organization_id)
    assert seal_due() == 0
    assert findings(organization_id) == ["Records deleted before they were sealed: 1."]


def test_a_forged_witness_is_found(sealed: Sealed, witness: Path) -> None:
    organization_id = sealed(2)
    path = next((witness / str(organization_id)).iterdir())
    line = json.loads(path.read_text())
    path.write_text(json.dumps({**line, "sequence": 1}) + "\n")
    assert findings(organization_id) == [f"The witness was changed: {path.name}, line 1."]


def test_a_line_broken_off_by_a_power_cut_is_no_forgery(sealed: Sealed, witness: Path) -> None:
    organization_id = sealed(2)
    path = next((witness / str(organization_id)).iterdir())
    with path.open("a") as file:
        file.write('{"sequence": 3, "cha')
    assert findings(organization_id) == []


def test_what_is_witnessed_after_a_power_cut_is_whole(sealed: Sealed, witness: Path, superuser: psycopg.Connection) -> None:
    organization_id = sealed(2)
    path = next((witness / str(organization_id)).iterdir())
    before = path.read_text()
    path.write_text(before + '{"sequence": 3, "cha')
    with transaction.atomic():
        record("tests.thing.done", actor=SYSTEM, target=TargetRef(kind="thing", id=None), organization_id=organization_id,
               at=clock.now())  # fmt: skip
    assert seal_due() == 1
    assert findings(organization_id) == []
    assert path.read_text().startswith(before)
    superuser.execute("DELETE FROM audit_seal WHERE organization_id = %s AND sequence = 3", [organization_id])
    assert findings(organization_id)[0] == "The tail is cut off: the witness saw record 3, the chain ends at 2."


def test_a_broken_line_before_others_is_a_change(sealed: Sealed, witness: Path) -> None:
    organization_id = sealed(2)
    path = next((witness / str(organization_id)).iterdir())
    path.write_text('{"sequence": 1, "cha\n' + path.read_text())
    assert findings(organization_id) == [f"The witness was changed: {path.name}, line 1."]


def test_a_folder_that_is_no_organisations_is_left_alone(sealed: Sealed, witness: Path) -> None:
    sealed(2)
    (witness / "lost+found").mkdir()
    assert verify_all() == 0


def test_records_that_nobody_seals_are_found(transactional_db: None, witness: Path) -> None:
    organization_id = uuid.uuid4()
    with transaction.atomic():
        record("tests.thing.done", actor=SYSTEM, target=TargetRef(kind="thing", id=None), organization_id=organization_id,
               at=clock.now())  # fmt: skip
    assert findings(organization_id, later=50) == []
    (late,) = findings(organization_id, later=70)
    assert late.startswith("Records that have waited over a minute for their seal: 1.")
    assert verify_all() == 0
    assert seal_due() == 1
    assert findings(organization_id, later=70) == []


def test_the_recent_is_followed_and_a_finding_stays(sealed: Sealed, superuser: psycopg.Connection) -> None:
    organization_id = sealed(5)
    assert verify_recent(limit=3) == 3
    assert verify_recent(limit=3) == 2
    assert verify_recent() == 0
    kept = Verification.objects.get(organization_id=organization_id)
    assert (kept.sequence, kept.findings) == (5, [])
    other = sealed(2)
    superuser.execute("UPDATE audit_record SET actor_label = 'x' WHERE organization_id = %s", [other])
    verify_recent()
    assert len(Verification.objects.get(organization_id=other).findings) == 2
    verify_recent()
    assert len(Verification.objects.get(organization_id=other).findings) == 2
