"""`python -m benchmarks.endurance.arrivals PORT SEED MINUTE`: one minute's arrivals.

Each is told in a line of JSON when it is over. A process for each minute: what LiveKit's runtime keeps of those who left
ends with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from typing import Any

from livekit import rtc

from benchmarks.endurance.plan import FROZEN, Visit, visits
from benchmarks.endurance.visitor import DEADLINE, Missed, Visitor, start
from tests.protocol.conftest import Address

LONG_ENOUGH = 10.0  # seconds in which a visitor has to have seen and heard everyone who stays


async def _refused(server: Address, visit: Visit) -> None:
    """A token that somebody else signed, or for another room's visitor that may not join."""
    room = rtc.Room()
    wrong = visit.identity.endswith("-0")
    token = (
        server.token(visit.identity, visit.room, secret="x" * 32) if wrong else server.token(visit.identity, "", roomJoin=False)
    )
    try:
        async with asyncio.timeout(DEADLINE):
            await room.connect(server.ws, token)
    except rtc.ConnectError:
        return
    await room.disconnect()
    raise Missed("was let in")


async def _lost(server: Address, visit: Visit) -> None:
    """In a process of its own, which goes without a word."""
    process, saying = await asyncio.to_thread(start, server.port, visit)
    try:
        async with asyncio.timeout(2 * DEADLINE):
            said = await asyncio.to_thread(saying.readline)
        if said != "there\n":
            raise Missed("did not come")
        await asyncio.sleep(visit.stays)
        if visit.kind == "frozen":
            os.kill(process.pid, signal.SIGSTOP)
            await asyncio.sleep(FROZEN)
    finally:
        process.kill()
        await asyncio.to_thread(process.wait)
        saying.close()


async def _deleted(server: Address, visit: Visit) -> dict[str, Any]:
    """Made by the first of the two who come, deleted by it."""
    first = visit.identity.endswith("-0")
    if first:
        await server.call("CreateRoom", name=visit.room, empty_timeout=60, metadata="made")
    visitor = Visitor(server, visit)
    try:
        await visitor.come()
        if first:
            await visitor.stay()
            await server.call("DeleteRoom", room=visit.room)
            await visitor.until("disconnected")
        else:
            with contextlib.suppress(Missed):  # the other may stay longer than one waits
                await visitor.until("disconnected")
            await visitor.until("disconnected")
        (reason,) = next(args for name, args in visitor.events if name == "disconnected")
        if reason != rtc.DisconnectReason.ROOM_DELETED:
            raise Missed(f"was told {reason}")
    finally:
        await visitor.leave()
    return visitor.told()


async def _plain(server: Address, visit: Visit) -> dict[str, Any]:
    visitor = Visitor(server, visit)
    try:
        await visitor.come()
        await visitor.stay()
    finally:
        await visitor.leave()
    told = visitor.told()
    if visit.room == "stay" and visit.stays > LONG_ENOUGH and len(told["seen"]) < 6:
        raise Missed(f"got {told['seen']} alone")
    return told


async def _one(server: Address, visit: Visit, began: float) -> None:
    await asyncio.sleep(max(0.0, began + visit.at - asyncio.get_running_loop().time()))
    told: dict[str, Any] = {"kind": visit.kind, "identity": visit.identity, "room": visit.room}
    does = {"refused": _refused, "killed": _lost, "frozen": _lost, "deleted": _deleted}.get(visit.kind, _plain)
    try:
        told |= await does(server, visit) or {}
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is told
        told["missed"] = f"{type(error).__name__}: {error}"
    print(json.dumps(told), flush=True)


async def come(port: int, seed: int, minute: int) -> None:
    began = asyncio.get_running_loop().time()
    server = Address(port)
    await asyncio.gather(*(_one(server, visit, began) for visit in visits(seed, minute)))


if __name__ == "__main__":
    asyncio.run(come(*(int(word) for word in sys.argv[1:4])))
