"""What a LiveKit server does with every request before it looks at it: other origins, double slashes, too long bodies."""

from __future__ import annotations

from typing import Final

from django.conf import settings

from suite.kernel.bodies import Body
from suite.kernel.instead import Application, Message, Receive, Scope, Send

METHODS: Final = b"OPTIONS, HEAD, GET, POST, PATCH, DELETE"
A_DAY: Final = b"86400"


def doors(application: Application) -> Application:
    """`application` as the pages of any origin may call it: tokens, and nothing that a browser adds, say who calls."""

    async def entered(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await application(scope, receive, send)
            return
        if scope["path"].startswith("//"):  # a client whose address ends in a slash
            scope = {**scope, "path": scope["path"][1:], "raw_path": scope.get("raw_path", b"")[1:]}
        if scope["type"] == "websocket":
            await application(scope, receive, send)
            return
        headers = dict(scope["headers"])
        origin = headers.get(b"origin", b"")
        if origin and scope["method"] == "OPTIONS" and b"access-control-request-method" in headers:
            await _answer(send, 204, _preflight(origin, headers.get(b"access-control-request-headers", b"")))
            return
        body = Body(scope, receive, limit=getattr(settings, "RTC_BODY_LIMIT", 0))
        if not body.too_long:
            await application(scope, body.receive, _allowing(send, origin))
        if body.too_long:
            await _answer(send, 413, _allowed(origin), b"request body too large")

    return entered


def _allowed(origin: bytes) -> list[tuple[bytes, bytes]]:
    if not origin:
        return []
    return [(b"access-control-allow-origin", origin), (b"access-control-expose-headers", b"*"), (b"vary", b"Origin")]


def _preflight(origin: bytes, asked: bytes) -> list[tuple[bytes, bytes]]:
    allowed = [(b"access-control-allow-methods", METHODS), (b"access-control-max-age", A_DAY)]
    return [*_allowed(origin), *allowed, (b"access-control-allow-headers", asked or b"*")]


def _allowing(send: Send, origin: bytes) -> Send:
    async def sent(message: Message) -> None:
        if origin and message["type"] == "http.response.start":
            kept = [h for h in message["headers"] if not h[0].lower().startswith(b"access-control-")]
            message = {**message, "headers": [*kept, *_allowed(origin)]}
        await send(message)

    return sent


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes = b"") -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
