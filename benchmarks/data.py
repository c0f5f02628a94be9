"""Reliable data of 1 kB from one participant to ten: deliveries for each second of the media worker's CPU.

The worker is the real one, joined over its link; then the same worker with aiortc's SCTP in the place of ours, in the same run.
Worker and peers have a core each. `paced` sends messages evenly, so that each costs wakes of its own; `rush` keeps the writer's
queue full, up to the writer's limit. Every reader gets every message, in order and unchanged, or the run fails.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
from livekit.protocol import models

from benchmarks.data_peers import Peer
from benchmarks.report import begin, say
from suite.rtc.link.web import WorkerLink, WorkerLost

READERS = 10
SIZE = 1024
START_SECONDS = 20.0


@contextlib.asynccontextmanager
async def worker(sctp: str, *, core: int, profile: bool) -> AsyncIterator[tuple[WorkerLink, psutil.Process]]:
    """A worker process and the link to it."""
    with tempfile.TemporaryDirectory(prefix="data") as folder:
        path = f"{folder}/worker"
        said = f"benchmarks.data_server {sctp} {core} --socket {path} --port 0 --host 127.0.0.1"
        command = [sys.executable, "-m", *said.split(), *(["--profile"] if profile else [])]
        environment = {**os.environ, "LIVEKIT_API_KEY": "devkey", "LIVEKIT_API_SECRET": "secretsecretsecretsecretsecret12"}
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.DEVNULL)
        link = WorkerLink(path, lambda _frame: None)
        try:
            end = time.monotonic() + START_SECONDS
            while True:
                try:
                    await link.connect()
                    break
                except WorkerLost:
                    if time.monotonic() > end or process.returncode is not None:
                        raise
                    await asyncio.sleep(0.1)
            yield link, psutil.Process(process.pid)
        finally:
            await link.close()
            process.terminate()
            await asyncio.wait_for(process.wait(), 10)


class Readers:
    """What the ten have got, checked as it comes."""

    def __init__(self, messages: list[bytes]) -> None:
        self._digests = [hashlib.blake2b(message).digest() for message in messages]
        self.got = [0] * READERS
        self.done = asyncio.Event()

    def reader(self, number: int) -> Any:
        def arrived(payload: bytes) -> None:
            packet = models.DataPacket.FromString(payload)
            at = self.got[number]
            if hashlib.blake2b(packet.user.payload).digest() != self._digests[at]:
                sys.exit(f"reader {number}: message {at} is another")
            self.got[number] = at + 1
            if all(got == len(self._digests) for got in self.got):
                self.done.set()

        return arrived


async def measure(sctp: str, *, rate: float, messages: int, profile: bool = False) -> dict[str, Any]:
    """Send `messages` at `rate` a second (0: as fast as it goes)."""
    cores = sorted(os.sched_getaffinity(0))
    async with worker(sctp, core=cores[0], profile=profile) as (link, process):
        os.sched_setaffinity(0, {cores[-1]})
        try:
            sent = [os.urandom(SIZE) for _ in range(messages)]
            readers = Readers(sent)
            peers = [Peer(f"r{number}", link, message=readers.reader(number)) for number in range(READERS)]
            writer = Peer("writer", link, message=lambda _payload: None)
            for peer in (*peers, writer):
                await peer.join("room")
            await asyncio.sleep(0.3)
            before, at = process.cpu_times(), time.monotonic()
            await asyncio.wait_for(_write(writer, sent, rate=rate), 120)
            await asyncio.wait_for(readers.done.wait(), 60)
            after, wall = process.cpu_times(), time.monotonic() - at
            for peer in (*peers, writer):
                peer.close()
        finally:
            os.sched_setaffinity(0, set(cores))
    cpu = after.user + after.system - before.user - before.system
    return {
        "deliveries": messages * READERS,
        "cpu_s": round(cpu, 2),
        "wall_s": round(wall, 2),
        "deliveries_per_cpu_s": round(messages * READERS / cpu),
    }


async def _write(writer: Peer, sent: list[bytes], *, rate: float) -> None:
    begun = time.monotonic()
    for number, message in enumerate(sent):
        packet = models.DataPacket(
            kind=models.DataPacket.RELIABLE, user=models.UserPacket(payload=message), sequence=number + 1
        )
        while writer.waiting > 64 * 1024:  # noqa: ASYNC110 -- SCTP has no event for it
            await asyncio.sleep(0.001)
        if rate:
            await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
        writer.send(packet.SerializeToString())


async def run(given: argparse.Namespace) -> dict[str, Any]:
    if given.profile:
        return {"ours": {"rush": await measure("ours", rate=0, messages=given.messages, profile=True)}}
    figures: dict[str, Any] = {}
    for sctp in ("ours", "aiortc"):
        figures[sctp] = {
            "paced": await measure(sctp, rate=given.rate, messages=given.messages),
            "rush": await measure(sctp, rate=0, messages=given.messages),
        }
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.data")
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--rate", type=float, default=500.0, help="messages a second in, paced")
    parser.add_argument("--profile", action="store_true", help="profile the worker into var/data.profile")
    given = parser.parse_args()
    head = begin("data")
    Path("var").mkdir(exist_ok=True)
    say({**head, **asyncio.run(run(given))})


if __name__ == "__main__":
    main()
