"""y-websocket's frames, and the one that ours adds for a page that asks for it.

Source: https://github.com/yjs/y-protocols (`sync.js`, `awareness.js`, `auth.js`) and y-websocket's message numbers. Frames of
number 100 hold JSON: a page asks `{"type": "stored", "n": 7}` and is answered the same once all it sent before is in the
database; it is told `{"type": "title" | "role", …}`. A client that never sends one is never sent one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from suite.documents.errors import UnreadableUpdate
from suite.documents.sync.lib0 import Reader, sized, uint

SYNC, AWARENESS, AUTH, AWARENESS_QUERY, WORD = 0, 1, 2, 3, 100
STEP_1, STEP_2, UPDATE = 0, 1, 2
PERMISSION_DENIED = 0
WORD_BYTES_MAX = 1_000


@dataclass(frozen=True, slots=True)
class AskedState:
    """Sync step 1: what the client has; it asks for the rest."""

    vector: bytes


@dataclass(frozen=True, slots=True)
class Written:
    """Sync step 2 or an update: what the client adds."""

    update: bytes


@dataclass(frozen=True, slots=True)
class Present:
    """Awareness entries, still packed."""

    entries: bytes


@dataclass(frozen=True, slots=True)
class AskedPresence:
    """The client asks who is there."""


@dataclass(frozen=True, slots=True)
class Word:
    """A frame of our own page's."""

    message: dict[str, Any]


Frame = AskedState | Written | Present | AskedPresence | Word


def read_frame(data: bytes) -> Frame:
    """The frame that `data` is; raises `UnreadableUpdate` for anything else."""
    reader = Reader(data)
    frame = _read(reader)
    if not reader.ended:
        raise UnreadableUpdate
    return frame


def _read(reader: Reader) -> Frame:
    kind = reader.uint()
    if kind == SYNC:
        step = reader.uint()
        body = reader.bytes()
        if step == STEP_1:
            return AskedState(body)
        if step in {STEP_2, UPDATE}:
            return Written(body)
    elif kind == AWARENESS:
        return Present(reader.bytes())
    elif kind == AWARENESS_QUERY:
        return AskedPresence()
    elif kind == WORD:
        return Word(_word(reader.bytes()))
    raise UnreadableUpdate


def _word(body: bytes) -> dict[str, Any]:
    if len(body) > WORD_BYTES_MAX:
        raise UnreadableUpdate
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnreadableUpdate from error
    if not isinstance(message, dict):
        raise UnreadableUpdate
    return message


def asked_state(vector: bytes) -> bytes:
    return bytes([SYNC, STEP_1]) + sized(vector)


def missing(update: bytes) -> bytes:
    """The answer to sync step 1."""
    return bytes([SYNC, STEP_2]) + sized(update)


def written(update: bytes) -> bytes:
    return bytes([SYNC, UPDATE]) + sized(update)


def present(entries: bytes) -> bytes:
    return bytes([AWARENESS]) + sized(entries)


def denied(reason: str) -> bytes:
    return bytes([AUTH, PERMISSION_DENIED]) + sized(reason.encode())


def word(message: dict[str, Any]) -> bytes:
    return uint(WORD) + sized(json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode())
