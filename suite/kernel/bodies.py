"""The most that is read of what a request carries: Django puts a body on the disk whole before anybody looks at it."""

from __future__ import annotations

from suite.kernel.errors import TooLarge
from suite.kernel.instead import Application, Message, Receive, Scope, Send, answer_instead


class Body:
    """A request's body, of which no more than `limit` bytes are read (0: all); one in pieces says no length before."""

    def __init__(self, scope: Scope, receive: Receive, *, limit: int) -> None:
        said = dict(scope["headers"]).get(b"content-length", b"0")
        self.too_long = bool(limit) and said.isdigit() and int(said) > limit
        self._receive = receive
        self._limit = limit
        self._read = 0

    async def receive(self) -> Message:
        """The next piece; as if the caller had hung up, once there is too much: the application answers nothing then."""
        message = await self._receive()
        self._read += len(message.get("body", b""))
        self.too_long = self.too_long or bool(self._limit and self._read > self._limit)
        return {"type": "http.disconnect"} if self.too_long else message


class BodyLimit:
    """Around `application`: answers 413 to a body of more than `limit` bytes, and reads no more of it."""

    def __init__(self, application: Application, *, limit: int) -> None:
        self._application = application
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = Body(scope, receive, limit=self._limit)
        if not body.too_long:
            await self._application(scope, body.receive, send)
        if body.too_long:
            await answer_instead(self._application, scope, send, TooLarge())
