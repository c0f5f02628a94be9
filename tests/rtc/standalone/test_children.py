"""The workers as children of a media server by itself."""

from __future__ import annotations

import asyncio
import os

from suite.rtc.standalone.children import AGAIN, Children

DEADLINE = 20.0  # s


async def test_a_worker_that_dies_is_started_again_until_the_server_ends() -> None:
    """Who stops a service, as systemd, ends all its processes at once: that is no death of a worker."""
    children = Children([["sleep", "600"]], {"PATH": os.environ["PATH"]})
    children.start()
    (first,) = children._running
    ending = asyncio.Event()
    watching = asyncio.create_task(children.watch(is_ending=ending.is_set))
    try:
        first.terminate()
        async with asyncio.timeout(DEADLINE):
            while children._running[0] is first:  # noqa: ASYNC110 -- another process ends
                await asyncio.sleep(AGAIN)
        ending.set()
        (second,) = children._running
        second.terminate()
        second.wait(DEADLINE)
        await asyncio.wait_for(watching, DEADLINE)
        assert (children.died, children._running) == (1, [second])
    finally:
        watching.cancel()
        children.stop()
