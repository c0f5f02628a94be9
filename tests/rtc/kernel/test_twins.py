"""Both twins give the same bytes and rows, and a mutant of the compiled one is found out."""

from __future__ import annotations

from pathlib import Path

import pytest

from suite.rtc.kernel.library import Kernel
from tests.rtc.kernel.arrivals import told
from tests.rtc.kernel.broken import noticed
from tests.rtc.kernel.checks import check
from tests.rtc.kernel.twins import arrival, feedback, rewrite

pytestmark = [pytest.mark.slow, pytest.mark.patient]

SEEDS = range(60)
# What each is changed to must be noticed: file, what stands there, what stands there instead.
MUTANTS = [
    ("downtrack.c", "track->drop_count == DROPS ? 0 :", "track->drop_count == DROPS ? 1 :"),
    ("downtrack.c", "if (extended >= drop[0]) return 0;", "if (extended > drop[0]) return 0;"),
    ("downtrack.c", "track->picture_offset--;", "track->picture_offset++;"),
    ("downtrack.c", "& 0xFFFFFF); }", "& 0xFFFFFE); }"),
    ("downtrack.c", "sizes[i] > 16;", "sizes[i] > 17;"),
    ("downtrack.c", "if (stop > MAXIMUM) return 0;", "if (stop > MAXIMUM + 20) return 0;"),
    ("downtrack.c", "(uint64_t)(sequence >> 16) << 40", "(uint64_t)(sequence >> 16) << 41"),
    ("downtrack.c", "track->temporal_now = packet->temporal;", "track->temporal_now = packet->temporal + 1;"),
    ("downtrack.c", "at += 1 + sizes;", "at += sizes;"),
    ("downtrack.c", "present && packet->begins &&", "present &&"),
    ("downtrack.c", "present && packet->begins &&", "packet->begins &&"),
    ("downtrack.c", "packet->ends && packet->tops", "packet->tops"),
    ("downtrack.c", "(int)(times >> 56 & 1) << 7", "0"),
    ("downtrack.c", "(packet->picture + pictures) & 0xFFFF;", "packet->picture;"),
    ("downtrack.c", "packet->marker || packet->ends)) {", "packet->marker)) {"),
    ("downtrack.c", "size >= 5 && size < end", "size >= 5 && size <= end"),
    ("downtrack.c", "size >= 5 && size < end", "size < end"),
    ("downtrack.c", "structure >> 5) + 1", "structure >> 5)"),
    ("downtrack.c", "data[next] >> 2 & 3", "data[next] >> 1 & 3"),
    ("downtrack.c", "(first & 0x50) == 0x50", "first & 0x40"),
    ("downtrack.c", "(first & 0x30) == 0x10", "first & 0x10"),
    ("downtrack.c", "next == end && size > cut", "next == end"),
    ("downtrack.c", "(uint8_t)(size - cut);", "(uint8_t)size;"),
    ("downtrack.c", "if (packet->extended > track->latest) {", "if (packet->extended >= track->latest) {"),
    ("downtrack.c", "packet->timestamp != track->turned_time;", "1;"),
    ("downtrack.c", "packet->extended < track->turned_at && ", ""),
    ("downtrack.c", "track->timestamp_offset != track->last_timestamp", "track->timestamp_offset"),
    ("downtrack.c", "if (packet->synchronous && ", "if ("),
    ("downtrack.c", "!packet->spatial && temporal + 1", "temporal + 1"),
    ("downtrack.c", "temporal + 1 == packet->temporal &&", "temporal < packet->temporal &&"),
    ("downtrack.c", "if (!packet->predicted && ", "if ("),
    ("downtrack.c", "spatial + 1 == packet->spatial &&", "spatial < packet->spatial &&"),
    ("downtrack.c", "            packet->temporal <= temporal)", "            1)"),
    ("downtrack.c", "packet->picture_at || packet->zero_at) {", "0) {"),
    ("packet.c", "0x00FF, 0x0FFF, 0x0FFF}", "0x00FF, 0x0FFF, 0xFFFF}"),
    ("packet.c", "(0xF << packet->temporal & 0xF)", "(0xF << packet->temporal)"),
    ("packet.c", "if (!(first & 0x10)) zero = offset++;", "if (first & 0x10) zero = offset++;"),
    ("packet.c", "value[0] >> 6 & 1;", "value[0] >> 5 & 1;"),
    ("packet.c", "width == 15 ? 2 : 1", "width == 15 ? 2 : 2"),
    ("packet.c", "if (data[length - 1] == 0) return 0;", ""),
    ("layer.c", "((layer->highest + 1) & 0xFFFF)", "(layer->highest & 0xFFFF)"),
    ("layer.c", "packet->payload >= packet->end", "0"),
    ("layer.c", "layer->octets += packet->length;", "layer->octets += packet->end;"),
    ("layer.c", "if (transit < layer->fastest)", "if (transit > layer->fastest)"),
    ("layer.c", "if (level > layer->loudest)", "if (level < layer->loudest)"),
    ("layer.c", "layer->ring_lengths[slot] = (uint16_t)packet->length;", "layer->ring_lengths[slot] = (uint16_t)packet->end;"),
    ("feedback.c", "digest->left_bytes += size;", "digest->left_bytes += came ? size : 0;"),
    ("feedback.c", "for (int i = 1; i <= ahead", "for (int i = 1; i < ahead"),
    ("feedback.c", "if (deltas + symbol > length) goto done;", "if (deltas + symbol >= length) goto done;"),
    ("arrivals.c", "extended < arrivals->next - SPAN", "extended <= arrivals->next - SPAN"),
    ("arrivals.c", "arrivals->count >= AWAITED", "arrivals->count > AWAITED - 2"),
    ("arrivals.c", "if (extended < arrivals->next) arrivals->next = extended;", ""),
    ("arrivals.c", "if (at && arrivals->numbers[at - 1] == extended) return;", ""),
    ("arrivals.c", "arrivals->next : first - SPAN / 2", "arrivals->next : first - SPAN"),
    ("arrivals.c", "newest : base + SPAN - 1;", "newest : base + SPAN - 2;"),
    ("arrivals.c", "run - at >= RUN", "run - at > RUN"),
    ("arrivals.c", "ticks < 0 || ticks > 255", "ticks > 255"),
    ("arrivals.c", "if (ticks > 32767) ticks = 32767;", ""),
    ("arrivals.c", "if (ticks < -32768) ticks = -32768;", ""),
    ("arrivals.c", "arrivals->next = last + 1;", "arrivals->next = last;"),
    ("arrivals.c", "(padding ? 0x20 : 0)", "0x20"),
    ("arrivals.c", "arrivals->told++;", ""),
    ("check.c", "if (name[i] > 127) return 0;", ""),
    ("check.c", "name[line->ufrag_length] == ':'", "1"),
    ("check.c", "LONGEST = 548", "LONGEST = 544"),
    ("check.c", " || two(data) != 1", ""),
    ("check.c", "if (four(data + 4) != COOKIE) return 0;", ""),
    ("check.c", "start + size != length || ", ""),
    ("check.c", "kind == CONTROLLED", "0"),
    ("check.c", "!signature && kind == CONTROLLED", "kind == CONTROLLED"),
    ("check.c", "kind == USERNAME && !named", "kind == USERNAME"),
    ("check.c", "named = 0, whole = 0", "named = 1, whole = 0"),
    ("check.c", "named = 0, whole = 0", "named = 0, whole = 1"),
    ("check.c", "differ |= signature[i]", "differ = signature[i]"),
    ("check.c", "wide ? 2 : 1", "1"),
    ("check.c", "(-size & 3)", "0"),
]


