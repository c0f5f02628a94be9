"""Where a web process finds a room whose worker has gone: over real sockets, with workers that only listen."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from livekit.protocol import rtc

from suite.rtc.core.errors import JoinRefused
from suite.rtc.core.grants import Grants
from suite.rtc.directory import OwnDirectory
from suite.rtc.link.frames import Frame, Kind, pack, unpack
from suite.rtc.link.server import LinkServer
from suite.rtc.signalling import whip
from suite.rtc.signalling.joining import Joining
from suite.rtc.workers import Workers

LOAD, DRAINING = (pack({"cpu": 0.0, "rooms": 1, "participants": 0, "draining": draining}) for draining in (False, True))
BUSY = pack({"cpu": 0.9, "rooms": 9, "participants": 90, "draining": False})
CLAIMS = {"sub": "awa", "video": {"roomJoin": True, "room": "r"}}
AWA = Joining(CLAIMS, Grants.from_claims(CLAIMS), rtc.JoinRequest(), single=True)
RECORD = {"sid": "RM_r", "metadata": "said"}


class Listener:
    """A worker's end of the link: what it was told, in order, and what it answers to each kind of frame."""

    def __init__(self, *, busy: bool = False) -> None:
        self.told: list[Frame] = []
        self.answers: dict[Kind, list[tuple[Kind, bytes]]] = {}
        self.link = LinkServer(self._hear, lambda: [(Kind.LOAD, BUSY if busy else LOAD)])

    def _hear(self, channel: int, frame: Frame) -> None:
        self.told.append(frame)
        for kind, payload in self.answers.get(frame.kind, []):
            if kind is Kind.LOAD:
                self.link.broadcast(kind, payload)
            else:
                self.link.send(channel, kind, payload)

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


@pytest.fixture
async def pair(path: Path, directory: SlowDirectory) -> AsyncIterator[tuple[Workers, Listener, Listener]]:
    """Two workers, and a web process that is linked to both; the second has more to do."""
    paths = str(path), f"{path}2"
    listeners = Listener(), Listener(busy=True)
    for one, where in zip(listeners, paths, strict=True):
        await one.link.start(Path(where))
    found = Workers(list(paths), directory)
    await until(lambda: len(found.loads()) == 2)
    yield found, *listeners
    await found.close()
    for one in listeners:
        await one.link.close()


@pytest.mark.parametrize("method", ["RoomService/CreateRoom", whip.OFFER])
async def test_a_room_that_a_draining_worker_refuses_is_made_on_another(
    pair: tuple[Workers, Listener, Listener], method: str
) -> None:
    workers, draining, other = pair
    refusal = Kind.ERROR, pack({"code": "unavailable", "message": "twirp error unknown: the server is draining"})
    draining.answers = {Kind.CALL: [(Kind.LOAD, DRAINING), refusal]}
    other.answers = {Kind.CALL: [(Kind.REPLY, b"made")]}
    assert await workers.call(method, "r", b"") == b"made"
    assert (draining.kinds(), other.kinds()) == ([Kind.CALL], [Kind.CALL])


async def test_who_comes_to_a_room_that_a_draining_worker_refuses_joins_it_on_another(
    pair: tuple[Workers, Listener, Listener], directory: SlowDirectory
) -> None:
    workers, draining, other = pair
    refusal = Kind.REFUSE, pack({"status": 503, "message": "the server is draining"})
    draining.answers = {Kind.JOIN: [(Kind.LOAD, DRAINING), refusal]}
    other.answers = {Kind.JOIN: [(Kind.ACCEPT, b"")]}
    await workers.join(AWA)
    assert (draining.kinds(), other.kinds()) == ([Kind.JOIN], [Kind.JOIN])
    assert await directory.holder("r") == workers.rooms.held["r"] != ""


@pytest.mark.parametrize("said", ["the server is draining", "too many rooms"])
async def test_a_refusal_is_passed_on_where_no_other_worker_can_help(
    pair: tuple[Workers, Listener, Listener], said: str
) -> None:
    workers, draining, other = pair
    for one in (draining, other):
        one.answers = {Kind.JOIN: [(Kind.REFUSE, pack({"status": 503, "message": said}))]}
    with pytest.raises(JoinRefused, match=said):
        await workers.join(AWA)
    assert len(draining.kinds() + other.kinds()) == (2 if "draining" in said else 1)


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
    following.answers = {Kind.JOIN: [(Kind.ACCEPT, b"")]}
    await following.link.start(path)
    await until(lambda: directory.claims == 2)

    async def come() -> None:
        await workers.join(AWA)

    coming = asyncio.create_task(come())
    directory.answering.set()
    await coming
    await until(lambda: Kind.JOIN in following.kinds())
    assert following.kinds() == [Kind.RESTORE, Kind.JOIN]
    head, body = unpack(following.told[0].payload)
    assert (head, json.loads(body)) == ({"room": "r"}, {"": RECORD})
