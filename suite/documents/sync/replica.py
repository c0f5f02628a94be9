"""The one copy of an open document that this process holds, for all its sockets.

An update is checked against `draft`, which runs ahead; stored; applied to `doc`, which is what clients are given; then passed
to this process' other clients and, through the channel layer, to the other processes' replicas. Updates are idempotent, so
each replica reads the newest rows again every few seconds and a lost relay heals.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from pycrdt import Doc

from suite.documents.errors import DocumentFull, UnreadableUpdate
from suite.documents.sync import protocol, store
from suite.documents.sync.presence import Holder, Presence
from suite.documents.sync.relay import Relay
from suite.documents.sync.store import Change, Row
from suite.documents.sync.update import EMPTY, Extent, extent_of, state_of
from suite.kernel import clock
from suite.kernel.database import in_database, in_threads
from suite.kernel.groups import group
from suite.kernel.logs import get_logger
from suite.kernel.refs import ActorRef

log = get_logger(__name__)

GATHER_SECONDS = 0.01
HEAL_SECONDS = 5.0
HEALS_BACK = 6
SLEPT_SECONDS = 300.0  # a replica that has not healed for so long reads everything again
RECORD_SECONDS = 600.0
DOCUMENT_BYTES_MAX = 48 * 1024 * 1024
ROWS_BEFORE_SHORTENING = 500
TRY_AGAIN = 4503
STORING = ThreadPoolExecutor(max_workers=2, thread_name_prefix="documents")


class Client(Protocol):
    """A socket as the replica sees it."""

    holder: Holder
    author: ActorRef

    def tell(self, frame: bytes) -> None:
        """Queue a frame; never waits."""

    def drop(self, code: int) -> None:
        """Close the socket."""

    def has_stored(self, count: int) -> None:
        """`count` of its updates are safe."""


@dataclass(slots=True)
class Waiting:
    """Something of a client's that waits for the store: an update, or a question whether all before is stored."""

    client: Client
    update: bytes = b""
    answer: bytes = b""


