"""What a worker's glue does with what it cannot act on."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from suite.rtc.core.errors import ServiceError
from suite.rtc.link.frames import Kind, pack, unpack
from suite.rtc.link.web import WorkerLink, join_payload
from tests.rtc.core.world import offer_text

pytestmark = pytest.mark.slow  # a worker's process

ENVIRONMENT = {"LIVEKIT_API_KEY": "key", "LIVEKIT_API_SECRET": "s" * 32, "LIVEKIT_WEBHOOK_URLS": "", "RTC_EGRESS_SOCKET": ""}
CLAIMS = {"sub": "a", "iat": 1, "exp": 2_000_000_000, "video": {"room": "r", "roomJoin": True}}


@pytest.fixture
async def link() -> AsyncIterator[WorkerLink]:
    """A link to a worker process of its own."""
    with tempfile.TemporaryDirectory(prefix="rtc-") as short:
        socket = Path(short) / "worker.sock"
        options = ("-m", "suite.rtc.worker", "--socket", str(socket), "--port", "0", "--host", "127.0.0.1")
        process = await asyncio.create_subprocess_exec(
            sys.executable, *options, env={**os.environ, **ENVIRONMENT}, stdout=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(20):
            while not socket.exists():  # noqa: ASYNC110 -- another process makes it
                await asyncio.sleep(0.02)
        web = WorkerLink(str(socket), lambda _news: None)
        yield web
        await web.close()
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 10) == 0
        assert not socket.exists()


async def test_a_frame_that_cannot_be_read_is_refused_in_its_own_words(link: WorkerLink) -> None:
    joining = await link.open()
    await joining.send(Kind.JOIN, b"garbage")
    refused = await joining.receive()
    assert (refused.kind, unpack(refused.payload)[0]["status"]) == (Kind.REFUSE, 500)
    with pytest.raises(ServiceError):
        await link.call("RoomService/ListRooms", b"\xff\xff")
    with pytest.raises(ServiceError):
        await link.call("RoomService/NoSuchMethod", b"")
    assert await link.call("RoomService/ListRooms", b"") == b""


async def test_somebody_comes_and_goes_over_the_link(link: WorkerLink) -> None:
    from livekit.protocol import rtc

    offer = rtc.SessionDescription(type="offer", sdp=offer_text(), id=1)
    channel = await link.open()
    request = rtc.JoinRequest(publisher_offer=offer).SerializeToString()
    await channel.send(Kind.JOIN, join_payload(CLAIMS, request, single=True))
    assert (await channel.receive()).kind is Kind.ACCEPT
    kinds = []
    while "answer" not in kinds:
        message = rtc.SignalResponse.FromString((await channel.receive()).payload)
        kinds.append(message.WhichOneof("message"))
    assert kinds == ["join", "refresh_token", "answer"]
    await channel.send(Kind.MESSAGE, rtc.SignalRequest(leave=rtc.LeaveRequest()).SerializeToString())
    assert rtc.SignalResponse.FromString((await channel.receive()).payload).HasField("leave")
    closing = await channel.receive()
    assert (closing.kind, closing.payload) == (Kind.CLOSE, pack({"code": 1000}))
