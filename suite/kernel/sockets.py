"""The shell around every websocket: bounded JSON in, one handler for errors, bounded queues out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from django.http import HttpRequest
from django.http.cookie import parse_cookie
from django.utils import translation

from suite.kernel.answers import answer_to
from suite.kernel.context import Origin, acting
from suite.kernel.errors import BadInput, SuiteError, TooLarge
from suite.kernel.http import origin_of
from suite.kernel.logs import get_logger

log = get_logger(__name__)


class Socket(AsyncWebsocketConsumer):
    """A websocket whose subclass writes `opened()`, `received(message)` and `closed()` and may raise `SuiteError`."""

    MESSAGE_BYTES_MAX = 65_536

    async def opened(self) -> None:
        """Check rights, join groups; raising refuses the socket with the error's close code."""
        raise NotImplementedError

    async def received(self, message: dict[str, Any]) -> None:
        """One message from the client."""
        raise NotImplementedError

    async def closed(self) -> None:
        """Let go of what `opened` took."""

    async def connect(self) -> None:
        self.ready = self.is_over = False
        self.language = self._language()
        with acting(self._origin()), translation.override(self.language):
            try:
                await self.opened()
                self.ready = True
                await self.accept()
                await self.after_accept()
            except Exception as raised:
                error = answer_to(raised)
                if error is None:
                    raise
                if not self.ready:  # a reason can be told only on an open socket
                    await self.accept()
                await self._refuse(error)

    async def after_accept(self) -> None:
        """First words to the client, where there are any."""

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not self.ready:
            return
        with acting(self._origin()), translation.override(self.language):
            try:
                await self.dispatch_frame(text_data, bytes_data)
            except Exception as raised:
                error = answer_to(raised)
                if error is None:
                    raise
                await self.answer_error(error)

    async def dispatch_frame(self, text_data: str | None, _bytes_data: bytes | None) -> None:
        if text_data is None:
            raise BadInput
        if len(text_data) > self.MESSAGE_BYTES_MAX:
            raise TooLarge
        try:
            message = json.loads(text_data, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise BadInput from error
        if not isinstance(message, dict):
            raise BadInput
        await self.received(message)

    async def answer_error(self, error: SuiteError) -> None:
        """Say what was refused; the socket stays open."""
        await self.send_json({"type": "error", "code": error.code, "message": error.sentence})

    async def disconnect(self, code: int) -> None:  # noqa: ARG002  (Channels' signature)
        if self.ready:
            self.ready = False
            await self.closed()

    async def send_json(self, message: Mapping[str, Any]) -> None:
        await self.send(text_data=json.dumps(message, ensure_ascii=False, separators=(",", ":")))

    async def send(self, *said: Any, **how: Any) -> None:
        """Nothing after the close: a word for the group that comes meanwhile would end this socket with a trace."""
        if not self.is_over:
            await super().send(*said, **how)

    async def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Close, once."""
        if not self.is_over:
            self.is_over = True
            await super().close(code=code, reason=reason)

    async def socket_close(self, event: dict[str, Any]) -> None:
        """Group message `{"type": "socket.close", "code": …}`: a right was taken away."""
        await self.close(code=event.get("code", 4401))

    async def socket_send(self, event: dict[str, Any]) -> None:
        """Group message `{"type": "socket.send", "message": {…}}`: pass it to the client."""
        await self.send_json(event["message"])

    async def _refuse(self, error: SuiteError) -> None:
        await self.send_json({"type": "refused", "code": error.code, "message": error.sentence})
        await self.close(code=error.close_code)

    def _origin(self) -> Origin:
        """Where its acts come from, with the assurance of the viewer's sign-in."""
        return replace(origin_of(self._meta()), assurance=getattr(self.scope.get("viewer"), "acr", ""))

    def _language(self) -> str:
        """The language that pages of this browser have, found as Django finds it."""
        request, headers = HttpRequest(), dict(self.scope.get("headers", []))
        request.COOKIES = parse_cookie(headers.get(b"cookie", b"").decode("latin-1"))
        request.META["HTTP_ACCEPT_LANGUAGE"] = headers.get(b"accept-language", b"").decode("latin-1")
        return translation.get_language_from_request(request)

    def _meta(self) -> dict[str, str]:
        client = self.scope.get("client") or ("", 0)
        headers = dict(self.scope.get("headers", []))
        return {"REMOTE_ADDR": str(client[0]), "HTTP_USER_AGENT": headers.get(b"user-agent", b"").decode("latin-1")}


def _no_constant(name: str) -> None:
    raise ValueError(name)
