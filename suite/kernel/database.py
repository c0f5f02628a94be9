"""Database calls of the sockets: in a few threads of their own, so that a busy socket holds up no page."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async

P = ParamSpec("P")
T = TypeVar("T")
THREADS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="sockets")


async def in_database(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """`call(…)`, in one of the threads that all sockets share."""
    return await in_threads(THREADS, call, *args, **kwargs)


async def in_threads(threads: ThreadPoolExecutor, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """`call(…)`, in one of `threads`: for what must not wait behind the others' reads."""
    result: T = await database_sync_to_async(call, thread_sensitive=False, executor=threads)(*args, **kwargs)
    return result
