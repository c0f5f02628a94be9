"""What a web process and a worker say to each other over one Unix stream: length-prefixed, multiplexed, bounded.

A frame is `length (4 bytes) | kind (1) | channel (8) | payload`, big-endian. A channel is one browser's websocket or one
call of the server API; numbers are the web process's own.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from suite.rtc.core.errors import RemoteError

HEADER: Final = struct.Struct(">IBQ")
MAX_PAYLOAD: Final = 4 * 1024 * 1024  # bytes


class Kind(IntEnum):
    JOIN = 1  # web: claims and join request of a websocket
    MESSAGE = 2  # both: one signalling message, opaque
    GONE = 3  # web: the websocket is closed
    CALL = 4  # web: a call of the server API
    RESTORE = 5  # web: take over a room, with what is remembered of it
    DRAIN = 6  # web: take no new rooms
    ACCEPT = 10  # worker: the websocket is let in
    REFUSE = 11  # worker: it is not; status and sentence
    CLOSE = 12  # worker: close it with this code
    REPLY = 13  # worker: the answer to a call
    ERROR = 14  # worker: its refusal; code and sentence
    ROOM_ENDED = 15  # worker: the room named in the payload is gone
    LOAD = 16  # worker: how much it has to do
    REMEMBER = 17  # worker: keep this of a room, or forget it
    ROOM_MOVED = 18  # worker: the room is to go on elsewhere
    SYNCED = 19  # worker: it has said which rooms it holds


OF_NO_CHANNEL: Final = frozenset({Kind.RESTORE, Kind.DRAIN})
NEWS: Final = frozenset({Kind.ROOM_ENDED, Kind.ROOM_MOVED, Kind.LOAD, Kind.REMEMBER})


@dataclass(frozen=True, slots=True)
class Frame:
    kind: Kind
    channel: int
    payload: bytes = b""

    def encode(self) -> bytes:
        """The bytes on the stream; raises `RemoteError` beyond `MAX_PAYLOAD`."""
        if len(self.payload) > MAX_PAYLOAD:
            raise RemoteError("frame too long")
        return HEADER.pack(len(self.payload), self.kind, self.channel) + self.payload


class FrameReader:
    """Cuts a stream of bytes into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes; raises `RemoteError` where the stream is not ours."""
        self._buffer += data
        frames = []
        while len(self._buffer) >= HEADER.size:
            length, kind, channel = HEADER.unpack_from(self._buffer)
            if length > MAX_PAYLOAD:
                raise RemoteError("frame too long")
            if len(self._buffer) < HEADER.size + length:
                break
            payload = bytes(self._buffer[HEADER.size : HEADER.size + length])
            del self._buffer[: HEADER.size + length]
            try:
                frames.append(Frame(Kind(kind), channel, payload))
            except ValueError as error:
                raise RemoteError("unknown kind of frame") from error
        return frames


def pack(head: dict[str, Any], body: bytes = b"") -> bytes:
    """A small JSON object followed by bytes, as JOIN, CALL, REFUSE, CLOSE and ERROR carry them."""
    text = json.dumps(head, separators=(",", ":")).encode()
    return struct.pack(">I", len(text)) + text + body


def unpack(payload: bytes) -> tuple[dict[str, Any], bytes]:
    """The reverse of `pack`; raises `RemoteError` where it is not that."""
    try:
        (length,) = struct.unpack_from(">I", payload)
        head = json.loads(payload[4 : 4 + length])
    except (struct.error, ValueError) as error:
        raise RemoteError("malformed frame") from error
    if not isinstance(head, dict):
        raise RemoteError("malformed frame")
    return head, payload[4 + length :]
