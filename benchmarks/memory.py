"""Idle memory of each process and of all, in MiB of proportional set size, as `python -m suite.runtime status` tells it.

Everything runs, somebody has signed in and read a page, no meeting is on, no speech model is loaded.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from benchmarks.report import begin, say
from benchmarks.running import running
from suite.runtime.status import MEBIBYTE, memory_of
from tests.journeys.house import House
from tests.journeys.staff import Staff


async def memory(*, speech: bool, settle_seconds: float) -> dict[str, Any]:
    async with running(speech=speech) as house:
        awa = Staff(house.url, "Awa Diallo")
        await awa.sign_in()
        await awa.close()
        await asyncio.sleep(settle_seconds)  # what a start leaves behind is given back or stays
        each = await asyncio.to_thread(_each, house)
    return {"speech": speech, "processes_mib": each, "in_all_mib": round(sum(each.values()))}


def _each(house: House) -> dict[str, float]:
    state: dict[str, Any] = house.state()
    found = {"supervisor": memory_of(state["supervisor"], with_children=False)}
    found |= {one["name"]: memory_of(one["pid"]) for one in state["processes"] if one["pid"]}
    return {name: round(size / MEBIBYTE, 1) for name, size in found.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-speech", action="store_true", help="without the worker that loads the models")
    parser.add_argument("--settle", type=float, default=20.0, help="seconds of idleness before the measure")
    given = parser.parse_args()
    head = begin("memory")
    say(head | asyncio.run(memory(speech=not given.no_speech, settle_seconds=given.settle)))
