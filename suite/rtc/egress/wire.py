"""What a media worker and the egress process say to each other: frames on a Unix stream, one connection for each recording."""

from __future__ import annotations

import asyncio
import json
import struct
from typing import Any, Final

HEAD: Final = struct.Struct("!IB")  # length of the body, kind
PACKET: Final = struct.Struct("!QIQIB")  # arrival (ns), SSRC, extended sequence number, timestamp, flag
LONGEST: Final = 65536  # bytes of a body

START: Final = 1  # JSON: what to record, and where to
MEDIA: Final = 2  # PACKET, then the payload; the flag is 1 for RED, and for a frame's last packet
STOP: Final = 3  # JSON: reason, failed, dropped
# JSON, from the egress process: egress_id, filename, started_at, ended_at (ns), bytes, duration (ns), error, earlier (files)
PROGRESS: Final = 4
KEYFRAME: Final = 5  # JSON, from the egress process: the picture cannot go on without one
# JSON: mime, parameter_sets, destination: what comes from here on is of another codec, and goes to another file
CODEC: Final = 6


class BadFrame(Exception):
    """What came is no frame of this protocol."""


def frame(kind: int, body: bytes) -> bytes:
    """A frame."""
    return HEAD.pack(len(body), kind) + body


def message(kind: int, fields: dict[str, Any]) -> bytes:
    """A frame with a JSON body."""
    return frame(kind, json.dumps(fields).encode())


def fields_of(body: bytes) -> dict[str, Any]:
    """The JSON object in a body; raises `BadFrame` where it is none."""
    try:
        found = json.loads(body)
    except ValueError as error:
        raise BadFrame("not JSON") from error
    if not isinstance(found, dict):
        raise BadFrame("not an object")
    return found


async def read(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The next frame; kind 0 where the stream has ended. Raises `BadFrame` where a body is too long."""
    try:
        length, kind = HEAD.unpack(await reader.readexactly(HEAD.size))
        if length > LONGEST:
            raise BadFrame("too long")
        return kind, await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return 0, b""
