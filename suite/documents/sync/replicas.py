"""The documents that this process has open."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass

from suite.documents.sync.replica import Replica


@dataclass(slots=True)
class _Held:
    replica: Replica
    started: asyncio.Task[None]
    sockets: int = 0


_held: dict[uuid.UUID, _Held] = {}


async def hold(document_id: uuid.UUID) -> Replica:
    """The process' replica of the document, read and listening; each caller gives it back by `let_go`.

    Raises the database's error where it does not answer.
    """
    held = _held.get(document_id)
    if held is None:
        replica = Replica(document_id)
        held = _held[document_id] = _Held(replica, asyncio.ensure_future(replica.start()))
    held.sockets += 1
    try:
        await asyncio.shield(held.started)
    except BaseException:
        await let_go(held.replica)
        raise
    return held.replica


async def let_go(replica: Replica) -> None:
    """The last socket to leave stops the replica; whoever comes next reads the document afresh."""
    held = _held.get(replica.document_id)
    if held is None or held.replica is not replica:
        return
    held.sockets -= 1
    if held.sockets == 0:
        del _held[replica.document_id]
        await asyncio.wait({held.started})
        await replica.stop()
