"""The worker's event loop: asyncio's own, whose waiting is the kernel's, so that media wakes no interpreter."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from selectors import SelectorKey
from typing import Any

import uvloop

from suite.rtc.kernel.library import load

Wait = Callable[[float | None], bool]  # seconds, for ever where there are none; whether descriptors of the loop's own are ready


class Waiter(selectors.EpollSelector):
    """A selector that another waits for, once there is one, with this one's descriptor among its own."""

    def __init__(self) -> None:
        super().__init__()
        self._wait: Wait | None = None

    def lend(self, wait: Wait) -> bool:
        """Wait by this from now on, which must not raise; False where another is lent already."""
        if self._wait is not None:
            return False
        self._wait = wait
        return True

    def take_back(self) -> None:
        """Wait by the system's call again."""
        self._wait = None

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        """What is ready within so many seconds; for ever where there are none."""
        if self._wait is None:
            return super().select(timeout)
        return super().select(0) if self._wait(timeout) else []


class KernelLoop(asyncio.SelectorEventLoop):
    """`waiter` is its selector, for one plane: others on it are read as by any loop."""

    def __init__(self) -> None:
        self.waiter = Waiter()
        super().__init__(self.waiter)


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a worker. Without the compiled kernel each packet is a wake-up, and uvloop's cost half of asyncio's."""
    with asyncio.Runner(loop_factory=KernelLoop if load()[0] else uvloop.new_event_loop) as runner:
        runner.run(main)
