"""A room of 30, or of 100 where the generator has cores of its own: sound's gaps, frozen pictures, the server's CPU.

Ours (`python -m suite.rtc`, one worker) has a core of its own; the people are processes on the others, those who speak in
one of theirs. One JSON line. Ends with 1 where the server misses an aim, with 2 where the generator's own lateness, or
others at work on the server's core, may be why.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from benchmarks.media import servers, verdict
from benchmarks.media.process import Process
from benchmarks.report import begin, say, table
from benchmarks.rooms import figures, load

CORES_OF_ITS_OWN: Final = 3  # of the machine, from which on the generator of a large room has some
SETTLE: Final = 0.3  # s for each of the people: what waited while all followed all is sent by then


def parts(people: int, cores: int) -> list[tuple[int, int]]:
    """Who is in which of the generator's processes, as (first, count): those who speak, then the others in equal parts."""
    rest = people - load.SPEAKERS
    many = max(1, min(cores - 1, rest // 10))
    counts = [rest // many + (index < rest % many) for index in range(many)]
    found, at = [(0, load.SPEAKERS)], load.SPEAKERS
    for count in counts:
        found.append((at, count))
        at += count
    return found


class Room:
    """All the people of a room, in their processes."""

    def __init__(self, server: servers.Server, *, people: int, cores: list[int], more: list[str], folder: Path) -> None:
        self.processes: list[Process] = []
        where = ",".join(map(str, cores))
        for first, count in parts(people, len(cores)):
            asked = ["--url", server.url, "--first", str(first), "--count", str(count), "--people", str(people), *more]
            log = folder / f"people-{first}.log"
            self.processes.append(Process("benchmarks.rooms.people", *asked, cores=where, log=log))
        self.joined = [process.hear() for process in self.processes]

    def all(self, line: str) -> list[dict[str, Any]]:
        """Tell every process, and hear what each has to say."""
        for process in self.processes:
            process.say(line)
        return [process.hear() for process in self.processes]

    def end(self) -> None:
        for process in self.processes:
            process.end()


def measure(server: servers.Server, room: Room, *, people: int, core: int, seconds: float) -> dict[str, Any]:
    """Let everyone see everyone, then take the figures of some seconds."""
    joining = server.cpu()
    begun = time.monotonic()
    followed = room.all("follow")
    following = time.monotonic() - begun
    room.all(f"measure {SETTLE * people}")
    busy, cpu, waited, before = servers.busy(core), server.cpu(), server.waited(), time.monotonic()
    found = room.all(f"measure {seconds}")
    passed = time.monotonic() - before
    busy, cpu, waited = servers.busy(core) - busy, server.cpu() - cpu, server.waited() - waited
    resident = server.resident()
    return {
        "server": server.name,
        "people": people,
        "described": sum(one["described"] for one in followed),
        "wanted": sum(one["wanted"] for one in followed),
        "join_cpu_s": round(joining, 2),
        "follow_s": round(following, 1),
        "cores": round(cpu / passed, 3),
        "others_on_core": round(max(0.0, busy - cpu) / passed, 3),
        "waited_for_core": round(waited / passed, 3),
        "resident_mb": max(resident.values()),
        "resident_all_mb": round(sum(resident.values()), 1),
        "profiles": sorted({profile for one in room.joined for profile in one["profiles"]}),
        **figures.together(found, cpu=cpu),
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rooms")
    machine = os.cpu_count() or 2
    parser.add_argument("--people", default="", help=f"numbers; {load.ROOM}, and {load.LARGE} on more than two cores")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--core", type=int, default=machine - 1, help="of the server; the generator has the others")
    parser.add_argument("--kernel", choices=("c", "python"), default="c")
    parser.add_argument("--all-layers", action="store_true", help="cameras send layers that nobody sees, too")
    parser.add_argument("--logs", default="", help="a folder to keep logs in")
    given = parser.parse_args()
    cores = [one for one in range(machine) if one != given.core] or [0]
    large = [load.LARGE] if machine >= CORES_OF_ITS_OWN else []
    rooms = [int(one) for one in given.people.split(",")] if given.people else [load.ROOM, *large]
    head = begin("rooms")
    codes: list[int] = []
    with tempfile.TemporaryDirectory(prefix="rooms-") as temporary:
        folder = Path(given.logs or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for people in rooms:
            with servers.ours(core=given.core, kernel=given.kernel, whip=False, folder=folder) as server:
                room = None
                try:
                    more = ["--all-layers"] if given.all_layers else []
                    room = Room(server, people=people, cores=cores, more=more, folder=folder)
                    one = measure(server, room, people=people, core=given.core, seconds=given.seconds)
                finally:
                    if room is not None:
                        room.end()
                one |= {"all_layers": given.all_layers, "generator_cores": len(cores), **verdict.facts(server)}
            say({**head, **one})
            table(figures.rows(one))
            for sentence in (*figures.missed(one), *figures.lateness(one), *figures.doubts(one)):
                print(sentence, file=sys.stderr)
            codes.append(figures.exit_code(one))
    return 1 if 1 in codes else max(codes)


if __name__ == "__main__":
    sys.exit(main())
