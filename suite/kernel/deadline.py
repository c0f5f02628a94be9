"""The longest that anybody waits for an answer: an engine that hangs, unlike one that is gone, never says so by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from suite.kernel.logs import get_logger

log = get_logger(__name__)

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

LATE: Final = "suite.late"  # in the scope of the request for the page that says so: the method of the late one
KEPT_HEADERS: Final = frozenset({b"host", b"accept", b"accept-language", b"x-forwarded-proto"})


class Deadline:
    """Around `application`: answers 503 where it has not begun to, `seconds` after the request's last byte.

    What was asked is let go as if its sender had left, and may still be done. An answer that has begun takes its time.
    """

    def __init__(self, application: Application, *, seconds: float) -> None:
        self._application = application
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        begun = late = False
        heard_at = loop.time()

        async def hear() -> Message:
            nonlocal heard_at
            message = await receive()
            heard_at = loop.time()
            return message

        async def say(message: Message) -> None:
            nonlocal begun
            if late:
                return
            begun = True
            await send(message)

        answering = asyncio.ensure_future(self._application(scope, hear, say))
        try:
            while not (answering.done() or begun):
                left = heard_at + self._seconds - loop.time()
                if left <= 0:
                    late = True
                    log.warning("answer_late", method=scope["method"], seconds=self._seconds)
                    await self._application(_late(scope), _empty_body(), send)
                    break
                await asyncio.wait({answering}, timeout=left)
            await answering
        finally:
            answering.cancel()


def _late(scope: Scope) -> Scope:
    """The request for the page that says so: without a session, as that would be looked for where everything waits."""
    headers = [(name, value) for name, value in scope["headers"] if name in KEPT_HEADERS]
    headers += [(name, cookie) for name, value in scope["headers"] if name == b"cookie" for cookie in _language(value)]
    return {**scope, LATE: scope["method"], "method": "GET", "headers": headers}


def _language(cookies: bytes) -> list[bytes]:
    return [one.strip() for one in cookies.split(b";") if one.strip().startswith(b"suite_language=")]


def _empty_body() -> Receive:
    """No body; who listens on for its sender's leaving waits."""
    said = False

    async def receive() -> Message:
        nonlocal said
        if said:
            await asyncio.Event().wait()
        said = True
        return {"type": "http.request", "body": b"", "more_body": False}

    return receive
