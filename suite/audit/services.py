"""Writing the record: in the act's own transaction, so that there is no act without its record."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import rfc8785
from django.db import transaction

from suite.audit.access import Reader
from suite.audit.models import Record
from suite.kernel import clock
from suite.kernel.context import origin
from suite.kernel.ids import uuid7
from suite.kernel.refs import ActorRef, TargetRef

SAME_READING = timedelta(minutes=5)
LEAF_PREFIX = b"\x00"  # RFC 9162, 2.1.1: leaves and nodes are hashed apart
NO_ORGANIZATION = uuid.UUID(int=0)  # the chain of what belongs to none: a refused sign-in that named nobody


def record(
    action: str,
    *,
    actor: ActorRef,
    target: TargetRef,
    organization_id: uuid.UUID,
    at: datetime,
    context: uuid.UUID | None = None,
    outcome: str = "done",
    **details: Any,
) -> uuid.UUID:
    """Record one act; must run inside the transaction that does it. `details` holds no content, token or message text.

    Raises `RuntimeError` outside a transaction: an act and its record share one.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{action} was recorded outside the transaction of the act")
    where = origin()
    row = Record(
        id=uuid7(),
        organization_id=organization_id,
        occurred_at=at,
        recorded_at=clock.now(),
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=actor.label[:200],
        action=action,
        target_kind=target.kind,
        target_id=target.id,
        target_label=target.label[:200],
        context=context,
        outcome=outcome,
        details=details,
        address=where.address,
        user_agent=where.user_agent,
        assurance=where.assurance,
        correlation_id=where.correlation_id,
        salt=secrets.token_bytes(16),
    )
    row.leaf = leaf_of(row)
    row.save(force_insert=True)
    return row.id


@transaction.atomic
def log_viewed(*, action: str, reader: Reader, target: TargetRef, now: datetime, **details: Any) -> bool:
    """Record that an auditor reads the log; False where the same reading was recorded in the last `SAME_READING`.

    Turning pages, going back and reloading are one reading: otherwise the log would fill with its own readers.
    """
    same = Record.objects.filter(
        organization_id=reader.organization_id, actor_id=reader.user_id, action=action, target_id=target.id, details=details,
        occurred_at__gt=now - SAME_READING,
    )  # fmt: skip
    if same.exists():
        return False
    record(action, actor=reader.ref, target=target, organization_id=reader.organization_id, at=now, **details)
    return True


def leaf_of(row: Record) -> bytes:
    """H(0x00 || H(salt || canonical record)): the record can be forgotten with its salt while the leaf still verifies."""
    commitment = hashlib.sha256(bytes(row.salt) + rfc8785.dumps(canonical(row))).digest()
    return hashlib.sha256(LEAF_PREFIX + commitment).digest()


def canonical(row: Record) -> dict[str, Any]:
    """The record as RFC 8785 writes it: every column but the salt and the leaf, times in UTC microseconds."""
    fields = [field.attname for field in Record._meta.concrete_fields if field.attname not in {"salt", "leaf"}]  # noqa: SLF001
    return {name: _plain(getattr(row, name)) for name in fields}


def _plain(value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(tz=UTC).isoformat(timespec="microseconds")
    return value