class Replica:
    """One open document. Everything runs in the event loop that made it; only the store's calls leave it."""

    def __init__(self, document_id: uuid.UUID) -> None:
        self.document_id = document_id
        self.clients: set[Client] = set()
        self.doc: Doc[Any] = Doc()
        self.draft: Doc[Any] = Doc()
        self.presence = Presence()
        self.size = 0
        self.rows_since_snapshot = 0
        self._relay = Relay(group("document", document_id), self._hear)
        self._changed = False
        self._watching = self.draft.observe(self._draft_changed)
        self._waiting: list[Waiting] = []
        self._called = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._known: set[int] = set()
        self._heal_from = self._newest = 0
        self._newest_at_heals: deque[int] = deque(maxlen=HEALS_BACK)
        self._healed_at = time.monotonic()
        self._recorded: dict[uuid.UUID, float] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Listen to the other processes, then read the document; raises the database's error where it does not answer."""
        await self._relay.start()
        await self._read_all()
        self._tasks = [asyncio.create_task(self._store_forever()), asyncio.create_task(self._heal_forever())]
        self._relay.listen()
        await self._relay.send({"what": "who"})

    async def stop(self) -> None:
        """Store what waits, shorten a log that has grown, and let go."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), 5)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._relay.stop()
        await self._shorten(at_least=20)

    # --- clients ---

    def enter(self, client: Client, *, may_write: bool) -> None:
        """Show `client` who is there, and ask for what it wrote while it was away."""
        self.clients.add(client)
        if may_write:
            client.tell(protocol.asked_state(self.doc.get_state()))
        if states := self.presence.all():
            client.tell(protocol.present(states))

    def leave(self, client: Client) -> None:
        self.clients.discard(client)
        self._pass_presence(self.presence.leave(client.holder.socket, now=time.monotonic()), client.holder, but=None)

    def answer_state(self, client: Client, vector: bytes) -> None:
        """Sync step 2: what `client` has not; raises `UnreadableUpdate` for a vector that is none."""
        state_of(vector)
        try:
            client.tell(protocol.missing(self.doc.get_update(vector)))
        except ValueError as error:
            raise UnreadableUpdate from error

    def answer_presence(self, client: Client) -> None:
        if states := self.presence.all():
            client.tell(protocol.present(states))

    def hear_presence(self, client: Client, entries: bytes) -> None:
        heard = self.presence.hear(entries, holder=client.holder, now=time.monotonic())
        if heard.reply:
            client.tell(protocol.present(heard.reply))
        self._pass_presence(heard.pass_on, client.holder, but=client)

    def write(self, client: Client, update: bytes) -> bool:
        """Take `update` in for storing; False where it brings nothing new.

        Raises `UnreadableUpdate` for what Yjs could not apply, `DocumentFull`.
        """
        if update == EMPTY:
            return False
        extent = extent_of(update)
        if self.size + len(update) > DOCUMENT_BYTES_MAX:
            raise DocumentFull
        if not self._drafted(update, extent):
            return False
        self._queue(Waiting(client, update=update))
        return True

    def answer_when_stored(self, client: Client, answer: bytes) -> None:
        """Tell `client` the frame `answer` once all that it sent before is stored."""
        self._queue(Waiting(client, answer=answer))

    # --- storing ---

    def _drafted(self, update: bytes, extent: Extent) -> bool:
        """Apply to the draft; whether something came of it, or may yet (it waits for another update)."""
        self._changed = False
        try:
            self.draft.apply_update(update)
        except (ValueError, RuntimeError) as error:
            self._redraft()
            raise UnreadableUpdate from error
        return self._changed or not extent.is_within(state_of(self.draft.get_state()))

    def _draft_changed(self, _event: object) -> None:
        self._changed = True

    def _redraft(self) -> None:
        """The draft again, from what is stored and what waits for it."""
        self.draft = Doc()
        self._watching = self.draft.observe(self._draft_changed)
        for update in [self.doc.get_update(), *(waiting.update for waiting in self._waiting if waiting.update)]:
            self.draft.apply_update(update)

    def _queue(self, waiting: Waiting) -> None:
        self._waiting.append(waiting)
        self._idle.clear()
        self._called.set()

    async def _store_forever(self) -> None:
        while True:
            await self._called.wait()
            self._called.clear()
            batch, self._waiting = self._waiting, []
            await self._store(batch)
            if not self._waiting:
                self._idle.set()
            await asyncio.sleep(GATHER_SECONDS)

    async def _store(self, batch: list[Waiting]) -> None:
        updates = [waiting for waiting in batch if waiting.update]
        try:
            ids = await self._append(updates) if updates else []
        except Exception:  # whatever it was, it is not stored: their pages keep it and come again
            log.exception("update_not_stored", document_id=str(self.document_id), updates=len(updates))
            self._redraft()
            failed = {waiting.client for waiting in updates}
            for client in failed:
                client.drop(TRY_AGAIN)
            updates, ids, batch = [], [], [waiting for waiting in batch if waiting.client not in failed]
        for waiting, row_id in zip(updates, ids, strict=True):
            self._take(Row(row_id, waiting.update), but=waiting.client)
        for waiting in batch:
            if waiting.answer:
                waiting.client.tell(waiting.answer)
            else:
                waiting.client.has_stored(1)
        if updates:
            await self._relay.send({"what": "rows", "rows": [[i, w.update] for i, w in zip(ids, updates, strict=True)]})

    async def _append(self, updates: list[Waiting]) -> list[int]:
        now = time.monotonic()
        changes = []
        for waiting in updates:
            author = waiting.client.author
            recorded = author.id is None or now - self._recorded.get(author.id, -RECORD_SECONDS) < RECORD_SECONDS
            changes.append(Change(waiting.update, author, recorded))
        ids = await in_threads(STORING, store.append, self.document_id, changes, now=clock.now())
        self._recorded.update({change.author.id: now for change in changes if change.author.id and not change.recorded})
        return ids

    def _take(self, row: Row, *, but: Client | None) -> None:
        """A stored row: apply and pass on, once."""
        if row.id in self._known:
            return
        self._known.add(row.id)
        self._newest = max(self._newest, row.id)
        self.size += len(row.data)
        self.rows_since_snapshot += 1
        try:
            self.doc.apply_update(row.data)
            if but is None:
                self.draft.apply_update(row.data)
        except (ValueError, RuntimeError):
            log.exception("update_unreadable", row=row.id)
            return
        frame = protocol.written(row.data)
        for client in self.clients:
            if client is not but:
                client.tell(frame)

    # --- the other processes, and healing ---

    async def _hear(self, message: dict[str, Any]) -> None:
        """What another process' replica relays."""
        if message["what"] == "rows":
            for row_id, data in message["rows"]:
                self._take(Row(row_id, bytes(data)), but=None)
        elif message["what"] == "who":
            for holder, entries in self.presence.own().items():
                await self._relay.send(_presence_message(entries, holder))
        elif message["what"] == "presence":
            holder = Holder(uuid.UUID(message["user_id"]), message["name"])
            heard = self.presence.hear(bytes(message["entries"]), holder=holder, now=time.monotonic())
            if heard.pass_on:
                self._tell_all(protocol.present(heard.pass_on), but=None)

    def _pass_presence(self, entries: bytes, holder: Holder, *, but: Client | None) -> None:
        if not entries:
            return
        self._tell_all(protocol.present(entries), but=but)
        self._relay.send_soon(_presence_message(entries, holder))

    def _tell_all(self, frame: bytes, *, but: Client | None) -> None:
        for client in self.clients:
            if client is not but:
                client.tell(frame)

    async def _heal_forever(self) -> None:
        while True:
            await asyncio.sleep(HEAL_SECONDS)
            try:
                await self._heal()
            except Exception:  # the database is away: next time
                log.warning("not_healed", document_id=str(self.document_id), exc_info=True)

    async def _heal(self) -> None:
        if gone := self.presence.expire(time.monotonic()):
            self._tell_all(protocol.present(gone), but=None)
        if time.monotonic() - self._healed_at > SLEPT_SECONDS:  # rows that it never saw may be in a snapshot by now
            for client in self.clients:
                client.drop(TRY_AGAIN)
            return
        for row in await in_database(store.read_after, self.document_id, self._heal_from, known=self._known):
            self._take(row, but=None)
        # Ids are given before the commit: a row may appear below the newest, but not for longer than these healings last.
        self._newest_at_heals.append(self._newest)
        self._heal_from = self._newest_at_heals[0] if len(self._newest_at_heals) == HEALS_BACK else self._heal_from
        self._known = {row_id for row_id in self._known if row_id > self._heal_from}
        self._healed_at = time.monotonic()
        if self.rows_since_snapshot >= ROWS_BEFORE_SHORTENING:
            await self._shorten(at_least=ROWS_BEFORE_SHORTENING)

    async def _read_all(self) -> None:
        stored = await in_database(store.load, self.document_id)
        for doc in (self.doc, self.draft):
            store.apply_stored(doc, stored)
        self.size = stored.size
        self.rows_since_snapshot = len(stored.rows)
        self._known = {row.id for row in stored.rows}
        self._newest = max(self._known, default=0)

    async def _shorten(self, *, at_least: int) -> None:
        if self.rows_since_snapshot < at_least:
            return
        try:
            await in_database(store.shorten, self.document_id, now=clock.now())
        except Exception:  # the log stays long until next time
            log.warning("not_shortened", document_id=str(self.document_id), exc_info=True)
        self.rows_since_snapshot = 0


def _presence_message(entries: bytes, holder: Holder) -> dict[str, Any]:
    return {"what": "presence", "entries": entries, "user_id": str(holder.user_id), "name": holder.name}
