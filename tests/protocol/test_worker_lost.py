"""A media worker that dies: its people are told, and come back by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import pytest
from livekit.protocol import rtc

from tests.protocol.conftest import running_server, until
from tests.protocol.test_hostile import Raw, closed, joined

pytestmark = pytest.mark.slow


async def test_the_sockets_of_a_lost_worker_close_and_the_next_takes_over(tmp_path: Path) -> None:
    raw = Raw()
    with running_server(tmp_path) as server:
        socket = await joined(raw, server, "a", "r")
        worker = server.worker()
        worker.kill()
        assert await closed(socket) == 1012
        await until(lambda: [p for p in _children(server) if p.pid != worker.pid and p.is_running()])
        found = None
        while found is None:
            try:
                found = await joined(raw, server, "a", "r")
            except aiohttp.WSServerHandshakeError as refused:
                if refused.status != 503:
                    raise
        resume = {"access_token": server.token("a", "r"), "reconnect": "1", "sid": "PA_before"}
        late = await raw.ws_connect(f"{server.ws}/rtc", params=resume)
        message = rtc.SignalResponse.FromString((await late.receive(10)).data)
        assert message.leave.action == rtc.LeaveRequest.RECONNECT
        await raw.close()


def _children(server: Any) -> list[Any]:
    import psutil

    return psutil.Process(server.process.pid).children()


async def test_people_meet_again_after_the_worker_was_lost(people: Any, tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        a = await people("a", "r", at=server)
        b = await people("b", "r", at=server)
        await a.publish(video=False)
        await until(lambda: b.loudest.get("a", 0) > 2000)
        server.worker().kill()
        await until(lambda: a.has("reconnecting"))
        b.loudest.clear()
        await until(lambda: b.loudest.get("a", 0) > 2000, 40)
        await a.leave()
        await b.leave()
