"""What was asked of the run, and what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

FROM: Final = 5  # minutes: what a process learns in its first ones is no leak
ENOUGH: Final = 10  # minutes that a run takes at least to say anything of a slope
GROWTH: Final = 1.0  # percent, over the minutes from `FROM` on
ROSE: Final = 99.5  # percent of seconds
PAUSE: Final = 2.0  # seconds
PROCESSES: Final = ("signalling", "worker0")


def growth(levels: Sequence[float]) -> float:
    """By how many percent of its mean a level rose from the first to the last, along the line of least squares."""
    if len(levels) < 2:
        return 0.0
    slope = float(np.polyfit(range(len(levels)), levels, 1)[0])
    return round(100 * slope * (len(levels) - 1) / float(np.mean(levels)), 2)


def memory(minutes: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Growth of each process' resident memory."""
    later = [minute for minute in minutes if minute["minute"] >= FROM] or minutes
    return {name: growth([minute[name]["rss_mb"] for minute in later]) for name in PROCESSES}


def aims(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each aim with what was found and whether it is reached."""
    said: list[dict[str, Any]] = []

    def aim(asked: str, value: Any, reached: bool) -> None:
        said.append({"aim": asked, "found": value, "reached": bool(reached)})

    minutes, alone, after = found["minutes"], found["alone"], found["after"]
    second = minutes[min(1, len(minutes) - 1)]
    for name in PROCESSES:
        grown = found["memory_growth_percent"][name]
        if len(minutes) >= ENOUGH:
            aim(f"{name}: memory grows by less than {GROWTH:g} % from minute {FROM} on", grown, grown < GROWTH)
        for what in ("tasks", "descriptors"):
            most = second[name][what]
            aim(f"{name}: {what} afterwards at most those of minute 2 ({most})", after[name][what], after[name][what] <= most)
        was = alone[name]["tasks"]
        aim(f"{name}: tasks afterwards as before anybody came ({was})", after[name]["tasks"], after[name]["tasks"] <= was)
    pairs = found["stayers"]["pairs"]
    least = min(pair["share"] for pair in pairs.values())
    longest = max(pair["pause_s"] for pair in pairs.values())
    aim(f"every pair decodes more in {ROSE} % of seconds", least, least >= ROSE)
    aim(f"no pair pauses longer than {PAUSE:g} s", longest, longest <= PAUSE)
    others = min(100 - 100 * (pair["still"] - pair["still_with_a_tab"]) / max(1, pair["seconds"]) for pair in pairs.values())
    aim(f"the same but for seconds in which one of the tabs stood still itself: {ROSE} %", round(others, 2), others >= ROSE)
    aim("nobody who stays reconnects", found["stayers"]["events"], not any(found["stayers"]["events"].values()))
    visitors = found["visitors"]
    rate = visitors["arrivals"] / len(minutes)
    aim("ten arrivals a minute", round(rate, 1), rate >= 10)
    aim("every visit went as planned", visitors["missed"], not visitors["missed"])
    written = {what: visitors["messages"].get(what, 0) for what in ("read", "lost", "doubled")}
    aim("no reliable message lost or doubled", written, written["read"] and not written["lost"] and not written["doubled"])
    aim(
        "only those who stay are there afterwards",
        after["participants"],
        after["participants"] == len(found["stayers"]["events"]),
    )
    hooks = found["webhooks"]
    left = hooks.get("participant_joined", 0) - hooks.get("participant_left", 0)
    aim("one left for each joined", left, left == after["participants"])
    aim("no faults", found["counters"].get("faults", 0), not found["counters"].get("faults", 0))
    aim("nothing at error level in the log", found["errors"], not found["errors"])
    return said
