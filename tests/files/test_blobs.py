"""Bytes are kept as they came, wherever the storage is."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage
from pytest_django import Settings

from suite.audit.models import Record
from suite.files.models import Blob
from suite.files.services import CHUNK, blob_path_or_copy, blob_store
from suite.kernel import clock
from suite.kernel.errors import BadInput
from suite.kernel.refs import SYSTEM
from tests import people

pytestmark = pytest.mark.django_db
BYTES = bytes(range(256)) * (CHUNK // 256 + 1)  # more than is read at a time


class Elsewhere(Storage):
    """Has no paths, as S3 has none."""

    def __init__(self) -> None:
        self.within = FileSystemStorage()

    def exists(self, name: str) -> bool:
        return self.within.exists(name)

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        return self.within.open(name, mode)

    def _save(self, name: str, content: File[bytes]) -> str:
        return self.within.save(name, content)


def kept(content: bytes) -> Blob:
    here = people.organization().id
    found: Blob = blob_store(
        content=BytesIO(content), media_type="audio/ogg", organization_id=here, actor=SYSTEM, now=clock.now()
    )
    return found


@pytest.mark.parametrize("backend", ["django.core.files.storage.FileSystemStorage", f"{__name__}.Elsewhere"])
def test_a_task_has_the_whole_file_on_its_disk(backend: str, tmp_path: Path, settings: Settings) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": backend}}
    blob = kept(BYTES)
    assert (blob.size, bytes(blob.sha256)) == (len(BYTES), hashlib.sha256(BYTES).digest())
    (tmp_path / "work").mkdir()
    assert blob_path_or_copy(blob, tmp_path / "work").read_bytes() == BYTES
    assert Record.objects.get(action="files.blob.stored").details == {"size": len(BYTES), "media_type": "audio/ogg"}


def test_nothing_is_no_file() -> None:
    with pytest.raises(BadInput):
        kept(b"")
    assert not Blob.objects.exists()
