"""The media workers as a web process sees them: one link each, rooms found through the directory."""

from __future__ import annotations

import asyncio
from functools import partial
from weakref import WeakKeyDictionary

from django.conf import settings
from livekit.protocol import egress, room

from suite.rtc.core.errors import JoinRefused, ServiceError
from suite.rtc.directory import HashedDirectory, RoomDirectory
from suite.rtc.link.frames import Kind, unpack
from suite.rtc.link.web import CALL_DEADLINE, Channel, WorkerLink, WorkerLost, join_payload
from suite.rtc.signalling.joining import Joining

UNAVAILABLE = "the media server is not answering"


class Workers:
    """Links to every worker; belongs to one event loop."""

    def __init__(self, sockets: list[str], directory: RoomDirectory) -> None:
        self._links = [WorkerLink(path, partial(self._ended, number)) for number, path in enumerate(sockets)]
        self._directory = directory
        self._tasks: set[asyncio.Task[None]] = set()

    def _ended(self, worker: int, room_name: str) -> None:
        task = asyncio.create_task(self._directory.ended(room_name, worker))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def channel(self, room_name: str) -> Channel:
        """A channel to the room's worker; raises `WorkerLost`."""
        if not self._links:
            raise WorkerLost
        return await self._links[await self._directory.place(room_name)].open()

    async def would_admit(self, asked: Joining) -> JoinRefused | None:
        """Ask the room's worker whether it would let somebody in: None, or why not."""
        try:
            channel = await self.channel(asked.grants.room)
        except WorkerLost:
            return JoinRefused(503, UNAVAILABLE)
        try:
            request = asked.request.SerializeToString()
            await channel.send(Kind.JOIN, join_payload(asked.claims, request, single=asked.single, only_asking=True))
            answer = await asyncio.wait_for(channel.receive(), CALL_DEADLINE)
            await channel.send(Kind.GONE)
        except (WorkerLost, TimeoutError):
            return JoinRefused(503, UNAVAILABLE)
        finally:
            channel.close()
        if answer.kind is Kind.ACCEPT:
            return None
        head, _ = unpack(answer.payload)
        return JoinRefused(int(head["status"]), str(head["message"]))

    async def call(self, method: str, room_name: str, request: bytes, *, deadline: float = CALL_DEADLINE) -> bytes:
        """Call the server API on the room's worker; raises `ServiceError`."""
        if not self._links:
            raise ServiceError("unavailable", "no media server is configured")
        return await self._links[await self._directory.place(room_name)].call(method, request, deadline=deadline)

    async def list_rooms(self, request: bytes) -> bytes:
        """The rooms of all workers."""
        answers = await asyncio.gather(*(link.call("RoomService/ListRooms", request) for link in self._links))
        merged = room.ListRoomsResponse()
        for answer in answers:
            merged.MergeFromString(answer)
        return merged.SerializeToString()

    async def list_egress(self, request: bytes) -> bytes:
        """The recordings of all workers."""
        answers = await asyncio.gather(*(link.call("Egress/ListEgress", request) for link in self._links))
        merged = egress.ListEgressResponse()
        for answer in answers:
            merged.MergeFromString(answer)
        return merged.SerializeToString()

    async def stop_egress(self, request: bytes) -> bytes:
        """Stop a recording, on whichever worker it is."""
        refusal = ServiceError("not_found", "twirp error unknown: egress does not exist")
        for link in self._links:
            try:
                return await link.call("Egress/StopEgress", request)
            except ServiceError as error:
                if error.code != "not_found":
                    raise
                refusal = error
        raise refusal


_workers: WeakKeyDictionary[asyncio.AbstractEventLoop, Workers] = WeakKeyDictionary()


def workers() -> Workers:
    """The workers of the settings, linked from the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _workers:
        sockets = list(settings.RTC_WORKER_SOCKETS)
        _workers[loop] = Workers(sockets, HashedDirectory(sockets))
    return _workers[loop]
