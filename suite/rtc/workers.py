"""The media workers as a web process sees them: one link each, rooms found through the directory, and kept outside them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from weakref import WeakKeyDictionary

from django.conf import settings
from livekit.protocol import egress, room

from suite.kernel.logs import get_logger
from suite.rtc.core.errors import DRAINING, JoinRefused, ServiceError
from suite.rtc.directory import DirectoryLost, OwnDirectory, RoomDirectory
from suite.rtc.link.frames import Frame, Kind, unpack
from suite.rtc.link.web import CALL_DEADLINE, Channel, WorkerLink, WorkerLost, join_payload
from suite.rtc.placement import Load, choose
from suite.rtc.rooms import Rooms
from suite.rtc.signalling import whip
from suite.rtc.signalling.joining import Joining
from suite.rtc.valkey import ValkeyDirectory

log = get_logger(__name__)

UNAVAILABLE: Final = "the media server is not answering"
NO_DIRECTORY: Final = "the directory of rooms is not answering"
REVOKED: Final = "token has been revoked"
LOOK: Final = 0.2  # seconds between two looks at workers that are not there
RENEW: Final = 5.0  # seconds between two renewals of the rooms' leases
JOIN_DEADLINE: Final = 10.0  # seconds for a worker to let somebody in
WAIT: Final = 5.0  # seconds that a join waits for a worker to be there
TAKE_OVER: Final = 30.0  # seconds that the rooms of a lost worker wait for another


class Workers:
    """Links to every worker; belongs to one event loop."""

    def __init__(self, sockets: list[str], directory: RoomDirectory) -> None:
        self.directory = directory
        self._own = tuple(sockets)
        self._links: dict[str, WorkerLink] = {}
        self._loads: dict[str, Load] = {}
        self.rooms = Rooms(directory)
        self._moving: set[tuple[str, str]] = set()  # rooms, each with the worker that it is taken over from
        self._tasks: set[asyncio.Task[None]] = set()
        for path in sockets:
            self._add(path)
        if sockets:
            self._run(self._keep_links())
            self._run(self._keep_leases())

    # --- links -------------------------------------------------------------------------------------------------------

    def _add(self, path: str) -> WorkerLink:
        self._links[path] = link = WorkerLink(path, partial(self._news, path), partial(self._lost, path))
        return link

    def _run(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop, and let go of the links."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(link.close() for link in self._links.values()))
        await self.rooms.close()
        await self.directory.close()

    async def _keep_links(self) -> None:
        """Connect to every worker that is there, so that what it says of its rooms is heard."""
        while True:
            away = [link for link in self._links.values() if not link.connected]
            if away:
                await asyncio.gather(*(link.connect() for link in away), return_exceptions=True)
            await asyncio.sleep(LOOK)

    async def _keep_leases(self) -> None:
        """Say which workers are here and which rooms they hold, and learn of the others'."""
        while True:
            try:
                linked = {path: {"socket": path} for path in self._own if self._links[path].connected}
                await self.directory.announce(linked)
                held = {name: path for name, path in self.rooms.held.items() if path in linked}
                for name in await self.directory.renew(held):
                    self.rooms.write_again(name)
                self._know(set(await self.directory.announced()))
            except DirectoryLost as lost:
                log.warning("directory_lost", error=str(lost))
            await asyncio.sleep(RENEW)

    def _know(self, announced: set[str]) -> None:
        """Link to the workers of other web processes, and forget those that are there no longer."""
        for path in announced - set(self._links):
            self._add(path)
        for path in set(self._links) - announced - set(self._own):
            if not self._links[path].connected and not self.rooms.of(path):
                del self._links[path]

    def _news(self, worker: str, frame: Frame) -> None:
        match frame.kind:
            case Kind.LOAD:
                self._loads[worker] = Load.read(frame.payload)
            case Kind.REMEMBER:
                self.rooms.remember(worker, frame.payload)
            case Kind.ROOM_ENDED:
                self.rooms.ended(frame.payload.decode(errors="replace"), worker)
            case Kind.ROOM_MOVED:
                self.rooms.gone_silent(worker)
                self._run(self._take_over(frame.payload.decode(errors="replace"), worker))

    def _lost(self, worker: str) -> None:
        self._loads.pop(worker, None)
        rooms = self.rooms.of(worker)
        self.rooms.gone_silent(worker)
        log.warning("worker_lost", rooms=len(rooms))
        for name in rooms:
            self._run(self._take_over(name, worker))

    async def _take_over(self, name: str, gone: str) -> None:
        """Give a room that its worker holds no longer to another, with what is known of it.

        A worker that was only unreachable for a moment, and says that it holds the room, keeps it. One that stops has said
        so before its link is lost: the room is taken over once.
        """
        if (name, gone) in self._moving:
            return
        self._moving.add((name, gone))
        try:
            async with self.rooms.lock(name):
                await self._find_another(name, gone)
        finally:
            self._moving.discard((name, gone))

    async def _find_another(self, name: str, gone: str) -> None:
        deadline = asyncio.get_running_loop().time() + TAKE_OVER
        while asyncio.get_running_loop().time() < deadline:
            link = self._links.get(gone)
            if link is not None and not link.connected:
                await asyncio.gather(link.connect(), return_exceptions=True)
            if self.rooms.confirmed(name, by=link if link is not None and link.connected else None):
                return
            chosen = self._choose()
            with contextlib.suppress(WorkerLost, DirectoryLost):
                if chosen is not None:
                    await self._give(name, chosen, instead_of=gone)
                    return
            await asyncio.sleep(LOOK / 4)
        self.rooms.drop(name, gone)

    async def _give(self, name: str, chosen: str, *, instead_of: str = "") -> None:
        """Settle who holds the room: `chosen`, which is told what is known of it, or another that was quicker."""
        holder = await self.directory.claim(name, chosen, instead_of=instead_of)
        records = self.rooms.records(name) or await self.directory.recall(name)
        self.rooms.hold(name, holder)
        if holder == chosen and records:
            await self._links[chosen].tell(Kind.RESTORE, self.rooms.pack(name, records))

    # --- where a room is ---------------------------------------------------------------------------------------------

    def _choose(self, *, not_on: str = "") -> str | None:
        linked = {path: load for path, load in self._loads.items() if self._links[path].connected and path != not_on}
        return choose(linked, self.rooms.placed_lately)

    async def _place(self, name: str, *, not_on: str = "") -> WorkerLink:
        """The link to the worker that holds the room, or is to hold it; raises `WorkerLost`, `DirectoryLost`.

        `not_on` is a worker that was to hold it and refuses.
        """
        if not self._links:
            raise WorkerLost
        lock = self.rooms.lock(name)
        link = self._links.get(self.rooms.held.get(name, ""))
        if link is not None and link.connected and link.path != not_on and not lock.locked():
            return link
        # Whoever comes while the room is taken over waits, or would be there before what is known of it.
        async with asyncio.timeout(WAIT), lock:
            while True:
                held = self.rooms.held.get(name, "")
                if held and held not in self._links:
                    self._add(held)
                link = self._links.get(held)
                if link is not None and link.path != not_on:
                    await asyncio.gather(link.connect(), return_exceptions=True)
                    if link.connected:
                        return link
                chosen = self._choose(not_on=not_on)
                if chosen is None:
                    await asyncio.sleep(LOOK / 4)
                else:
                    with contextlib.suppress(WorkerLost):
                        await self._give(name, chosen, instead_of=held)

    def settle(self, name: str) -> None:
        """Forget where a room was placed that did not come to be."""
        link = self._links.get(self.rooms.held.get(name, ""))
        self.rooms.settle(name, release=link is not None and link.connected)

    async def join(self, asked: Joining) -> Channel:
        """Let somebody in, by the channel that is returned.

        A worker that begins to drain refuses a room that it was just given: another is asked. Raises `JoinRefused` with the
        worker's answer, `WorkerLost` or `TimeoutError` where there is none, `DirectoryLost`.
        """
        room, others, refusing = asked.grants.room, len(self._links) - 1, ""
        while True:
            link = await self._place(room, not_on=refusing)
            channel = await link.open()
            try:
                await _let_in(channel, asked, deadline=JOIN_DEADLINE)
            except JoinRefused as refusal:
                channel.close()
                if others <= 0 or refusal.message != DRAINING:
                    self.settle(room)
                    raise
            except BaseException:
                channel.close()
                raise
            else:
                return channel
            others, refusing = others - 1, link.path

    async def is_revoked(self, asked: Joining) -> bool:
        """Whether the token was issued before the person was removed; raises `DirectoryLost`.

        Who comes back on another connection is not asked about: the room's worker knows whether it was removed.
        """
        grants = asked.grants
        if asked.request.reconnect:
            return False
        until = await self.directory.revoked(grants.room, grants.identity)
        return bool(until) and grants.issued_at <= until

    async def would_admit(self, asked: Joining) -> JoinRefused | None:
        """Ask a worker whether it would let somebody in: None, or why not. The room is not placed for it."""
        try:
            if await self.is_revoked(asked):
                return JoinRefused(401, REVOKED)
            channel = await self._anyone(asked.grants.room).open()
        except WorkerLost:
            return JoinRefused(503, UNAVAILABLE)
        except DirectoryLost:
            return JoinRefused(503, NO_DIRECTORY)
        try:
            await _let_in(channel, asked, only_asking=True, deadline=CALL_DEADLINE)
            await channel.send(Kind.GONE)
        except JoinRefused as refusal:
            return refusal
        except (WorkerLost, TimeoutError):
            return JoinRefused(503, UNAVAILABLE)
        finally:
            channel.close()
        return None

    def _anyone(self, name: str) -> WorkerLink:
        """The room's worker, else any that is there, else any."""
        path = self.rooms.held.get(name) or self._choose() or next(iter(self._links), None)
        if path is None:
            raise WorkerLost
        return self._links.get(path) or self._add(path)

    # --- calls -------------------------------------------------------------------------------------------------------

    async def call(self, method: str, room_name: str, request: bytes, *, deadline: float = CALL_DEADLINE) -> bytes:
        """Call the server API on the room's worker; raises `ServiceError`."""
        if not self._links:
            raise ServiceError("unavailable", "no media server is configured")
        try:
            if method in {"RoomService/CreateRoom", whip.OFFER} and room_name:
                return await self._call_where_it_is_placed(method, room_name, request, deadline)
            await self._find(room_name)
            return await self._anyone(room_name).call(method, request, deadline=deadline)
        except (WorkerLost, TimeoutError) as error:
            raise ServiceError("unavailable", UNAVAILABLE) from error
        except DirectoryLost as error:
            raise ServiceError("unavailable", NO_DIRECTORY) from error
        finally:
            self.settle(room_name)

    async def _call_where_it_is_placed(self, method: str, name: str, request: bytes, deadline: float) -> bytes:
        """As `join`: another worker is called where the one that was given the room begins to drain."""
        others, refusing = len(self._links) - 1, ""
        while True:
            link = await self._place(name, not_on=refusing)
            try:
                return await link.call(method, request, deadline=deadline)
            except ServiceError as refusal:
                if others <= 0 or not refusal.message.endswith(DRAINING):
                    raise
            others, refusing = others - 1, link.path

    async def _find(self, name: str) -> None:
        """Learn who holds a room that none of our links speaks of."""
        if name and name not in self.rooms.held and (holder := await self.directory.holder(name)):
            self.rooms.hold(name, holder)

    async def remove(self, request: room.RoomParticipantIdentity, body: bytes) -> bytes:
        """Remove a participant, and refuse its tokens from before; raises `ServiceError`."""
        if request.revoke_token_ts:
            try:
                await self.directory.revoke(request.room, request.identity, float(request.revoke_token_ts))
            except DirectoryLost as error:
                raise ServiceError("unavailable", NO_DIRECTORY) from error
        return await self.call("RoomService/RemoveParticipant", request.room, body)

    async def _all(self, method: str, request: bytes) -> list[bytes]:
        """What every worker that is there answers; raises `ServiceError` where none is."""
        linked = [link for link in self._links.values() if link.connected] or list(self._links.values())
        if not linked:
            raise ServiceError("unavailable", "no media server is configured")
        return list(await asyncio.gather(*(link.call(method, request) for link in linked)))

    async def list_rooms(self, request: bytes) -> bytes:
        """The rooms of all workers."""
        merged = room.ListRoomsResponse()
        for answer in await self._all("RoomService/ListRooms", request):
            merged.MergeFromString(answer)
        return merged.SerializeToString()

    async def list_egress(self, request: bytes) -> bytes:
        """The recordings of all workers."""
        merged = egress.ListEgressResponse()
        for answer in await self._all("Egress/ListEgress", request):
            merged.MergeFromString(answer)
        return merged.SerializeToString()

    async def stop_egress(self, request: bytes) -> bytes:
        """Stop a recording, on whichever worker it is."""
        refusal = ServiceError("not_found", "twirp error unknown: egress does not exist")
        for link in self._links.values():
            try:
                return await link.call("Egress/StopEgress", request)
            except ServiceError as error:
                if error.code != "not_found":
                    raise
                refusal = error
        raise refusal

    async def drain(self) -> None:
        """Let every worker take no new rooms."""
        await asyncio.gather(*(self._links[path].tell(Kind.DRAIN) for path in self._own), return_exceptions=True)

    def loads(self) -> Mapping[str, Load]:
        """What each of our own workers last said of itself."""
        return {path: self._loads[path] for path in self._own if path in self._loads}


async def _let_in(channel: Channel, asked: Joining, *, only_asking: bool = False, deadline: float) -> None:
    """Have a worker let somebody in; raises `JoinRefused` with its refusal, `WorkerLost`, `TimeoutError`."""
    request = asked.request.SerializeToString()
    await channel.send(Kind.JOIN, join_payload(asked.claims, request, single=asked.single, only_asking=only_asking))
    answer = await asyncio.wait_for(channel.receive(), deadline)
    if answer.kind is not Kind.ACCEPT:
        head, _ = unpack(answer.payload)
        raise JoinRefused(int(head.get("status", 500)), str(head.get("message", "")))


_workers: WeakKeyDictionary[asyncio.AbstractEventLoop, Workers] = WeakKeyDictionary()


def workers() -> Workers:
    """The workers of the settings, linked from the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _workers:
        url = getattr(settings, "RTC_VALKEY_URL", "")
        directory = ValkeyDirectory(url, getattr(settings, "RTC_VALKEY_PREFIX", "rtc")) if url else OwnDirectory()
        _workers[loop] = Workers(list(settings.RTC_WORKER_SOCKETS), directory)
    return _workers[loop]
