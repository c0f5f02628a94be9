"""What the machine itself allows: `peers/bare/bare.c`, measured as the servers are. It is no server and no peer.

The yardstick says how we stand to a peer, this how far any of us could go here.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

from benchmarks.media.loads import PACKETS
from benchmarks.media.servers import PEERS

WAYS: Final = ("together", "apart")


def _built(folder: Path) -> Path:
    made = folder / "bare"
    if not made.exists():
        source = PEERS / "bare/bare.c"
        subprocess.run(["cc", "-O2", "-Wall", "-Werror", "-o", made, source, "-l:libcrypto.so.3"], check=True)
    return made


def measure(*, readers: int, seconds: float, core: int, other: int, folder: Path) -> dict[str, Any]:
    """Out packets per CPU-second, load `plain`: the better of one system call for all readers and one for each."""
    found = {}
    for way in WAYS:
        command = ["taskset", "-c", str(core), _built(folder), str(readers), str(seconds), str(PACKETS), str(other), way]
        said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        if said["arrived"] != said["out"] or said["out"] < 0.99 * readers * PACKETS * seconds:
            raise RuntimeError(f"The bare loop lost packets, so it measures nothing: {said}")
        found[way] = said
    best = max(WAYS, key=lambda way: found[way]["out"] / found[way]["cpu"])
    one = found[best]
    return {
        "server": "bare", "load": "plain", "readers": readers, "out_per_cpu_second": round(one["out"] / one["cpu"]),
        "cores": round(one["cpu"] / seconds, 3), "out": one["out"], "sent": best, "profiles": [],
    }  # fmt: skip
