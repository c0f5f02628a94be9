"""What the server's processes take, and what it counts."""

from __future__ import annotations

import contextlib
import os
import re
import statistics
import time
from pathlib import Path
from typing import Any, Final

import aiohttp
import psutil

from tests.protocol.conftest import Server

ROW: Final = re.compile(r"(\w+)\{(.*)\} (\S+)")
LABEL: Final = re.compile(r'(\w+)="([^"]*)"')
MEGABYTE: Final = 1e6


def run_cpu() -> float:
    """CPU seconds of this process and all that it ever started."""
    total = sum(os.times()[:4])
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            total += sum(child.cpu_times()[:4])
    return total


def waited() -> float:
    """Seconds since the start in which somebody on this machine waited for a core; 0 where the system does not say."""
    pressure = Path("/proc/pressure/cpu")
    return int(pressure.read_text().split("total=")[1].split()[0]) / 1e6 if pressure.exists() else 0.0


class Watch:
    """Samples of the signalling process and the worker."""

    def __init__(self, server: Server, port: int) -> None:
        """`port` is Prometheus'."""
        (worker,) = server.workers()
        self.processes = {"signalling": psutil.Process(server.process.pid), "worker0": worker}
        self._url = f"http://127.0.0.1:{port}/metrics"
        self._memory: dict[str, list[tuple[float, float]]] = {name: [] for name in self.processes}
        self._cpu = self._used()
        self._run = (time.monotonic(), run_cpu(), waited())
        psutil.cpu_percent()

    def _used(self) -> dict[str, float]:
        return {name: sum(process.cpu_times()[:2]) for name, process in self.processes.items()}

    def look(self) -> None:
        """Take the memory once more; `minute` tells the median of what was taken."""
        for name, process in self.processes.items():
            found = process.memory_full_info()
            self._memory[name].append((found.rss / MEGABYTE, found.pss / MEGABYTE))

    async def metrics(self) -> list[tuple[str, dict[str, str], float]]:
        async with aiohttp.ClientSession() as session, session.get(self._url) as answer:
            text = await answer.text()
        rows = (ROW.fullmatch(line) for line in text.splitlines() if not line.startswith("#"))
        return [(row[1], dict(LABEL.findall(row[2])), float(row[3])) for row in rows if row]

    async def counters(self) -> dict[str, int]:
        """The media plane's."""
        return {labels["what"]: int(n) for name, labels, n in await self.metrics() if name == "suite_rtc_media"}

    async def minute(self) -> dict[str, Any]:
        """What the last minute took, and what there is now."""
        self.look()
        rows = await self.metrics()
        tasks = {labels["process"]: int(n) for name, labels, n in rows if name == "suite_rtc_tasks"}
        media = {labels["what"]: int(n) for name, labels, n in rows if name == "suite_rtc_media"}
        used, before = self._used(), self._cpu
        found: dict[str, Any] = {
            "rooms": int(next(n for name, _, n in rows if name == "livekit_room_total")),
            "participants": int(next(n for name, _, n in rows if name == "livekit_participant_total")),
            "transports": media.get("transports", 0),
            "faults": media.get("faults", 0),
        }
        for name, process in self.processes.items():
            taken, self._memory[name] = self._memory[name], []
            found[name] = {
                "rss_mb": round(statistics.median(rss for rss, _ in taken), 2),
                "pss_mb": round(statistics.median(pss for _, pss in taken), 2),
                "descriptors": process.num_fds(),
                "threads": process.num_threads(),
                "tasks": tasks[name],
                "cpu_s": round(used[name] - before[name], 1),
            }
        self._cpu = used
        (at, cpu, waiting), self._run = self._run, (time.monotonic(), run_cpu(), waited())
        passed = self._run[0] - at
        # Of all cores: this run with its browsers and visitors; everything. Of the time: somebody waited for a core.
        found["run_percent"] = round(100 * (self._run[1] - cpu) / passed / (os.cpu_count() or 1), 1)
        found["machine_percent"] = psutil.cpu_percent()
        found["waited_percent"] = round(100 * (self._run[2] - waiting) / passed, 1)
        return found
