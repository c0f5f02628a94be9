"""Webhooks as LiveKit sends them: JSON, signed, in order for each room, tried again while the receiver is away."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import time
from collections import deque
from collections.abc import Sequence
from typing import Final

import aiohttp
import jwt
from google.protobuf.json_format import MessageToJson
from livekit.protocol.webhook import WebhookEvent

log = logging.getLogger(__name__)

WAITING_MOST: Final = 1000  # events of one room; the oldest is dropped and counted in the next (`num_dropped`)
TRIES: Final = 12
BACK_OFF: Final = 0.25  # s before the second try, doubled for each further one
BACK_OFF_MOST: Final = 20.0  # s
ANSWER: Final = 10.0  # s that a receiver may take
_TOKEN_LIFE: Final = 300  # s
_CONTENT_TYPE: Final = "application/webhook+json"

_Waiting = tuple[WebhookEvent, "asyncio.Future[bool]"]


def signature(body: bytes, *, api_key: str, api_secret: str, now: float) -> str:
    """The `Authorization` of a webhook: a JWT (HS256) with the body's SHA-256, base64, as the claim `sha256`."""
    claims = {
        "iss": api_key,
        "nbf": int(now),
        "exp": int(now) + _TOKEN_LIFE,
        "sha256": base64.b64encode(hashlib.sha256(body).digest()).decode(),
    }
    return jwt.encode(claims, api_secret, algorithm="HS256")


class WebhookSender:
    """Sends events to every URL. Rooms do not wait for one another."""

    def __init__(self, urls: Sequence[str], api_key: str, api_secret: str) -> None:
        self._urls = tuple(urls)
        self._key = api_key
        self._secret = api_secret
        self._session: aiohttp.ClientSession | None = None
        self._rooms: dict[str, deque[_Waiting]] = {}
        self._dropped: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def send(self, event: WebhookEvent) -> asyncio.Future[bool]:
        """Queue an event behind those of its room; the future says whether every receiver took it (it may be ignored)."""
        taken: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        if self._closed or not self._urls:
            taken.set_result(not self._urls)
            return taken
        room = event.room.name or event.egress_info.room_name
        queue = self._rooms.get(room)
        if queue is None:
            queue = self._rooms[room] = deque()
            task = asyncio.get_running_loop().create_task(self._drain(room, queue), name="webhooks")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if len(queue) >= WAITING_MOST:
            queue.popleft()[1].set_result(False)
            self._dropped[room] = self._dropped.get(room, 0) + 1
        queue.append((event, taken))
        return taken

    async def close(self, *, within: float = 3.0) -> None:
        """Give what waits `within` seconds to leave, then stop; at once where the receiver is gone."""
        self._closed = True
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=within)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for queue in self._rooms.values():
            for _, taken in queue:
                if not taken.done():
                    taken.set_result(False)
        if self._session is not None:
            await self._session.close()

    async def _drain(self, room: str, queue: deque[_Waiting]) -> None:
        try:
            while queue:
                event, taken = queue[0]
                event.num_dropped = self._dropped.pop(room, 0)
                outcome = await self._deliver(event)
                if queue and queue[0][1] is taken:
                    queue.popleft()
                if not taken.done():
                    taken.set_result(outcome)
        finally:
            if not queue:
                self._rooms.pop(room, None)

    async def _deliver(self, event: WebhookEvent) -> bool:
        body = MessageToJson(event, indent=None).encode()
        return all([await self._post(url, body, event.event) for url in self._urls])

    async def _post(self, url: str, body: bytes, name: str) -> bool:
        """Try until it is taken, refused for good, or given up."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER))
        wait = BACK_OFF
        for attempt in range(TRIES):
            if attempt:
                await asyncio.sleep(wait)
                wait = min(2 * wait, BACK_OFF_MOST)
            headers = {
                "Authorization": signature(body, api_key=self._key, api_secret=self._secret, now=time.time()),
                "Content-Type": _CONTENT_TYPE,
            }
            try:
                async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                    if answer.status < 300:
                        return True
                    if answer.status < 500 and answer.status not in {408, 429}:
                        log.warning("The receiver of webhooks refused %s with status %d", name, answer.status)
                        return False
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                log.debug("The receiver of webhooks does not answer", exc_info=True)
                if self._closed and isinstance(error, aiohttp.ClientConnectorError):
                    break  # a receiver that is gone too is not waited for at the end
        log.warning("A webhook was given up: %s", name)
        return False