# Which of them brings out what a file does.
STORIES = {
    "downtrack.c": rewrite,
    "packet.c": rewrite,
    "layer.c": arrival,
    "feedback.c": feedback,
    "check.c": check,
    "arrivals.c": told,
}


def compare(kernel: Kernel, name: str) -> None:
    for seed in range(400):
        STORIES[name](kernel, seed)


def test_a_stream_is_rewritten_to_the_same_bytes(kernel: Kernel) -> None:
    assert sum(rewrite(kernel, seed) for seed in SEEDS) > 1000


def test_a_feedback_is_summed_up_alike(kernel: Kernel) -> None:
    assert sum(feedback(kernel, seed) for seed in SEEDS) > 1000


def test_what_arrives_is_taken_alike(kernel: Kernel) -> None:
    assert sum(arrival(kernel, seed) for seed in SEEDS) > 1000


def test_a_publisher_is_told_alike_what_arrived(kernel: Kernel) -> None:
    assert sum(told(kernel, seed) for seed in SEEDS) > 1000


def test_a_check_is_answered_alike(kernel: Kernel) -> None:
    assert sum(check(kernel, seed) for seed in SEEDS) > 500


@pytest.mark.parametrize(("name", "before", "after"), MUTANTS)
def test_a_mutant_is_found(tmp_path: Path, objects: Path, name: str, before: str, after: str) -> None:
    assert noticed(name, before, after, objects=objects, folder=tmp_path, by=lambda mutant: compare(mutant, name))
