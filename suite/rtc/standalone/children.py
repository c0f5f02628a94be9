"""The workers of a media server by itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from suite.kernel.logs import get_logger

log = get_logger("suite.rtc")

START_DEADLINE: Final = 15.0  # seconds, where workers end instead
SLOW_START: Final = 120.0  # seconds for those that only take their time, as on a busy machine
STOP_DEADLINE: Final = 5.0
AGAIN: Final = 0.2  # seconds between two looks
SETTLED: Final = 3.0  # seconds for a new worker to be known before the next one is drained
OFTEN: Final = 1.0  # seconds that a worker has to live before it is started again at once
HIDDEN: Final = ("RTC_STANDALONE", "LIVEKIT_KEYS", "LIVEKIT_CONFIG")  # no worker needs all the keys


class Children:
    """The workers, restarted when they end by themselves."""

    def __init__(self, commands: Sequence[list[str]], environment: Mapping[str, str]) -> None:
        """`environment` is added to our own."""
        self._commands = commands
        inherited = {name: value for name, value in os.environ.items() if name not in HIDDEN}
        self._environment = {**inherited, **environment}
        self._running: list[subprocess.Popen[bytes]] = []
        self._born: list[float] = []
        self.died = 0  # how many ended by themselves

    def start(self) -> None:
        self._running = [self._start(command) for command in self._commands]
        self._born = [float("-inf")] * len(self._running)

    async def watch(self, *, is_ending: Callable[[], bool]) -> None:
        """Restart what has died, until the server ends."""
        clock = asyncio.get_running_loop().time
        while not is_ending():
            await asyncio.sleep(AGAIN)
            for index, process in enumerate(self._running):
                if is_ending() or process.poll() is None or clock() - self._born[index] < OFTEN:
                    continue
                self.died += 1
                log.error("worker_died", index=index, status=process.returncode)
                self._running[index] = self._start(self._commands[index])
                self._born[index] = clock()

    async def renew(self) -> None:
        """Drain one worker after the other: each ends with its last room, and is started anew with the program of then."""
        for index in range(len(self._running)):
            old = self._running[index]
            log.info("worker_renewed", index=index)
            with contextlib.suppress(ProcessLookupError):
                old.send_signal(signal.SIGUSR1)
            while self._running[index] is old:  # noqa: ASYNC110 -- another process ends
                await asyncio.sleep(AGAIN)
            await asyncio.sleep(SETTLED)

    def stop(self) -> None:
        for process in self._running:
            process.send_signal(signal.SIGTERM)
        for process in self._running:
            try:
                process.wait(STOP_DEADLINE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, env=self._environment)  # noqa: S603 -- our own command


async def wait_for(sockets: Sequence[Path], children: Children) -> None:
    """Wait until every worker listens; ends the program where one does not."""
    clock = asyncio.get_running_loop().time
    began = clock()
    for path in sockets:
        while not path.exists():
            if clock() - began > (START_DEADLINE if children.died else SLOW_START):
                sys.exit("A media worker did not start: is its UDP or TCP port taken?")
            await asyncio.sleep(0.05)
