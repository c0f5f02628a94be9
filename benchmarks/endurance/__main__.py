"""`make bench-endurance` (MINUTES=30): the run, one object a minute into docs/measurements/endurance.json, and its verdict."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.endurance.plan import STAY
from benchmarks.endurance.stayers import Stayers, staying
from benchmarks.endurance.verdict import aims, memory
from benchmarks.endurance.watch import Watch
from benchmarks.report import begin
from tests.protocol.conftest import ROOT, Server, free_port, running_server

KEPT = ROOT / "docs" / "measurements" / "endurance.json"
LOOK = 5.0  # seconds between two looks at memory
QUIET = 15.0  # seconds in which nobody comes, before and after
EMPTY = 90.0  # seconds until the last visitor has left
MINUTE = 60.0


async def arrivals(port: int, seed: int, minute: int, told: list[dict[str, Any]]) -> None:
    """One minute's visitors, in a process of their own."""
    command = ["-m", "benchmarks.endurance.arrivals", str(port), str(seed), str(minute)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout is not None
    async for line in process.stdout:
        told += [json.loads(line)]
    if await process.wait():
        told.append({"kind": "arrivals", "missed": f"minute {minute} ended with {process.returncode}"})


async def watched(seconds: float, watch: Watch, stayers: Stayers) -> dict[str, Any]:
    """What a stretch of that many seconds took."""
    clock = asyncio.get_running_loop().time
    end = clock() + seconds
    while (left := end - clock()) > 0:
        await asyncio.sleep(min(LOOK, left))
        watch.look()
        await stayers.collect()
    return await watch.minute()


async def emptied(server: Server) -> None:
    """Until nobody but those who stay is there, or nobody else leaves any more."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(EMPTY):
            while await _visitors(server):  # noqa: ASYNC110 -- the server has no event to wait for
                await asyncio.sleep(0.5)


async def _visitors(server: Server) -> bool:
    rooms = (await server.call("ListRooms"))["rooms"]
    listed = await server.call("ListParticipants", room=STAY)
    return len(rooms) > 1 or not all(one["identity"].startswith("stayer") for one in listed["participants"])


def summed(told: list[dict[str, Any]]) -> dict[str, Any]:
    """All visits together."""
    kinds, messages, watched = Counter[str](), Counter[str](), Counter[str]()
    for one in told:
        kinds[one["kind"]] += 1
        messages.update(one.get("messages", {}))
        watched.update(one.get("watched", {}))
    missed = [{"who": one.get("identity", ""), "why": one["missed"]} for one in told if "missed" in one]
    gaps = [gap for one in told for gap in one.get("gaps", [])]
    return {"arrivals": len(told), "kinds": kinds, "messages": messages, "gaps": gaps, "watched": watched, "missed": missed}


async def run(minutes: int, seed: int, folder: Path) -> dict[str, Any]:
    port = free_port()
    found: dict[str, Any] = {"seed": seed, "minutes": []}
    with running_server(folder, "--prometheus.port", str(port)) as server:
        async with staying(server) as stayers:
            await stayers.begin()
            watch, told = Watch(server, port), []
            found["alone"] = await watched(QUIET, watch, stayers)
            coming: list[asyncio.Task[None]] = []
            for minute in range(1, minutes + 1):
                coming.append(asyncio.create_task(arrivals(server.port, seed, minute, told)))
                found["minutes"].append({"minute": minute, **await watched(MINUTE, watch, stayers)})
                print(json.dumps(found["minutes"][-1]), file=sys.stderr, flush=True)
            leaving = asyncio.gather(*coming)
            while not leaving.done():
                await watched(LOOK, watch, stayers)
            await emptied(server)
            found["after"] = await watched(QUIET, watch, stayers)
            found["stayers"] = {**stayers.told(), "freezes": await stayers.freezes(), "events": await stayers.events()}
            found["visitors"] = summed(told)
            found["counters"] = await watch.counters()
            found["webhooks"] = Counter(hook["event"] for hook in server.webhooks)
        log = server.log.read_text().splitlines()
    found["errors"] = [line for line in log if '"error"' in line or "Traceback" in line]
    found["memory_growth_percent"] = memory(found["minutes"])
    found["aims"] = aims(found)
    return found


def written(report: dict[str, Any]) -> str:
    """JSON with one line for each minute and each aim."""
    lines = []
    for name, value in report.items():
        if name in {"minutes", "aims"}:
            text = "[\n" + ",\n".join(f"    {json.dumps(one)}" for one in value) + "\n  ]"
        else:
            text = json.dumps(value, ensure_ascii=False)
        lines.append(f'  "{name}": {text}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.endurance")
    parser.add_argument("--minutes", type=int, default=int(os.environ.get("MINUTES", "30")))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=KEPT)
    given = parser.parse_args()
    head = begin("endurance")
    with tempfile.TemporaryDirectory(prefix="endurance-") as folder:
        report = {**head, **asyncio.run(run(given.minutes, given.seed, Path(folder)))}
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(written(report))
    missed = [aim for aim in report["aims"] if not aim["reached"]]
    for aim in missed:
        print(f"not reached: {aim['aim']}: {aim['found']}", file=sys.stderr)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
