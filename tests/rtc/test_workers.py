"""Where a web process finds a room whose worker has gone: over real sockets, with workers that only listen."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from suite.rtc.directory import OwnDirectory
from suite.rtc.link.frames import Frame, Kind, pack, unpack
from suite.rtc.link.server import LinkServer
from suite.rtc.workers import Workers

LOAD, DRAINING = (pack({"cpu": 0.0, "rooms": 1, "participants": 0, "draining": draining}) for draining in (False, True))
RECORD = {"sid": "RM_r", "metadata": "said"}


class Listener:
    """A worker's end of the link: what it was told, in order."""

    def __init__(self) -> None:
        self.told: list[Frame] = []
        self.link = LinkServer(lambda _channel, frame: self.told.append(frame), lambda: [(Kind.LOAD, LOAD)])

    def kinds(self) -> list[Kind]:
        return [frame.kind for frame in self.told]


class SlowDirectory(OwnDirectory):
    """A directory that answers a claim once `answering` is set, as Valkey does after a moment."""

    def __init__(self) -> None:
        super().__init__()
        self.claims = 0
        self.answering = asyncio.Event()
        self.answering.set()

    async def claim(self, room: str, worker: str, *, instead_of: str = "") -> str:
        self.claims += 1
        await self.answering.wait()
        return await super().claim(room, worker, instead_of=instead_of)


@pytest.fixture
def directory() -> SlowDirectory:
    return SlowDirectory()


@pytest.fixture
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="rtc-") as short:
        yield Path(short) / "worker.sock"


@pytest.fixture
async def listeners(path: Path) -> AsyncIterator[tuple[Listener, Listener]]:
    """A worker that listens, and one that does not yet."""
    pair = Listener(), Listener()
    await pair[0].link.start(path)
    yield pair
    for one in pair:
        await one.link.close()


@pytest.fixture
async def workers(path: Path, directory: SlowDirectory) -> AsyncIterator[Workers]:
    found = Workers([str(path)], directory)
    yield found
    await found.close()


async def until(check: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not check():  # noqa: ASYNC110 -- what is waited for happens in tasks of the code under test
            await asyncio.sleep(0.005)


async def test_who_comes_back_does_not_overtake_what_is_known_of_the_room(
    workers: Workers, listeners: tuple[Listener, Listener], directory: SlowDirectory, path: Path
) -> None:
    stopping, following = listeners
    await until(workers.loads)
    stopping.link.broadcast(Kind.REMEMBER, pack({"room": "r", "key": ""}, json.dumps(RECORD).encode()))
    await until(lambda: directory.claims)
    directory.answering.clear()
    stopping.link.broadcast(Kind.LOAD, DRAINING)
    stopping.link.broadcast(Kind.ROOM_MOVED, b"r")
    await stopping.link.close()
    await until(lambda: not workers.loads())
    await following.link.start(path)
    await until(lambda: directory.claims == 2)

    async def come() -> None:
        channel = await workers.channel("r")
        await channel.send(Kind.JOIN, b"who")

    coming = asyncio.create_task(come())
    directory.answering.set()
    await coming
    await until(lambda: Kind.JOIN in following.kinds())
    assert following.kinds() == [Kind.RESTORE, Kind.JOIN]
    head, body = unpack(following.told[0].payload)
    assert (head, json.loads(body)) == ({"room": "r"}, {"": RECORD})
