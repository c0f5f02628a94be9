"""A receiver of webhooks as LiveKit's own library makes one."""

from __future__ import annotations

import asyncio
from typing import Self

from aiohttp import web
from livekit import api
from livekit.protocol.webhook import WebhookEvent

from tests.rtc.peer import until

KEY, SECRET = "key", "a secret that is long enough for HS256"


class Receiver:
    """Takes signed webhooks on a free port; answers the first `refuse` of them with 503, the others after `slow` seconds.

    Those of the room `away` are never taken.
    """

    def __init__(self, *, refuse: int = 0, slow: float = 0, away: str = "") -> None:
        self.events: list[WebhookEvent] = []
        self.refuse = refuse
        self.slow = slow
        self.away = away
        self.asked = 0
        self._verifier = api.WebhookReceiver(api.TokenVerifier(KEY, SECRET))

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_post("/", self._take)
        self._runner = web.AppRunner(application)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        self.asked += 1
        if self.asked <= self.refuse:
            return web.Response(status=503)
        body = await request.text()
        event = self._verifier.receive(body, request.headers["Authorization"])
        if self.away and event.room.name == self.away:
            return web.Response(status=503)
        self.events.append(event)
        await asyncio.sleep(self.slow)
        return web.Response()

    async def wait(self, name: str, *, within: float = 10) -> WebhookEvent:
        return await until(lambda: next((one for one in self.events if one.event == name), None), within=within)
