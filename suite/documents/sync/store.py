"""The log of a document's updates in PostgreSQL: append, read, shorten.

Appending holds a shared advisory lock on the document, shortening an exclusive one, so that no row is being written with an id
below the ones that a snapshot covers.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from pycrdt import Doc

from suite.audit.public import record
from suite.documents.errors import UnreadableUpdate
from suite.documents.models import Document, DocumentSnapshot, DocumentUpdate
from suite.documents.sync.update import extent_of, state_of
from suite.kernel.logs import get_logger
from suite.kernel.refs import ActorRef
from suite.resources.public import Resource

log = get_logger(__name__)

KEPT = timedelta(minutes=10)  # a covered row stays this long, so that replicas elsewhere still find it
SNAPSHOTS_KEPT = 2


@dataclass(frozen=True, slots=True)
class Row:
    id: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Stored:
    """A document as the database has it: the newest snapshot, empty where there is none, and what came after."""

    snapshot: bytes
    rows: list[Row]

    @property
    def size(self) -> int:
        return len(self.snapshot) + sum(len(row.data) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Change:
    """One update to append, and who made it."""

    data: bytes
    author: ActorRef
    recorded: bool  # whether the act of editing is on record already


def load(document_id: uuid.UUID) -> Stored:
    """All that makes the document."""
    snapshot = DocumentSnapshot.objects.filter(document_id=document_id).order_by("-up_to").first()
    after = snapshot.up_to if snapshot else 0
    return Stored(snapshot=bytes(snapshot.data) if snapshot else b"", rows=read_after(document_id, after))


def read_after(document_id: uuid.UUID, after: int, *, known: Collection[int] = ()) -> list[Row]:
    """The updates with an id above `after`, without those that are `known`."""
    updates = DocumentUpdate.objects.filter(document_id=document_id, id__gt=after).exclude(id__in=known).order_by("id")
    return [Row(number, bytes(data)) for number, data in updates.values_list("id", "data")]


@transaction.atomic
def append(document_id: uuid.UUID, changes: Sequence[Change], *, now: datetime) -> list[int]:
    """Write `changes` behind the others; gives their ids. The first change of a sitting puts on record who edits."""
    _lock(document_id, shared=True)
    rows = DocumentUpdate.objects.bulk_create(
        DocumentUpdate(document_id=document_id, data=change.data, author_id=change.author.id, created_at=now)
        for change in changes
    )
    unrecorded = {change.author for change in changes if not change.recorded}
    resource = Resource.objects.get(pk=document_id)
    for author in unrecorded:
        record("documents.document.edited", actor=author, target=resource.ref, organization_id=resource.organization_id, at=now)
    Resource.objects.filter(pk=document_id, updated_at__lt=now - timedelta(seconds=30)).update(updated_at=now)
    return [row.id for row in rows]


@transaction.atomic
def shorten(document_id: uuid.UUID, *, now: datetime) -> bool:
    """Put the log into one snapshot and drop the rows that it has covered for `KEPT`; False where there is nothing to do."""
    _lock(document_id, shared=False)
    if not Document.objects.filter(pk=document_id).exists():
        return False
    before = DocumentSnapshot.objects.filter(document_id=document_id).order_by("-up_to").first()
    stored = load(document_id)
    up_to, data = covered(stored)
    if up_to == 0 or (before is not None and up_to <= before.up_to):
        return False
    DocumentSnapshot.objects.create(document_id=document_id, up_to=up_to, data=data, created_at=now)
    kept = DocumentSnapshot.objects.filter(document_id=document_id).order_by("-up_to").values_list("up_to", flat=True)
    oldest = list(kept[:SNAPSHOTS_KEPT])[-1]
    DocumentSnapshot.objects.filter(document_id=document_id, up_to__lt=oldest).delete()
    DocumentUpdate.objects.filter(document_id=document_id, id__lte=oldest, created_at__lt=now - KEPT).delete()
    return True


def covered(stored: Stored) -> tuple[int, bytes]:
    """The last row before any that still waits for another, and the whole document as one update."""
    doc: Doc[Any] = Doc()
    apply_stored(doc, stored)
    state = state_of(doc.get_state())
    up_to = 0
    for row in stored.rows:
        try:
            if not extent_of(row.data).is_within(state):
                break
        except UnreadableUpdate:
            break
        up_to = row.id
    return up_to, doc.get_update()


def apply_stored(doc: Doc[Any], stored: Stored) -> None:
    """Bring `doc` to what is stored; a row that cannot be applied is left out and told to the operators."""
    if stored.snapshot:
        doc.apply_update(stored.snapshot)
    for row in stored.rows:
        try:
            doc.apply_update(row.data)
        except (ValueError, RuntimeError):
            log.exception("update_unreadable", row=row.id)


def _lock(document_id: uuid.UUID, *, shared: bool) -> None:
    key = int.from_bytes(document_id.bytes[8:], "big", signed=True)  # the random half of a UUIDv7
    how = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {how}(%s)", [key])
