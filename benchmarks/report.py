"""One line of JSON for a benchmark: its figures, the machine, its load, the date and the command."""

from __future__ import annotations

import json
import math
import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

CPUINFO = Path("/proc/cpuinfo")


def machine() -> dict[str, Any]:
    """Its processor and cores, and what runs on it now: the load average of the last minute."""
    model = platform.processor()
    if CPUINFO.exists():
        lines = CPUINFO.read_text().splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    return {"machine": f"{model}, {os.cpu_count()} cores", "load": round(os.getloadavg()[0], 1)}


def begin(benchmark: str) -> dict[str, Any]:
    """The head of a report, taken before the benchmark makes a load of its own."""
    name = sys.modules["__main__"].__spec__
    module = name.name.removesuffix(".__main__") if name else benchmark
    command = " ".join(["python -m", module, *sys.argv[1:]])
    return {"benchmark": benchmark, "at": datetime.now(UTC).isoformat(timespec="seconds"), "command": command, **machine()}


def say(report: dict[str, Any]) -> None:
    """The report's line on standard output."""
    print(json.dumps(report, ensure_ascii=False), flush=True)


def table(rows: Sequence[tuple[str, str, str]]) -> None:
    """What was measured beside its aim, for people, on standard error: lines of Markdown, as `docs/performance.md` has them."""
    for row in (("", "measured", "aim"), ("---", "---", "---"), *rows):
        print(f"| {' | '.join(row)} |", file=sys.stderr, flush=True)


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that at least `share` of them do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
