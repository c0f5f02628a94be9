"""How the services of files are called."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

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


CALLS: dict[str, Callable[[], Call]] = {"blob_store": _store}
READS: dict[str, tuple[str, Callable[[], Call]]] = {"blob_path_or_copy": ("finds the bytes for a worker of ours", _path)}
