"""What the generator's processes found, put together, beside what is to be reached."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from benchmarks.media.drain import GAP
from benchmarks.report import quantile
from benchmarks.rooms import load
from benchmarks.rooms.following import FROZEN

GAP_MS: Final = 60.0  # between two packets of somebody who speaks
UNDER: Final = 0.999  # of the gaps
MOST_CORES: Final = 0.9  # for `load.LARGE` people
LATE_MS: Final = (
    20.0  # over which the generator itself is too late: where more than 1 - UNDER of its sound is, it tells nothing
)
OTHERS: Final = 0.05  # cores that others took of the server's, over which gaps and freezes say nothing of it
SUMS: Final = (
    "unique", "expected", "repeated", "late", "padding", "rtx", "other", "absent", "samples", "broken", "left_out",
    "out_of_sequence", "another", "sent", "refused", "resent", "keyframes_asked_for", "dropped",
)  # fmt: skip


def together(found: list[dict[str, Any]], *, cpu: float) -> dict[str, Any]:
    """The figures of all processes as one."""
    sums = {name: sum(one[name] for one in found) for name in SUMS}
    seconds = max(one["seconds"] for one in found)
    gaps: Counter[int] = Counter()
    for one in found:
        gaps.update({int(index): count for index, count in one["gaps"].items()})
    silences = [silence for one in found for silence in one["silences"]]
    latencies = [one for each in found for one in each["latencies"]]
    late_sound, late_pictures, own_gaps = (
        [late for one in found for late in one[name]] for name in ("late_sound", "late_pictures", "own_gaps")
    )
    return {
        **sums,
        "seconds": round(seconds, 1),
        "in_a_second": round(sums["sent"] / seconds),
        "out_a_second": round(sums["unique"] / seconds),
        "out_per_cpu_second": round(sums["unique"] / cpu) if cpu else None,
        "out_mbit_s": round(8 * sum(one["bytes"] for one in found) / seconds / 1e6, 1),
        "least_share": round(min(one["least_share"] for one in found), 5),
        "gaps": sum(gaps.values()),
        "gaps_under_60_ms": _share_under(gaps, GAP_MS),
        "gap_p50_ms": _gap_quantile(gaps, 0.5),
        "gap_p99_9_ms": _gap_quantile(gaps, 0.999),
        "gap_most_ms": round(max(one["longest_gap_ms"] for one in found), 1),
        "pictures": len(silences),
        "frozen": sum(1 for silence in silences if silence > FROZEN),
        "longest_silence_s": round(max(silences, default=0.0), 3),
        "latency_p50_ms": round(quantile(latencies, 0.5), 2) if latencies else None,
        "latency_p99_ms": round(quantile(latencies, 0.99), 2) if latencies else None,
        "own_late_p50_ms": quantile(late_sound, 0.5),
        "own_late_p99_9_ms": quantile(late_sound, 0.999),
        "own_late_most_ms": max(late_sound),
        "own_pictures_late_p99_9_ms": quantile(late_pictures, 0.999),
        "own_gaps_under_60_ms": round(sum(1 for gap in own_gaps if gap < GAP_MS) / len(own_gaps), 6),
        "own_gap_most_ms": max(own_gaps),
        "own_cores": [round(one["cpu"], 2) for one in found],
    }


def _share_under(gaps: Counter[int], most_ms: float) -> float:
    under = sum(count for index, count in gaps.items() if (index + 1) * GAP <= most_ms * 1e6)
    return round(under / max(1, sum(gaps.values())), 6)


def _gap_quantile(gaps: Counter[int], share: float) -> float:
    """The upper end of the step in which the share is reached, ms."""
    wanted, seen = share * sum(gaps.values()), 0
    for index in sorted(gaps):
        seen += gaps[index]
        if seen >= wanted:
            return round((index + 1) * GAP / 1e6, 2)
    return 0.0


def is_late(one: dict[str, Any]) -> bool:
    """Whether the generator fell behind its own clock."""
    return bool(one["own_late_p99_9_ms"] > LATE_MS or one["own_gaps_under_60_ms"] < UNDER)


def is_disturbed(one: dict[str, Any]) -> bool:
    """Whether others than the server may be why packets came late."""
    return is_late(one) or bool(one["others_on_core"] > OTHERS)


def lateness(one: dict[str, Any]) -> list[str]:
    """Sentences, one for each aim that was missed by packets that came late."""
    where, said = f"{one['people']} people:", []
    if one["absent"]:
        said.append(f"{where} of {one['absent']} tracks nothing came.")
    if one["left_out"]:
        said.append(f"{where} the server held readers back: it left {one['left_out']} packets out of what they see.")
    if one["gaps_under_60_ms"] < UNDER:
        said.append(f"{where} {100 * one['gaps_under_60_ms']:.3f} % of the gaps are under 60 ms, {100 * UNDER} % are wanted.")
    if one["frozen"]:
        said.append(f"{where} {one['frozen']} pictures froze, the longest for {one['longest_silence_s']} s.")
    return said


def missed(one: dict[str, Any]) -> list[str]:
    """Sentences, one for each aim that the server missed."""
    where, said = f"{one['people']} people:", []
    if one["described"] < one["wanted"]:
        said.append(f"{where} only {one['described']} of {one['wanted']} tracks were described.")
    lost = one["expected"] - one["unique"] - one["padding"]
    if lost > one["dropped"]:
        said.append(f"{where} {lost} of {one['expected']} packets were lost.")
    wrong = {name: one[name] for name in ("broken", "another", "out_of_sequence", "late", "repeated") if one[name]}
    if wrong:
        said.append(f"{where} packets were not as they should be: {wrong}.")
    if one["people"] >= load.LARGE and one["cores"] > MOST_CORES:
        said.append(f"{where} the server took {one['cores']} cores, {MOST_CORES} are wanted.")
    if one["server"] == "suite-c" and one.get("kernel") != "c":
        said.append(f"{where} the compiled kernel was not loaded ({one.get('kernel')}).")
    return said


def doubts(one: dict[str, Any]) -> list[str]:
    """Sentences on what others than the server did to the figures: late packets are not its alone."""
    said = []
    if is_late(one):
        said.append(
            f"The generator fell behind: 99.9 % of its sound was at most {one['own_late_p99_9_ms']:.0f} ms late, its longest "
            f"gap {one['own_gap_most_ms']:.0f} ms."
        )
    if one["others_on_core"] > OTHERS:
        said.append(
            f"Others took {one['others_on_core']} of the server's core: it waited for it {100 * one['waited_for_core']:.0f} % "
            "of the time."
        )
    if one["dropped"]:
        said.append(f"The generator read too late: {one['dropped']} packets found its sockets full.")
    if one["people"] >= load.LARGE and one["generator_cores"] < 2:
        said.append("The generator had no cores of its own beside the one that its people share.")
    return said


def exit_code(one: dict[str, Any]) -> int:
    """0 where all aims are met, 1 where the server missed one, 2 where others than the server may be why."""
    if missed(one):
        return 1
    if not lateness(one):
        return 0
    return 2 if is_disturbed(one) else 1


def rows(one: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The table for people."""
    late = f"{one['own_late_p50_ms']:.1f} / {one['own_late_p99_9_ms']:.1f} / {one['own_late_most_ms']:.1f} ms"
    lost = one["expected"] - one["unique"] - one["padding"]
    cores = f"{MOST_CORES}" if one["people"] >= load.LARGE else ""
    return [
        (f"gaps in speaking streams under 60 ms, {one['people']} people", f"{100 * one['gaps_under_60_ms']:.3f} %", "99.9 %"),
        ("gaps, p50 / p99.9 / most", f"{one['gap_p50_ms']} / {one['gap_p99_9_ms']} / {one['gap_most_ms']} ms", ""),
        ("pictures frozen over 1 s", f"{one['frozen']} of {one['pictures']}, longest {one['longest_silence_s']} s", "0"),
        ("lost / late / left out", f"{lost} / {one['late']} / {one['left_out']}", "0 / 0 / 0"),
        ("opened / broken", f"{one['samples']} / {one['broken']}", "0 broken"),
        ("the server's cores", f"{one['cores']}", cores),
        ("in, out packets/s", f"{one['in_a_second']}, {one['out_a_second']}", ""),
        ("out packets per CPU-second", f"{one['out_per_cpu_second']}", ""),
        ("way through the server, p50 / p99", f"{one['latency_p50_ms']} / {one['latency_p99_ms']} ms", ""),
        ("resident, worker / whole tree", f"{one['resident_mb']} / {one['resident_all_mb']} MB", ""),
        ("others on the server's core", f"{one['others_on_core']}", f"under {OTHERS}"),
        ("the generator's own lateness, p50 / p99.9 / most", late, f"{LATE_MS:.0f} ms at p99.9"),
        ("the generator's own gaps under 60 ms", f"{100 * one['own_gaps_under_60_ms']:.3f} %", ""),
    ]
