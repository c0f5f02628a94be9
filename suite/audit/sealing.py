"""The sealer: a second or so after the act, each record's leaf joins its organisation's chain.

Writers of records never wait for one another; sealers of one organisation do, under an advisory lock.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import connection, transaction

from suite.audit import witness
from suite.audit.chain import first_link, next_link
from suite.audit.models import Pending, Record, Seal
from suite.kernel import clock
from suite.kernel.logs import get_logger

log = get_logger(__name__)

LOCK_SPACE = 0x5EA1  # first half of pg_advisory_xact_lock's two keys
BATCH = 500


def seal_due() -> int:
    """Seal what waits, at most `BATCH` records an organisation; how many were sealed."""
    now = clock.now()
    waiting = Pending.objects.order_by().values_list("organization_id", flat=True).distinct()
    return sum(_seal(organization_id, now) for organization_id in list(waiting))


def _seal(organization_id: uuid.UUID, now: datetime) -> int:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK_SPACE, _lock_of(organization_id)])
            if not cursor.fetchone()[0]:
                return 0  # another sealer is at it
        ids = list(
            Pending.objects.filter(organization_id=organization_id)
            .order_by("record_id")
            .values_list("record_id", flat=True)[:BATCH]
        )
        records = Record.objects.filter(id__in=ids, organization_id=organization_id).order_by("id").only("id", "leaf")
        last = Seal.objects.filter(organization_id=organization_id).order_by("-sequence").first()
        sequence, chain = (last.sequence, bytes(last.chain)) if last else (0, first_link(organization_id))
        seals: list[Seal] = []
        for record in records:
            sequence += 1
            leaf = bytes(record.leaf)
            chain = next_link(chain, organization_id=organization_id, sequence=sequence, record_id=record.id, leaf=leaf)
            seals.append(
                Seal(
                    organization_id=organization_id,
                    sequence=sequence,
                    record_id=record.id,
                    leaf=leaf,
                    chain=chain,
                    sealed_at=now,
                )
            )
        Seal.objects.bulk_create(seals)
        # What waits without its record was deleted behind our back: it stays, and verification finds it.
        Pending.objects.filter(record_id__in=[seal.record_id for seal in seals]).delete()
    if seals:
        _tell_witness(seals[-1])
    return len(seals)


def _tell_witness(seal: Seal) -> None:
    """A head that cannot be written is said in the log; the next one covers it."""
    try:
        witness.append(organization_id=seal.organization_id, sequence=seal.sequence, chain=bytes(seal.chain), at=seal.sealed_at)
    except OSError:
        log.exception("audit_witness_unwritable")


def _lock_of(organization_id: uuid.UUID) -> int:
    return int.from_bytes(organization_id.bytes[-4:], "big", signed=True)
