"""What runs and how much memory it takes: proportional set size, shared pages counted once over all processes."""

from __future__ import annotations

import json
from pathlib import Path

import psutil

from suite.runtime.refusal import Refusal

MEBIBYTE = 1024 * 1024


def status(*, var: Path) -> str:
    """A table of every process with its state, restarts and memory (MiB, its children's included), and the total.

    Raises `Refusal` where nothing runs from `var`.
    """
    try:
        known = json.loads((var / "run" / "state.json").read_text())
        supervisor = psutil.Process(known["supervisor"])
        is_ours = "suite.runtime" in " ".join(supervisor.cmdline())
    except (OSError, ValueError, psutil.NoSuchProcess):
        is_ours = False
    if not is_ours:
        raise Refusal(f"Suite does not run from {var}: start it with `make run`.")
    rows = [("supervisor", supervisor.pid, "ready", 0, memory_of(supervisor.pid, with_children=False))]
    for process in known["processes"]:
        memory = memory_of(process["pid"]) if process["pid"] else 0
        rows.append((process["name"], process["pid"] or 0, process["state"], process["restarts"], memory))
    lines = [f"{known['url']}", f"{'process':<12}{'pid':>8}  {'state':<12}{'restarts':>8}{'MiB':>8}"]
    lines += [
        f"{name:<12}{pid:>8}  {state:<12}{restarts:>8}{memory / MEBIBYTE:>8.0f}" for name, pid, state, restarts, memory in rows
    ]
    lines.append(f"{'in all':<12}{'':>8}  {'':<12}{'':>8}{sum(row[4] for row in rows) / MEBIBYTE:>8.0f}")
    return "\n".join(lines) + "\n"


def memory_of(pid: int, *, with_children: bool = True) -> int:
    """Bytes of proportional set size of a process (and of what it started); 0 where it is gone."""
    try:
        process = psutil.Process(pid)
        family = [process, *(process.children(recursive=True) if with_children else [])]
    except psutil.NoSuchProcess:
        return 0
    return sum(_pss(member.pid) for member in family)


def _pss(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return int(psutil.Process(pid).memory_info().rss)  # where the kernel does not say more
    except psutil.Error:
        return 0
