"""The longest that anybody waits for an answer: an engine that hangs, unlike one that is gone, never says so by itself."""

from __future__ import annotations

import asyncio
from typing import Final

from django.utils.translation import gettext_lazy as _

from suite.kernel.errors import Unavailable
from suite.kernel.instead import Application, Message, Receive, Scope, Send, answer_instead
from suite.kernel.logs import get_logger

log = get_logger(__name__)

LATE: Final = _("Suite takes too long to answer. Please try again in a moment; what you sent may have arrived.")


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
                    await answer_instead(self._application, scope, send, Unavailable(LATE))
                    break
                await asyncio.wait({answering}, timeout=left)
            await answering
        finally:
            answering.cancel()
