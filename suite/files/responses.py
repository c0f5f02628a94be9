"""Giving a blob out: the app that owns it has checked the right; the answer is never kept by a cache between us."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.http import FileResponse

from suite.files.models import Blob


def blob_response(blob: Blob, *, name: str, inline: bool = False) -> FileResponse:
    """`blob` as a download called `name` (or shown in the page); only called behind an access check."""
    content = default_storage.open(blob.key)
    response = FileResponse(content, as_attachment=not inline, filename=name, content_type=blob.media_type)
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
