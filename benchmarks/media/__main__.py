"""Ours, pion, Janus and a bare loop in turn: out packets per CPU-second of the whole process tree, one JSON line each.

The yardstick P is pion's figure, load `plain`, 60 subscribers, in the same run. The server has a core of its own; publisher
and readers are two processes on the others. Ends with 1 where ours falls short of what a run must show. `--ways` measures ours
alone, signalled by LiveKit's protocol and by WHIP and WHEP in turns.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, Final

from benchmarks.media import bare, servers, verdict
from benchmarks.media.loads import LOADS, PACKETS
from benchmarks.media.process import Process
from benchmarks.report import begin, say

TURNS: Final = 8  # of each way, each beside one of the other
IDLE: Final = 1.0  # packets a second of the way whose turn it is not


class Run:
    """One server, one load, one number of readers."""

    def __init__(self, server: servers.Server, *, load: str, readers: int, cores: str, folder: Path) -> None:
        self.server, self.load, self.count = server, load, readers
        where = ["--kind", server.kind, "--url", server.url, "--load", load]
        self.idle = server.resident()
        begun = server.rest()
        self.publisher = Process("benchmarks.media.publisher", *where, cores=cores, log=folder / "publisher.log")
        try:
            self.profile = self.publisher.hear()["profile"]
            self.alone = server.resident()  # what the first to come makes the server load is there now
            self.readers = Process(
                "benchmarks.media.readers", *where, "--count", str(readers), cores=cores, log=folder / "readers.log"
            )
        except BaseException:
            self.publisher.end()
            raise
        try:
            self.profiles = self.readers.hear()["profiles"]
        except BaseException:
            self.end()
            raise
        self.joining = server.cpu() - begun

    def measure(self, seconds: float, *, rate: float = PACKETS) -> dict[str, Any]:
        """Figures of some seconds at `rate` packets a second in."""
        self.publisher.say(f"rate {rate}")
        self.readers.say("measure 1")  # to settle
        self.readers.hear()
        self.publisher.say("mark")
        sent, cpu = self.publisher.hear(), self.server.cpu()
        self.readers.say(f"measure {seconds}")
        found = self.readers.hear()
        cpu = self.server.cpu() - cpu
        self.publisher.say("mark")
        after = self.publisher.hear()
        if LOADS[self.load].feedback:  # the second in which the last retransmissions come is measured as well
            cpu *= seconds / (seconds + 1.0)
        resident = self.server.resident()
        grown = sum(resident.get(one, 0) - size for one, size in self.alone.items())
        return {
            "server": self.server.name,
            "load": self.load,
            "readers": self.count,
            "rate_in": round((after["sent"] - sent["sent"]) / (seconds + (1.0 if LOADS[self.load].feedback else 0.0))),
            "out_per_cpu_second": round(found["unique"] / cpu) if cpu else None,
            "cores": round(cpu / seconds, 3),
            "out": found.pop("unique"),
            "sent_again_to_server": after["resent"] - sent["resent"],
            "profiles": sorted({self.profile, *self.profiles}),
            "kind": self.server.kind,
            "idle_mb": max(self.idle.values()),
            "resident_mb": max(resident.values()),
            "kb_a_subscriber": round(1000 * grown / self.count),
            "join_cpu_ms": round(1000 * self.joining / (self.count + 1), 1),
            **found,
            **self.server.facts,
        }

    def end(self) -> None:
        if hasattr(self, "readers"):
            self.readers.end()
        self.publisher.end()


def started(name: str, *, core: int | str, whip: bool, folder: Path) -> AbstractContextManager[servers.Server]:
    if name == "pion":
        return servers.pion(core=core, folder=folder)
    if name == "janus":
        return servers.janus(core=core, folder=folder)
    return servers.ours(core=core, kernel=name.removeprefix("suite-"), whip=whip, folder=folder)


def floor(readers: int, given: argparse.Namespace, *, cores: str, folder: Path) -> dict[str, Any]:
    """What the bare loop reaches."""
    other = int(cores.partition(",")[0])
    return bare.measure(readers=readers, seconds=given.seconds, core=given.core, other=other, folder=folder)


def saturation(run: Run, seconds: float) -> dict[str, Any]:
    """Raise the rate until 99.9 % no longer arrive; the last measurement that was whole."""
    best: dict[str, Any] = {}
    rate = float(PACKETS)
    while rate < 64 * PACKETS:
        found = run.measure(seconds, rate=rate)
        if found["least_share"] < verdict.DELIVERED or found["rate_in"] < 0.95 * rate:
            break
        best = {**found, "load": f"saturation-{run.load}", "out_a_second": round(found["out"] / seconds)}
        rate *= 1.25
    return best


def ways(load: str, given: argparse.Namespace, *, cores: str, folder: Path) -> list[dict[str, Any]]:
    """Ours by LiveKit's protocol and by WHIP and WHEP, two servers in turns: what befalls the machine befalls both."""
    kind, _, count = load.partition(":")
    with ExitStack() as stack:
        runs = {}
        for whip in (False, True):
            server = stack.enter_context(started("suite-c", core=given.core, whip=whip, folder=folder))
            run = runs[server.kind] = Run(server, load=kind, readers=int(count or 60), cores=cores, folder=folder)
            stack.callback(run.end)
            run.publisher.say(f"rate {IDLE}")
        found: list[dict[str, Any]] = []
        for _ in range(TURNS):
            for run in runs.values():
                found.append({**run.measure(given.seconds), **verdict.facts(run.server)})
                run.publisher.say(f"rate {IDLE}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.media")
    parser.add_argument("--servers", default="pion,janus,bare,suite-c,suite-python")
    parser.add_argument("--loads", default="plain:60,plain:100,frames:60,full:60,full:100")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--repeat", type=int, default=1)
    last = (os.cpu_count() or 2) - 1
    parser.add_argument("--core", type=int, default=last, help="of the server; the generator has the others")
    parser.add_argument("--anywhere", action="store_true", help="servers and generator on all cores, as the aims were set")
    parser.add_argument("--saturation", action="store_true")
    parser.add_argument("--whip", action="store_true", help="signal ours by WHIP and WHEP, not by LiveKit's protocol")
    parser.add_argument("--ways", action="store_true", help="ours alone, signalled both ways in turns")
    parser.add_argument("--logs", default="", help="a folder to keep logs in")
    given = parser.parse_args()
    cores = f"0-{last}" if given.anywhere else ",".join(str(one) for one in range(last + 1) if one != given.core) or "0"
    where: int | str = f"0-{last}" if given.anywhere else given.core
    head = {**begin("media"), **({"server_cores": where} if given.anywhere else {})}
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="media-") as temporary:
        folder = Path(given.logs or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if given.ways:
            for load in given.loads.split(","):
                found += ways(load, given, cores=cores, folder=folder)
                say({**head, "load": load, **verdict.cost_of_ways(found[-2 * TURNS :])})
            given.repeat = 0
        for _ in range(given.repeat):
            for load in given.loads.split(","):
                for name in given.servers.split(","):
                    kind, _, count = load.partition(":")
                    if name == "bare":
                        if kind == "plain":
                            found.append(floor(int(count or 60), given, cores=cores, folder=folder))
                            say({**head, **found[-1], "of_p": verdict.of_yardstick(found[-1], found)})
                        continue
                    try:
                        with started(name, core=where, whip=given.whip, folder=folder) as server:
                            run = Run(server, load=kind, readers=int(count or 60), cores=cores, folder=folder)
                            try:
                                one = saturation(run, given.seconds) if given.saturation else run.measure(given.seconds)
                            finally:
                                run.end()
                            one = {**one, **verdict.facts(server)}
                    except servers.Absent as absent:
                        print(absent, file=sys.stderr, flush=True)
                        continue
                    found.append(one)
                    say({**head, **one, "of_p": verdict.of_yardstick(one, found)})
    short = verdict.shortfalls(found)
    for sentence in short:
        print(sentence, file=sys.stderr)
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
