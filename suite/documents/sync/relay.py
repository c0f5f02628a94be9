"""From one process' replica to the others', through the channel layer: quick, and allowed to be lost."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from channels.layers import get_channel_layer

from suite.kernel.logs import get_logger

log = get_logger(__name__)


class Relay:
    """Sends to `group` and hands what others sent there to `hear`. Without a channel layer it does nothing but say so."""

    def __init__(self, group: str, hear: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        self._group = group
        self._hear = hear
        self._key = uuid.uuid4().hex
        self._layer = get_channel_layer()
        self._channel = ""
        self._listening: asyncio.Task[None] | None = None
        self._sending: set[asyncio.Future[None]] = set()

    async def start(self) -> None:
        """From now on nothing is missed; it is heard once `listen` is called."""
        try:
            self._channel = await self._layer.new_channel()
            await self._layer.group_add(self._group, self._channel)
        except Exception:  # whatever Valkey's client raises: the replica's healing does the work meanwhile
            log.warning("relay_unavailable", exc_info=True)

    def listen(self) -> None:
        if self._channel:
            self._listening = asyncio.create_task(self._listen())

    async def send(self, message: dict[str, Any]) -> None:
        try:
            await self._layer.group_send(self._group, {"type": "replica", "from": self._key, **message})
        except Exception:  # as above
            log.warning("relay_unavailable", exc_info=True)

    def send_soon(self, message: dict[str, Any]) -> None:
        """As `send`, for a caller that cannot wait."""
        sending = asyncio.ensure_future(self.send(message))
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)

    async def stop(self) -> None:
        if self._sending:
            await asyncio.wait(self._sending, timeout=2)
        if self._channel:
            with contextlib.suppress(Exception):  # Valkey is away: its end of the channel goes with the connection
                await self._layer.group_discard(self._group, self._channel)
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    async def _listen(self) -> None:
        while True:
            message = await self._layer.receive(self._channel)
            if message["from"] == self._key:
                continue
            try:
                await self._hear(message)
            except Exception:  # one bad message ends no replica
                log.exception("relay_unreadable")
