"""What a run must show of ours, and how it stands to the yardstick."""

from __future__ import annotations

import re
from statistics import median
from typing import Any, Final

from benchmarks.media.servers import Server

DELIVERED: Final = 0.999  # of the unique media packets, to every subscriber
ALIKE: Final = 1.1  # most that a subscriber by LiveKit's protocol costs, of one by WHEP
SAMPLED: Final = 0.07  # of the packets at least, where 10 % are chosen at random
TARGETS: Final = {("suite-c", "plain", 60): 4.0, ("suite-c", "full", 60): 3.0, ("suite-c", "full", 100): 3.0,
                  ("suite-python", "plain", 60): 1.6}  # fmt: skip


def facts(server: Server) -> dict[str, Any]:
    """What the server's log says of itself: the kernel that it loaded."""
    if not server.name.startswith("suite"):
        return {}
    said = re.search(r'kernel"?[=:]\s*"?(\w+)', server.log.read_text(errors="replace"))
    return {"kernel": said[1] if said else "unsaid"}


def _what(one: dict[str, Any]) -> tuple[str, str, int]:
    return one["server"], one["load"], one["readers"]


def of_yardstick(one: dict[str, Any], found: list[dict[str, Any]]) -> float | None:
    """The figure in units of P; None where pion was not measured first."""
    pion = [each["out_per_cpu_second"] for each in found if _what(each) == ("pion", "plain", 60)]
    return round(one["out_per_cpu_second"] / median(pion), 2) if pion and one["out_per_cpu_second"] else None


def cost_of_ways(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Median figures of either way, and what LiveKit's costs of WHEP's: the median of turns that follow each other."""
    livekit, whep = ([one["out_per_cpu_second"] for one in found if one["kind"] == kind] for kind in ("livekit", "whip-v1"))
    cost = median(other / one for one, other in zip(livekit, whep, strict=True))
    return {"livekit": round(median(livekit)), "whep": round(median(whep)), "cost_of_whep": round(cost, 3)}


def shortfalls(found: list[dict[str, Any]]) -> list[str]:
    """Sentences, one for each thing of ours that fell short; of its peers none, their lines show it."""
    said = []
    profiles = {profile for one in found for profile in one["profiles"]}
    if len(profiles) > 1:
        said.append(f"The servers used different SRTP profiles: {', '.join(sorted(profiles))}.")
    for one in found:
        if not one["server"].startswith("suite"):
            continue
        where = f"{one['server']}, {one['load']}, {one['readers']} readers:"
        if one["least_share"] < DELIVERED:
            said.append(f"{where} a subscriber got {100 * one['least_share']:.2f} % of its packets.")
        if one["broken"] or one["gaps"] or one["unsampled"]:
            said.append(f"{where} {one['broken']} packets were broken, {one['gaps']} out of sequence, "
                        f"{one['unsampled']} subscribers were not sampled.")  # fmt: skip
        if one["samples"] < SAMPLED * one["out"]:
            said.append(f"{where} only {one['samples']} of {one['out']} packets were decrypted.")
        if one["returned"] < one["nacked"]:
            said.append(f"{where} {one['nacked'] - one['returned']} of {one['nacked']} NACKed packets did not come back.")
        if one["server"] == "suite-c" and one.get("kernel") != "c":
            said.append(f"{where} the compiled kernel was not loaded ({one.get('kernel')}).")
    said += _targets(found)
    return said + _ways(found)


def _ways(found: list[dict[str, Any]]) -> list[str]:
    said = []
    for load, readers in sorted({(one["load"], one["readers"]) for one in found if one["server"] == "suite-c"}):
        both = [one for one in found if _what(one) == ("suite-c", load, readers)]
        if len({one["kind"] for one in both}) == 2 and (cost := cost_of_ways(both)["cost_of_whep"]) > ALIKE:
            said.append(f"{load} at {readers}: LiveKit's protocol costs {cost:.2f} of WHEP, {ALIKE} at most are wanted.")
    return said


def _targets(found: list[dict[str, Any]]) -> list[str]:
    said = []
    for (server, load, readers), wanted in TARGETS.items():
        reached = [of_yardstick(one, found) for one in found if _what(one) == (server, load, readers)]
        known = [one for one in reached if one is not None]
        if known and median(known) < wanted:
            said.append(f"{server}, {load} at {readers}: {median(known):.2f} P, {wanted} P are wanted.")
    return said
