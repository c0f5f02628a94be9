"""A plane on a free port, and peers that end with the test."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import pytest

from suite.rtc.core.media import Channel
from suite.rtc.kernel import build
from suite.rtc.transport.loop import KernelLoop
from suite.rtc.transport.plane import MediaPlane
from tests.rtc.peer import Control, Peer


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], AbstractEventLoop]]:
    """The worker's loop, or those that the module names in `LOOPS`."""
    module = item.getparent(pytest.Module)
    return getattr(module and module.obj, "LOOPS", {"kernel": KernelLoop})


@pytest.fixture
async def control() -> Control:
    return Control()


@pytest.fixture(params=["", "python"], ids=["compiled", "python"])
def twin(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of both: the compiled kernel, where there is a compiler, and the Python twin. Who wants it says so first."""
    if request.param == "c" and build.compiler() is None:
        pytest.skip("There is no C compiler on this machine.")
    monkeypatch.setenv("RTC_KERNEL", request.param)


@pytest.fixture
async def plane(control: Control) -> AsyncIterator[MediaPlane]:
    started = await MediaPlane.start(host="127.0.0.1", port=0, advertise=None, report=control)
    yield started
    await started.close()


@pytest.fixture
async def join(plane: MediaPlane) -> AsyncIterator[Callable[..., Awaitable[Peer]]]:
    peers: list[Peer] = []

    async def connect(name: str, *channels: Channel, data: bool = True) -> Peer:
        peers.append(peer := Peer(plane, name))
        return await peer.connect(*channels, data=data)

    yield connect
    for peer in peers:
        await peer.close()
