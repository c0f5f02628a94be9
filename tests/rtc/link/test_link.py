"""A web process and a worker over a real Unix socket."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import structlog
import uvloop

from suite.rtc.core.errors import ServiceError
from suite.rtc.link.frames import Frame, Kind, pack
from suite.rtc.link.server import LinkServer
from suite.rtc.link.web import MAX_WAITING_BYTES, Channel, WorkerLink, WorkerLost
from suite.rtc.transport.loop import KernelLoop


class Ends:
    """Both ends, and what each was told."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.received: list[tuple[int, Frame]] = []
        self.news: list[Frame] = []
        self.lost = 0
        self.server = LinkServer(lambda channel, frame: self.received.append((channel, frame)))
        self.web = WorkerLink(str(path), self.news.append, self._lose)

    def _lose(self) -> None:
        self.lost += 1

    async def channel(self) -> tuple[Channel, int]:
        """An open channel and the worker's number for it."""
        before = len(self.received)
        channel = await self.web.open()
        await channel.send(Kind.JOIN, b"who")
        await self.until(lambda: len(self.received) > before)
        return channel, self.received[-1][0]

    async def until(self, check: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not check():  # noqa: ASYNC110 -- what is waited for happens in a task of the code under test
                await asyncio.sleep(0.005)


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    with tempfile.TemporaryDirectory(prefix="rtc-") as short:
        both = Ends(Path(short) / "link.sock")
        await both.server.start(both.path)
        yield both
        await both.web.close()
        await both.server.close()


async def test_channels_keep_their_order_and_their_own_frames(ends: Ends) -> None:
    (first, at_first), (second, at_second) = await ends.channel(), await ends.channel()
    for number in range(50):
        ends.server.send(at_first, Kind.MESSAGE, b"%d" % number)
        ends.server.send(at_second, Kind.MESSAGE, b"other")
    assert [(await first.receive()).payload for _ in range(50)] == [b"%d" % n for n in range(50)]
    assert (await second.receive()).payload == b"other"


async def test_one_that_does_not_read_overflows_alone(ends: Ends) -> None:
    (slow, at_slow), (good, at_good) = await ends.channel(), await ends.channel()
    for _ in range(2 * MAX_WAITING_BYTES // 100_000):
        ends.server.send(at_slow, Kind.MESSAGE, bytes(100_000))
    ends.server.send(at_good, Kind.MESSAGE, b"here")
    assert (await good.receive()).payload == b"here"
    assert slow.overflowed
    with pytest.raises(WorkerLost):
        await slow.receive()


async def test_a_lost_worker_loses_every_channel(ends: Ends) -> None:
    channel, _ = await ends.channel()
    await ends.server.close()
    async with asyncio.timeout(5):
        with pytest.raises(WorkerLost):
            await channel.receive()
    with pytest.raises(ServiceError) as refused:
        await ends.web.call("RoomService/ListRooms", b"")
    assert refused.value.code == "unavailable"
    assert ends.lost == 1
    await ends.server.start(ends.path)
    await ends.channel()


async def test_a_lost_web_process_is_told_for_each_of_its_channels(ends: Ends) -> None:
    _, first = await ends.channel()
    _, second = await ends.channel()
    await ends.web.close()
    await ends.until(lambda: {c for c, f in ends.received if f.kind is Kind.GONE} == {first, second})


async def test_a_call_gets_its_answer_or_its_refusal(ends: Ends) -> None:
    async def answered(kind: Kind, payload: bytes) -> bytes:
        calling = asyncio.create_task(ends.web.call("RoomService/ListRooms", b"asked"))
        await ends.until(lambda: ends.received and ends.received[-1][1].kind is Kind.CALL)
        ends.server.send(ends.received[-1][0], kind, payload)
        ends.received.clear()
        return await calling

    assert await answered(Kind.REPLY, b"answer") == b"answer"
    with pytest.raises(ServiceError) as refused:
        await answered(Kind.ERROR, pack({"code": "not_found", "message": "nobody"}))
    assert (refused.value.code, refused.value.message) == ("not_found", "nobody")
    with pytest.raises(ServiceError) as late:
        await ends.web.call("RoomService/ListRooms", b"", deadline=0.05)
    assert late.value.code == "unavailable"


async def test_a_web_process_knows_what_a_worker_holds_before_it_asks(ends: Ends) -> None:
    server = LinkServer(lambda _channel, _frame: None, lambda: [(Kind.REMEMBER, b"one"), (Kind.LOAD, b"two")])
    path = ends.path.with_name("other.sock")
    await server.start(path)
    told: list[Frame] = []
    web = WorkerLink(str(path), told.append)
    await web.connect()
    assert [(frame.kind, frame.payload) for frame in told] == [(Kind.REMEMBER, b"one"), (Kind.LOAD, b"two")]
    assert web.connected
    await web.close()
    await server.close()


async def test_what_concerns_no_channel_reaches_the_worker(ends: Ends) -> None:
    await ends.web.tell(Kind.RESTORE, b"room")
    await ends.until(lambda: [(c, f.kind, f.payload) for c, f in ends.received] == [(0, Kind.RESTORE, b"room")])


async def test_an_ended_room_is_told(ends: Ends) -> None:
    await ends.channel()
    ends.server.broadcast(Kind.ROOM_ENDED, b"r")
    await ends.until(lambda: [(f.kind, f.payload) for f in ends.news] == [(Kind.ROOM_ENDED, b"r")])


async def test_garbage_on_the_stream_cuts_it_and_no_other(ends: Ends) -> None:
    channel, number = await ends.channel()
    reader, writer = await asyncio.open_unix_connection(str(ends.path))
    writer.write(b"\xff" * 100)
    async with asyncio.timeout(5):
        assert await reader.read() == Frame(Kind.SYNCED, 0).encode()  # then the end
    writer.close()
    ends.server.send(number, Kind.MESSAGE, b"still here")
    assert (await channel.receive()).payload == b"still here"


async def test_the_socket_is_its_users_own(ends: Ends) -> None:
    assert ends.path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("loop", [KernelLoop, uvloop.new_event_loop])
def test_who_has_hung_up_keeps_nothing_from_the_others(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    """As the worker runs, with a compiled kernel and without: uvloop's transport refuses what asyncio's own lets go by."""

    async def one_of_two_hangs_up() -> list[Kind]:
        with tempfile.TemporaryDirectory(prefix="rtc-") as short:
            both = Ends(Path(short) / "link.sock")
            await both.server.start(both.path)
            gone = WorkerLink(str(both.path), lambda _frame: None, lambda: None)
            try:
                await gone.connect()
                channel = await gone.open()
                await channel.send(Kind.JOIN, b"who")
                await both.until(lambda: both.received)
                number = both.received[-1][0]
                await both.web.connect()
                await both.until(lambda: len(both.server._webs) == 2)
                both.server._channels[number][0].transport.abort()
                while len(both.server._webs) == 2:  # until its reader knows
                    both.server.broadcast(Kind.REMEMBER, b"to all")
                    both.server.send(number, Kind.MESSAGE, b"to nobody")
                    await asyncio.sleep(0)
                await both.until(lambda: both.news and both.news[-1].kind is Kind.REMEMBER)
            finally:
                for link in (gone, both.web, both.server):
                    await link.close()
            return [frame.kind for frame in both.news]

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(one_of_two_hangs_up()).count(Kind.REMEMBER) > 1


@pytest.mark.parametrize("said", [b"", Frame(Kind.JOIN, 1, b"who").encode()])
async def test_a_link_that_breaks_is_told_in_the_log_unless_it_was_a_look(ends: Ends, said: bytes) -> None:
    with structlog.testing.capture_logs() as logs, socket.socket(socket.AF_UNIX) as web:
        web.setblocking(False)
        await asyncio.get_running_loop().sock_connect(web, str(ends.path))
        await ends.until(lambda: ends.server._webs)
        web.send(said)
        await ends.until(lambda: len(ends.received) == bool(said))
        web.close()  # the greeting is unread: a reset
        await ends.until(lambda: not ends.server._webs)
    assert [one["event"] for one in logs] == ["web_link_broken"] * bool(said)
