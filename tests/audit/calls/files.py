"""How the services of files are called."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.core.files import File
from django.core.files.storage import default_storage

from suite.files import services
from suite.kernel import clock
from suite.kernel.refs import SYSTEM
from tests import people
from tests.audit.worlds import some_bytes

Call = Callable[[], object]


def _store() -> Call:
    here = people.organization().id
    return lambda: services.blob_store(content=some_bytes(), media_type="audio/ogg", organization_id=here, actor=SYSTEM,
                                       now=clock.now())  # fmt: skip


def _path() -> Call:
    here = people.organization().id
    blob = services.blob_store(
        content=some_bytes(), media_type="audio/ogg", organization_id=here, actor=SYSTEM, now=clock.now()
    )
    return lambda: services.blob_path_or_copy(blob, Path(tempfile.gettempdir()))


def _delete() -> Call:
    here = people.organization().id
    blob = services.blob_store(
        content=some_bytes(), media_type="audio/ogg", organization_id=here, actor=SYSTEM, now=clock.now()
    )
    return lambda: services.blob_delete(blob=blob, actor=SYSTEM, now=clock.now())


def _sweep() -> Call:
    key = default_storage.save("0000/nobodys", File(some_bytes()))
    long_ago = (clock.now() - timedelta(days=2)).timestamp()
    os.utime(default_storage.path(key), (long_ago, long_ago))
    return lambda: services.orphans_sweep(now=clock.now())


CALLS: dict[str, Callable[[], Call]] = {"blob_store": _store, "blob_delete": _delete, "orphans_sweep": _sweep}
READS: dict[str, tuple[str, Callable[[], Call]]] = {"blob_path_or_copy": ("finds the bytes for a worker of ours", _path)}
