"""The page of an error, where the application is not asked, or is waited for no longer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from suite.kernel.errors import SuiteError

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

INSTEAD: Final = "suite.instead"  # in the scope of the request for the page: an `Instead`
KEPT_HEADERS: Final = frozenset({b"host", b"accept", b"accept-language", b"x-forwarded-proto"})


@dataclass(frozen=True, slots=True)
class Instead:
    """What the page says, and how what it stands for was asked."""

    error: SuiteError
    method: str


async def answer_instead(application: Application, scope: Scope, send: Send, error: SuiteError) -> None:
    """Let `application` answer `error`: without a session, as that would be looked for where everything waits."""
    headers = [(name, value) for name, value in scope["headers"] if name in KEPT_HEADERS]
    headers += [(name, cookie) for name, value in scope["headers"] if name == b"cookie" for cookie in _language(value)]
    asked = {**scope, INSTEAD: Instead(error, scope["method"]), "method": "GET", "headers": headers}
    await application(asked, _empty_body(), send)


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
