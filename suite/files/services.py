"""Storing and forgetting blobs."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction

from suite.audit.public import NO_ORGANIZATION, record
from suite.files.models import Blob
from suite.kernel.errors import BadInput
from suite.kernel.ids import uuid7
from suite.kernel.refs import SYSTEM, ActorRef, TargetRef

CHUNK = 1 << 20
ORPHAN_AFTER = timedelta(days=1)  # a file is there a moment before its row; no upload lasts a day


@transaction.atomic
def blob_store(
    *,
    content: BinaryIO,
    media_type: str,
    organization_id: uuid.UUID,
    actor: ActorRef,
    now: datetime,
    context: uuid.UUID | None = None,
) -> Blob:
    """Keep the bytes of `content` under a key of our own.

    A row that does not commit leaves at most an orphaned file, never a row without its bytes. Raises `BadInput` for no bytes.
    """
    digest, size = hashlib.sha256(), 0
    while chunk := content.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
    if size == 0:
        raise BadInput
    content.seek(0)
    blob_id = uuid7()
    key = default_storage.save(f"{organization_id.hex[-4:]}/{blob_id.hex}", File(content))
    blob = Blob.objects.create(id=blob_id, organization_id=organization_id, key=key, media_type=media_type, size=size,
                               sha256=digest.digest(), created_at=now)  # fmt: skip
    record("files.blob.stored", actor=actor, target=TargetRef(kind="blob", id=blob.id), organization_id=organization_id, at=now,
           context=context, size=size, media_type=media_type)  # fmt: skip
    return blob


def blob_path_or_copy(blob: Blob, folder: Path) -> Path:
    """A local path to the bytes of `blob`: the storage's own where it has one, else a copy in `folder`."""
    try:
        return Path(default_storage.path(blob.key))
    except NotImplementedError:
        target = folder / blob.id.hex
        with default_storage.open(blob.key) as source, target.open("wb") as copy:
            while chunk := source.read(CHUNK):
                copy.write(chunk)
        return target


@transaction.atomic
def blob_delete(*, blob: Blob, actor: ActorRef, now: datetime, context: uuid.UUID | None = None, reason: str = "") -> None:
    """Forget `blob`, row and bytes; the caller has let go of it. Bytes that cannot be removed now are swept a day later."""
    record("files.blob.deleted", actor=actor, target=TargetRef(kind="blob", id=blob.id), organization_id=blob.organization_id,
           at=now, context=context, size=blob.size, reason=reason)  # fmt: skip
    key = blob.key
    blob.delete()
    transaction.on_commit(lambda: default_storage.delete(key), robust=True)


def orphans_sweep(*, now: datetime) -> int:
    """Remove the files that no row names and that are older than `ORPHAN_AFTER`; how many they were."""
    swept = 0
    for key in _orphans(now=now):
        with transaction.atomic():
            record("files.orphan.swept", actor=SYSTEM, target=TargetRef(kind="blob", id=None), organization_id=NO_ORGANIZATION,
                   at=now, size=default_storage.size(key))  # fmt: skip
            default_storage.delete(key)
        swept += 1
    return swept


def _orphans(*, now: datetime) -> Iterator[str]:
    """One folder at a time, so that a great store is never one list."""
    try:
        folders = default_storage.listdir("")[0]
    except FileNotFoundError:
        return
    for folder in folders:
        keys = [f"{folder}/{name}" for name in default_storage.listdir(folder)[1]]
        named = set(Blob.objects.filter(key__startswith=f"{folder}/").values_list("key", flat=True))
        yield from (key for key in keys if key not in named and default_storage.get_modified_time(key) < now - ORPHAN_AFTER)
