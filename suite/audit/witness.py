"""The witness: heads of the chains outside the database, so that its owner cannot cut a tail off unnoticed.

One file an organisation and a month under `settings.AUDIT_WITNESS_ROOT`, one JSON line a head, each carrying a MAC under a key
derived from SECRET_KEY. An operator ships that folder to storage that is written once.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from django.conf import settings

from suite.kernel.ids import parse_uuid


@dataclass(frozen=True, kw_only=True)
class Head:
    """The chain of `organization_id` was `chain` (hexadecimal) after its `sequence`-th record."""

    organization_id: uuid.UUID
    sequence: int
    chain: str
    at: str


class BrokenWitness(Exception):
    """A line of the witness was not written by us; the message says where."""


def append(*, organization_id: uuid.UUID, sequence: int, chain: bytes, at: datetime) -> None:
    """Write a head, on the disk when this returns; `OSError` where the folder cannot be written.

    What a power cut has broken off goes first: behind it, this line would be one that nobody wrote.
    """
    head = Head(organization_id=organization_id, sequence=sequence, chain=chain.hex(), at=at.isoformat())
    path = _folder(organization_id) / f"{at:%Y-%m}.jsonl"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    line = json.dumps({"sequence": sequence, "chain": head.chain, "at": head.at, "mac": _mac(head)}, separators=(",", ":"))
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # no other line is being written, so what has no end never will
        _drop_broken_end(file)
        file.write(line.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def heads(*, organization_id: uuid.UUID) -> Iterator[Head]:
    """The heads of an organisation, oldest first; raises `BrokenWitness` at a line that we did not write."""
    for path in sorted(_folder(organization_id).glob("*.jsonl")):
        lines = path.read_text().split("\n")
        for number, line in enumerate(lines, start=1):
            if not line:
                continue
            try:
                told = json.loads(line)
                head = Head(organization_id=organization_id, sequence=int(told["sequence"]), chain=told["chain"], at=told["at"])
                whole = hmac.compare_digest(_mac(head), told["mac"])
            except (ValueError, KeyError, TypeError):
                if number == len(lines):  # a write that a power cut has broken off: no newline follows it
                    continue
                whole = False
            if not whole:
                raise BrokenWitness(f"{path.name}, line {number}")
            yield head


def last_sequence(*, organization_id: uuid.UUID) -> int:
    """The highest sequence that the witness saw; 0 where it saw none."""
    return max((head.sequence for head in heads(organization_id=organization_id)), default=0)


def organizations() -> list[uuid.UUID]:
    """The organisations that have a witness; other folders (a disk's `lost+found`) are none."""
    root = Path(settings.AUDIT_WITNESS_ROOT)
    named = [parse_uuid(path.name) for path in sorted(root.iterdir()) if path.is_dir()] if root.exists() else []
    return [found for found in named if found is not None]


def _folder(organization_id: uuid.UUID) -> Path:
    return Path(settings.AUDIT_WITNESS_ROOT) / str(organization_id)


def _drop_broken_end(file: IO[bytes]) -> None:
    """Cut `file` behind its last whole line."""
    if file.seek(0, os.SEEK_END) == 0:
        return
    file.seek(-1, os.SEEK_END)
    if file.read(1) != b"\n":
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)


def _mac(head: Head) -> str:
    key = hashlib.sha256(b"suite.audit.witness" + settings.SECRET_KEY.encode()).digest()
    text = f"{head.organization_id}|{head.sequence}|{head.chain}|{head.at}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
