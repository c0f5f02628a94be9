"""Meetings' doors as a test uses them: a browser's client, the page's socket, the media server's word."""

from __future__ import annotations

import hashlib
import json
import time
from base64 import b64encode
from typing import Any, Self

from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.test import Client
from google.protobuf.json_format import MessageToJson
from livekit import api

from suite.accounts.viewer import Viewer
from suite.config.asgi import application
from tests.people import session_of

ORIGIN = b"http://localhost:8000"
ANSWER_SECONDS = 5


def browser(viewer: Viewer | None = None) -> Client:
    """A browser; signed in where there is a viewer."""
    client = Client(headers={"accept": "application/json"})
    if viewer is not None:
        client.cookies[settings.SESSION_COOKIE_NAME] = session_of(viewer)
    return client


def post(client: Client, path: str, **data: Any) -> Any:
    return client.post(path, data, content_type="application/json")


def a_room(client: Client, title: str = "Budget") -> str:
    """A new room's slug."""
    answer = post(client, "/api/rooms/", title=title)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["slug"])


def join(client: Client, slug: str, **data: Any) -> dict[str, Any]:
    answer = post(client, f"/api/rooms/{slug}/join/", **data)
    assert answer.status_code == 201, answer.content
    entry: dict[str, Any] = answer.json()
    return entry


def entered(viewer: Viewer | None, slug: str, **data: Any) -> tuple[Client, dict[str, Any]]:
    """A browser, and its entry to the room."""
    client = browser(viewer)
    return client, join(client, slug, **data)


class MeetingPage:
    """The meeting's socket as one browser has it."""

    def __init__(self, client: Client, entry: dict[str, Any], *, origin: bytes = ORIGIN) -> None:
        path, _mark, query = entry["socket"].partition("?")
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
        headers = [(b"cookie", cookies.encode()), (b"origin", origin), (b"host", b"localhost:8000")]
        scope = {"type": "websocket", "path": path, "query_string": query.encode(), "headers": headers, "subprotocols": []}
        scope["client"] = ("127.0.0.1", 40_000)  # as `Client`
        self.socket = ApplicationCommunicator(application, scope)

    async def __aenter__(self) -> Self:
        await self.socket.send_input({"type": "websocket.connect"})
        opened = await self.socket.receive_output(ANSWER_SECONDS)
        assert opened["type"] == "websocket.accept"
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.socket.send_input({"type": "websocket.disconnect", "code": 1005})
        await self.socket.wait(ANSWER_SECONDS)

    async def say(self, **message: Any) -> None:
        await self.write(json.dumps(message))

    async def write(self, text: str) -> None:
        await self.socket.send_input({"type": "websocket.receive", "text": text})

    async def told(self, kind: str) -> dict[str, Any]:
        """The next message of `kind`; others are passed over."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            frame = await self.socket.receive_output(max(0.01, deadline - time.monotonic()))
            assert frame["type"] == "websocket.send", f"closed with {frame.get('code')} while waiting for {kind}"
            message: dict[str, Any] = json.loads(frame["text"])
            if message["type"] == kind:
                return message

    async def closed(self) -> int:
        """The code with which the server closes."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            frame = await self.socket.receive_output(max(0.01, deadline - time.monotonic()))
            if frame["type"] == "websocket.close":
                return int(frame["code"])


def webhook(event: api.WebhookEvent, *, secret: str | None = None, body: str | None = None) -> Any:
    """What the media server posts, signed as LiveKit signs."""
    text = body if body is not None else MessageToJson(event)
    token = api.AccessToken(settings.LIVEKIT_API_KEY, secret or settings.LIVEKIT_API_SECRET)
    token = token.with_sha256(b64encode(hashlib.sha256(text.encode()).digest()).decode())
    client = Client()
    return client.post(
        "/webhooks/livekit/", text, content_type="application/webhook+json", headers={"authorization": token.to_jwt()}
    )


def came(entry: dict[str, Any], kind: str = "participant_joined", **more: Any) -> Any:
    event = api.WebhookEvent(event=kind, created_at=int(time.time()), **more)
    event.room.name = entry["meeting_id"]
    event.participant.identity = entry["participation_id"]
    return webhook(event)
