"""Signalling's websockets: the token is checked here, the frames pass through to the room's worker."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Any, Final

from channels.consumer import AsyncConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from suite.kernel.logs import get_logger
from suite.rtc.core.errors import JoinRefused, RemoteError
from suite.rtc.directory import DirectoryLost
from suite.rtc.keys import keys
from suite.rtc.link.frames import Kind, unpack
from suite.rtc.link.web import Channel, WorkerLost
from suite.rtc.signalling.joining import joining, parameters
from suite.rtc.signalling.messages import MAX_MESSAGE, json_of_response, request_of_json
from suite.rtc.signalling.rate import Rate
from suite.rtc.workers import NO_DIRECTORY, REVOKED, UNAVAILABLE, workers

log = get_logger(__name__)

# RFC 6455, 7.4.1 and IANA's registry.
UNSUPPORTED: Final = 1003
POLICY: Final = 1008
TOO_BIG: Final = 1009
RESTARTING: Final = 1012
BUSY: Final = 1013
TOO_MANY: Final = "too many joins in a short time"
RATE: Final = 200  # messages a second that a client may send over time
BURST: Final = 1000
# Somebody's client comes back after each lost line; a room's people come all at once.
_JOINS_OF_ONE: Final = Rate(each=2.0, burst=30.0)
_JOINS_OF_ROOM: Final = Rate(each=100.0, burst=2000.0)


class DeniedHandshakes(logging.Filter):
    """Keeps uvicorn from calling a denied handshake an error: it takes the denial response for a forgotten handshake."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith("ASGI callable returned without completing handshake")


logging.getLogger("uvicorn.error").addFilter(DeniedHandshakes())


class SignallingConsumer(AsyncWebsocketConsumer):
    """One client's signalling; `single` by the route: `/rtc/v1` has one peer connection both ways."""

    single = False

    async def connect(self) -> None:
        self._channel: Channel | None = None
        self._in_json = self._ended = False
        self._pump: asyncio.Task[None] | None = None
        self._allowance, self._counted_at = float(BURST), time.monotonic()
        headers = {name: value.decode("latin-1") for name, value in self.scope["headers"]}
        self._compresses = "permessage-deflate" in headers.get(b"sec-websocket-extensions", "")
        try:
            asked = joining(
                query=parameters(self.scope["query_string"].decode(errors="replace")),
                authorization=headers.get(b"authorization", ""),
                single=self.single,
                keys=keys(),
                now=time.time(),
            )
        except JoinRefused as refusal:
            await self._refuse(refusal.status, refusal.message)
            return
        now, grants = time.monotonic(), asked.grants
        if not _JOINS_OF_ONE.allows((grants.room, grants.identity), now) or not _JOINS_OF_ROOM.allows(grants.room, now):
            await self._refuse(429, TOO_MANY)
            return
        try:
            if await workers().is_revoked(asked):
                await self._refuse(401, REVOKED)
                return
            self._channel = await workers().join(asked)
        except JoinRefused as refusal:
            await self._refuse(refusal.status, refusal.message)
            return
        except (WorkerLost, TimeoutError, RemoteError):
            await self._refuse(503, UNAVAILABLE)
            return
        except DirectoryLost:
            await self._refuse(503, NO_DIRECTORY)
            return
        await self.accept()
        self._pump = asyncio.create_task(self._forward(self._channel))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self._channel is None or self._ended:
            return
        size = len(bytes_data) if bytes_data is not None else len((text_data or "").encode())
        if size > getattr(settings, "RTC_MESSAGE_LIMIT", MAX_MESSAGE):
            await self._end(POLICY if self._compresses else TOO_BIG)  # LiveKit's code speaks of bytes on the wire
        elif not self._may_send():
            await self._end(POLICY)
        else:
            self._in_json = bytes_data is None  # each is answered in its own tongue, as LiveKit does
            try:
                request = request_of_json(text_data or "") if bytes_data is None else bytes_data
                await self._channel.send(Kind.MESSAGE, request)
            except RemoteError:
                await self._end(UNSUPPORTED)
            except WorkerLost:
                await self._end(RESTARTING)

    async def disconnect(self, code: int) -> None:
        del code
        if self._pump is not None:
            self._pump.cancel()
            self._pump = None  # it knows this consumer: a circle
        if self._channel is not None:
            with contextlib.suppress(WorkerLost):
                await self._channel.send(Kind.GONE)
            self._channel.close()
            self._channel = None

    async def _end(self, code: int) -> None:
        """Close, once: frames that were on their way come after it."""
        if not self._ended:
            self._ended = True
            await self.close(code)

    def _may_send(self) -> bool:
        now = time.monotonic()
        self._allowance = min(float(BURST), self._allowance + (now - self._counted_at) * RATE)
        self._counted_at = now
        self._allowance -= 1
        return self._allowance >= 0

    async def _forward(self, channel: Channel) -> None:
        """Pass on what the worker sends, in order, as fast as the browser reads."""
        with contextlib.suppress(Exception):  # the browser is gone: `disconnect` follows
            try:
                while True:
                    frame = await channel.receive()
                    if frame.kind is Kind.MESSAGE and self._in_json:
                        await self.send(text_data=json_of_response(frame.payload))
                    elif frame.kind is Kind.MESSAGE:
                        await self.send(bytes_data=frame.payload)
                    elif frame.kind is Kind.CLOSE:
                        head, _ = unpack(frame.payload)
                        await self._end(int(head.get("code", 1000)))
                        return
            except WorkerLost:
                # Either code makes clients come back by themselves.
                await self._end(BUSY if channel.overflowed else RESTARTING)

    async def _refuse(self, status: int, message: str) -> None:
        """Answer the handshake itself, as LiveKit does, where the server in front of us can (ASGI denial response)."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if "websocket.http.response" not in (self.scope.get("extensions") or {}):
            await self.close()
            return
        start: dict[str, Any] = {
            "type": "websocket.http.response.start",
            "status": status,
            "headers": [(b"content-type", b"text/plain; charset=utf-8"), (b"access-control-allow-origin", b"*")],
        }
        await AsyncConsumer.send(self, start)
        await AsyncConsumer.send(self, {"type": "websocket.http.response.body", "body": message.encode()})


class SingleConnectionConsumer(SignallingConsumer):
    """`/rtc/v1`."""

    single = True
