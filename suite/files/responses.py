"""Giving a blob out: the app that owns it has checked the right; the answer is never kept by a cache between us."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from suite.files.models import Blob
from suite.files.ranges import OutOfRange, Part, part_asked
from suite.kernel.errors import NotFound
from suite.kernel.logs import get_logger

log = get_logger(__name__)
CHUNK: Final = 1 << 18  # bytes read at a time, in a thread: a slow disk holds nobody else up


def blob_response(request: HttpRequest, blob: Blob, *, name: str, inline: bool = False) -> HttpResponseBase:
    """`blob`, or the range of it that `request` asks for, as a download called `name` (or for the page, with `inline`).

    Only called behind an access check. Raises `NotFound` where the bytes are gone.
    """
    tag = f'"{bytes(blob.sha256).hex()}"'
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
        "Content-Disposition": content_disposition_header(as_attachment=not inline, filename=name) or "inline",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "ETag": tag,
    }
    asked = request.headers.get("Range", "") if request.method == "GET" else ""  # a range of a HEAD means nothing (14.2)
    try:
        part = part_asked(asked=asked, condition=request.headers.get("If-Range", ""), tag=tag, size=blob.size)
    except OutOfRange:
        return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{blob.size}"})
    whole = Part(0, blob.size)
    headers["Content-Length"] = str((part or whole).length)
    if part is not None:
        headers["Content-Range"] = part.content_range(blob.size)
    try:
        content = default_storage.open(blob.key)
    except FileNotFoundError as error:
        log.warning("blob_without_bytes", blob_id=str(blob.id))
        raise NotFound from error
    if request.method == "HEAD":
        content.close()
        return HttpResponse(content_type=blob.media_type, headers=headers)
    content.seek((part or whole).start)
    return BlobResponse(
        content,
        length=(part or whole).length,
        content_type=blob.media_type,
        headers=headers,
        status=200 if part is None else 206,
    )


class BlobResponse(StreamingHttpResponse):
    """`length` bytes of an open file, which closes with the answer."""

    def __init__(self, content: Any, *, length: int, **answer: Any) -> None:
        super().__init__(_chunks(content, length), **answer)
        self._content = content

    def close(self) -> None:
        super().close()
        self._content.close()


async def _chunks(content: Any, length: int) -> AsyncIterator[bytes]:
    while length > 0:
        chunk = await asyncio.to_thread(content.read, min(CHUNK, length))
        if not chunk:
            return
        length -= len(chunk)
        yield chunk
