"""The room directory in Valkey (or Redis): a lease for each room, so that web processes and workers may come and go.

Keys, all under one prefix: `room:<name>` the worker that holds it, for `LEASE` seconds after it was last renewed;
`kept:<name>` a hash of its records; `revoked:<name>` a hash of identities; `workers` a hash of where each worker is.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Mapping
from typing import Any, Final, cast

import redis.asyncio as redis
from redis.exceptions import RedisError

from suite.rtc.directory import DirectoryLost

LEASE: Final = 30_000  # ms
KEPT: Final = 600  # seconds after the last change or renewal
REVOKED: Final = 7 * 24 * 3600  # seconds; no token that we give lives longer
WORKER: Final = 12  # seconds after its last word that a worker counts as there
FORGOTTEN: Final = 120  # seconds after which it is forgotten
PATIENCE: Final = 2.0  # seconds for an answer
CLAIM: Final = """
local holder = redis.call('GET', KEYS[1])
if not holder or holder == ARGV[2] then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
  return ARGV[1]
end
return holder
"""
RENEW: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0"
RELEASE: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
REVOKE: Final = """
if tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0') < tonumber(ARGV[2]) then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
return redis.call('EXPIRE', KEYS[1], ARGV[3])
"""


class ValkeyDirectory:
    """Belongs to one event loop."""

    def __init__(self, url: str, prefix: str = "rtc") -> None:
        self._client = redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
        self._prefix = prefix

    def _key(self, kind: str, name: str) -> str:
        return f"{self._prefix}:{kind}:{name}"

    async def _said(self, answer: Awaitable[Any] | Any) -> Any:
        try:
            return await answer
        except (RedisError, OSError, TimeoutError) as error:
            raise DirectoryLost(type(error).__name__) from error

    async def _eval(self, script: str, key: str, *arguments: str | float) -> Any:
        return await self._said(self._client.eval(script, 1, key, *(str(a) for a in arguments)))

    async def claim(self, room: str, worker: str, *, instead_of: str = "") -> str:
        holder = await self._eval(CLAIM, self._key("room", room), worker, instead_of, LEASE)
        return cast("bytes", holder).decode()

    async def holder(self, room: str) -> str:
        found = await self._said(self._client.get(self._key("room", room)))
        return found.decode() if found else ""

    async def renew(self, rooms: Mapping[str, str]) -> set[str]:
        pipeline = self._client.pipeline(transaction=False)
        for room, worker in rooms.items():
            pipeline.eval(RENEW, 1, self._key("room", room), worker, str(LEASE))
            pipeline.expire(self._key("kept", room), KEPT)
        answers = await self._said(pipeline.execute())
        return {room for room, *known in zip(rooms, answers[::2], answers[1::2], strict=True) if not all(known)}

    async def release(self, room: str, worker: str) -> None:
        await self._eval(RELEASE, self._key("room", room), worker)

    async def remember(self, room: str, key: str, record: bytes | None) -> None:
        name = self._key("kept", room)
        if record is None:
            await self._said(self._client.hdel(name, key))
            return
        pipeline = self._client.pipeline(transaction=False)
        pipeline.hset(name, key, record)
        pipeline.expire(name, KEPT)
        await self._said(pipeline.execute())

    async def recall(self, room: str) -> dict[str, bytes]:
        found = await self._said(self._client.hgetall(self._key("kept", room)))
        return {key.decode(): record for key, record in found.items()}

    async def forget(self, room: str) -> None:
        await self._said(self._client.delete(self._key("kept", room)))

    async def revoke(self, room: str, identity: str, at: float) -> None:
        await self._eval(REVOKE, self._key("revoked", room), identity, at, REVOKED)

    async def revoked(self, room: str, identity: str) -> float:
        return float(await self._said(self._client.hget(self._key("revoked", room), identity)) or 0)

    async def announce(self, workers: Mapping[str, Mapping[str, Any]]) -> None:
        if workers:
            said = {name: json.dumps({**what, "at": time.time()}) for name, what in workers.items()}
            await self._said(self._client.hset(f"{self._prefix}:workers", mapping=said))

    async def announced(self) -> dict[str, dict[str, Any]]:
        found = await self._said(self._client.hgetall(f"{self._prefix}:workers"))
        workers = {name.decode(): json.loads(text) for name, text in found.items()}
        old = [name for name, said in workers.items() if said["at"] < time.time() - FORGOTTEN]
        if old:
            await self._said(self._client.hdel(f"{self._prefix}:workers", *old))
        return {name: said for name, said in workers.items() if said["at"] > time.time() - WORKER}

    async def close(self) -> None:
        await self._client.aclose()
