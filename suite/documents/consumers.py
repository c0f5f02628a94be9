"""The socket of an open document: y-websocket's protocol, with a right behind every frame."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any

from django.db import Error as DatabaseError

from suite.accounts.public import groups_of_socket
from suite.documents.access import WRITE
from suite.documents.errors import ReadOnly, UnreadableUpdate
from suite.documents.sync import protocol
from suite.documents.sync.outlet import Outlet
from suite.documents.sync.presence import Holder
from suite.documents.sync.replica import Replica
from suite.documents.sync.replicas import hold, let_go
from suite.documents.sync.rights import read_right
from suite.kernel.errors import SuiteError, TooLarge, Unavailable
from suite.kernel.groups import group
from suite.kernel.sockets import Socket
from suite.resources.public import has_role

RIGHT_SECONDS = 2.0
AHEAD_SECONDS = 1.4
UNSTORED_MAX = 64
TOO_SLOW = 1013


class DocumentSocket(Socket):
    """`/ws/documents/<uuid>/`."""

    MESSAGE_BYTES_MAX = 1024 * 1024

    async def opened(self) -> None:
        self.document_id: uuid.UUID = self.scope["url_route"]["kwargs"]["document_id"]
        self.shut = self.words = False
        self.unstored = 0
        self.room = asyncio.Event()
        self.replica: Replica | None = None
        self.closing: asyncio.Task[None] | None = None
        self.ahead: asyncio.Task[None] | None = None
        await self._read_right(time.monotonic())
        person = groups_of_socket(viewer=self.right.viewer, session_key=self.scope.get("session_key"))
        self.groups_joined = [*person, group("resource", self.document_id)]
        for name in self.groups_joined:
            await self.channel_layer.group_add(name, self.channel_name)

    async def after_accept(self) -> None:
        self.holder = Holder(self.right.viewer.user_id, self.right.viewer.name, uuid.uuid4().hex)
        self.author = self.right.viewer.ref
        self.outlet = Outlet(write=self._write, overflowed=lambda: self.drop(TOO_SLOW))
        try:
            self.replica = await hold(self.document_id)
        except DatabaseError as error:
            raise Unavailable from error
        self.replica.enter(self, may_write=self._may_write)

    async def closed(self) -> None:
        self.shut = True
        for name in self.groups_joined:
            await self.channel_layer.group_discard(name, self.channel_name)
        if hasattr(self, "outlet"):
            self.outlet.shut()
        if self.replica is not None:
            self.replica.leave(self)
            await let_go(self.replica)

    # --- what comes in ---

    async def dispatch_frame(self, _text_data: str | None, bytes_data: bytes | None) -> None:
        if self.shut:
            return
        if bytes_data is None:
            raise UnreadableUpdate
        if len(bytes_data) > self.MESSAGE_BYTES_MAX:
            raise TooLarge
        frame = protocol.read_frame(bytes_data)
        await self._refresh_right()
        if self.replica is None or self.shut:
            return
        if isinstance(frame, protocol.AskedState):
            self.replica.answer_state(self, frame.vector)
        elif isinstance(frame, protocol.Written):
            await self._written(self.replica, frame.update)
        elif isinstance(frame, protocol.Present):
            self.replica.hear_presence(self, frame.entries)
        elif isinstance(frame, protocol.AskedPresence):
            self.replica.answer_presence(self)
        elif frame.message.get("type") == "stored" and isinstance(frame.message.get("n"), int):
            self.words = True
            self.replica.answer_when_stored(self, protocol.word({"type": "stored", "n": frame.message["n"]}))
        else:
            raise UnreadableUpdate

    async def _written(self, replica: Replica, update: bytes) -> None:
        if not self._may_write:
            raise ReadOnly
        while self.unstored >= UNSTORED_MAX and not self.shut:
            self.room.clear()
            await self.room.wait()
        if not self.shut and replica.write(self, update):
            self.unstored += 1

    async def answer_error(self, error: SuiteError) -> None:
        """Whatever was refused ends this socket, and nothing else."""
        if isinstance(error, ReadOnly):
            await self._send_bytes(protocol.denied(error.sentence))
        await self.close(code=error.close_code)

    async def _refuse(self, error: SuiteError) -> None:
        await self.close(code=error.close_code)  # a y-websocket client reads no words

    # --- what goes out, asked for by the replica ---

    def tell(self, frame: bytes) -> None:
        self.outlet.put(frame)

    def drop(self, code: int) -> None:
        if not self.shut:
            self.closing = asyncio.ensure_future(self.close(code=code))

    def has_stored(self, count: int) -> None:
        self.unstored -= count
        self.room.set()

    async def _write(self, frame: bytes) -> None:
        try:
            await self._refresh_right()
        except SuiteError as error:
            self.drop(error.close_code)
            return
        await self._send_bytes(frame)

    async def _send_bytes(self, frame: bytes) -> None:
        if not self.shut:
            await self.send(bytes_data=frame)

    async def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Close once. A client that reads nothing holds up nobody but this: its code follows what it has not read yet."""
        if self.shut:
            return
        self.shut = True
        self.room.set()
        if hasattr(self, "outlet"):
            self.outlet.shut()
        await super().close(code=code, reason=reason)

    # --- rights ---

    @property
    def _may_write(self) -> bool:
        return has_role(self.right.role, WRITE)

    async def _refresh_right(self) -> None:
        """Read the right again where it was read `RIGHT_SECONDS` ago; raises what `read_right` raises.

        A busy socket reads it a little before, beside its work, so that nothing waits.
        """
        age = time.monotonic() - self.right_read_at
        if age >= RIGHT_SECONDS:
            await self._read_right(time.monotonic() - RIGHT_SECONDS)
        elif age > AHEAD_SECONDS and (self.ahead is None or self.ahead.done()):
            self.ahead = asyncio.ensure_future(self._read_ahead())

    async def _read_ahead(self) -> None:
        try:
            await self._read_right(time.monotonic() - AHEAD_SECONDS)
        except SuiteError as error:
            await self.close(code=error.close_code)
        except DatabaseError:
            return  # the right that was read holds until it is too old

    async def _read_right(self, since: float) -> None:
        session_key = self.scope.get("session_key")
        might = self.ready and self._may_write
        self.right, self.right_read_at = await read_right(session_key=session_key, document_id=self.document_id, since=since)
        if self.ready and self._may_write != might:
            self._role_changed()

    def _role_changed(self) -> None:
        if self.words:
            self.tell(protocol.word({"type": "role", "role": str(self.right.role)}))
        if self._may_write and self.replica is not None:
            self.tell(protocol.asked_state(self.replica.doc.get_state()))

    async def access_changed(self, _event: dict[str, Any]) -> None:
        """Group message of `resource.…`: somebody's right may have changed."""
        try:
            await self._read_right(time.monotonic())
        except SuiteError as error:
            await self.close(code=error.close_code)

    async def title_changed(self, event: dict[str, Any]) -> None:
        """Group message of `resource.…`."""
        if self.words and not self.shut:
            self.tell(protocol.word({"type": "title", "title": event["title"]}))

    async def socket_send(self, event: dict[str, Any]) -> None:
        """Words for a person's pages: this socket speaks y-websocket and leaves them to the others."""
