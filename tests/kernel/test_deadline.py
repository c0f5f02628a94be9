"""Nobody waits for ever for an answer, and no answer that has begun is cut."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from suite.kernel.deadline import LATE, Deadline
from suite.kernel.instead import INSTEAD, Message, Receive, Scope, Send

SECONDS = 0.2
REQUEST = {
    "type": "http",
    "method": "POST",
    "path": "/somewhere/",
    "headers": [
        (b"host", b"suite.example"),
        (b"cookie", b"suite_session=secret; suite_language=en"),
        (b"content-length", b"4"),
    ],
}
Answer = Callable[[Scope, Receive, Send], Awaitable[None]]


class Asked:
    """One request to `Deadline` around `answer`, which is asked for the late page too; what was sent."""

    def __init__(self, answer: Answer, *, body: tuple[float, ...] = (0.0,)) -> None:
        self.sent: list[Message] = []
        self.late: list[Scope] = []
        self.finished = False
        self._answered = asyncio.Event()
        self._answer = answer
        self._body = list(body)  # seconds before each part

    async def run(self) -> Asked:
        await Deadline(self._application, seconds=SECONDS)(dict(REQUEST), self._receive, self._send)
        return self

    async def _application(self, scope: Scope, receive: Receive, send: Send) -> None:
        if INSTEAD in scope:
            self.late.append(scope)
            assert await receive() == {"type": "http.request", "body": b"", "more_body": False}
            await said(send, 503)
            return
        await self._answer(scope, receive, send)
        self.finished = True

    async def _receive(self) -> Message:
        if not self._body:
            await self._answered.wait()
            return {"type": "http.disconnect"}
        await asyncio.sleep(self._body.pop(0))
        return {"type": "http.request", "body": b"part", "more_body": bool(self._body)}

    async def _send(self, message: Message) -> None:
        self.sent.append(message)
        self._answered.set()

    @property
    def status(self) -> list[int]:
        return [message["status"] for message in self.sent if message["type"] == "http.response.start"]


async def said(send: Send, status: int, *, pause: float = 0.0) -> None:
    await send({"type": "http.response.start", "status": status, "headers": []})
    await asyncio.sleep(pause)
    await send({"type": "http.response.body", "body": b""})


async def body_of(receive: Receive) -> int:
    parts = 1
    while (await receive()).get("more_body"):
        parts += 1
    return parts


async def test_an_answer_in_time_is_passed_on() -> None:
    async def answer(_scope: Scope, receive: Receive, send: Send) -> None:
        await body_of(receive)
        await said(send, 200)

    asked = await Asked(answer).run()
    assert asked.status == [200]
    assert asked.late == []


async def test_what_never_answers_is_let_go_with_a_page() -> None:
    async def answer(_scope: Scope, receive: Receive, send: Send) -> None:
        await body_of(receive)
        await receive()  # whoever asked has gone, as far as the application learns
        await said(send, 200)  # and what it says is heard by nobody

    asked = await Asked(answer).run()
    assert asked.status == [503]
    assert asked.finished
    (late,) = asked.late
    assert late["method"] == "GET"
    assert (late[INSTEAD].error.sentence, late[INSTEAD].method) == (LATE, "POST")
    assert late["headers"] == [(b"host", b"suite.example"), (b"cookie", b"suite_language=en")]


async def test_a_slow_body_is_waited_for() -> None:
    parts: list[int] = []

    async def answer(_scope: Scope, receive: Receive, send: Send) -> None:
        parts.append(await body_of(receive))
        await said(send, 201)

    asked = await Asked(answer, body=(SECONDS * 0.7,) * 4).run()
    assert asked.status == [201]
    assert parts == [4]


async def test_an_answer_that_has_begun_takes_its_time() -> None:
    async def answer(_scope: Scope, receive: Receive, send: Send) -> None:
        await body_of(receive)
        await said(send, 200, pause=SECONDS * 2)

    asked = await Asked(answer).run()
    assert asked.status == [200]
    assert asked.sent[-1]["type"] == "http.response.body"
    assert asked.late == []


async def test_a_fault_is_passed_on() -> None:
    async def answer(*_given: Any) -> None:
        raise ValueError("of ours")

    with pytest.raises(ValueError, match="of ours"):
        await Asked(answer).run()


async def test_the_end_of_the_process_ends_what_waits() -> None:
    ended = asyncio.Event()

    async def answer(*_given: Any) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.set()
            raise

    asking = asyncio.create_task(Asked(answer).run())
    await asyncio.sleep(0.02)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert ended.is_set()
