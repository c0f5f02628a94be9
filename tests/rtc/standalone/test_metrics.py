"""Prometheus' page has LiveKit's names with LiveKit's labels (pkg/telemetry/prometheus), so that dashboards find them."""

from __future__ import annotations

import re

import pytest

from suite.rtc.standalone.metrics import page

EVERY = {"node_id", "node_type"}
LABELS = {
    "livekit_packet_total": EVERY | {"direction", "transmission", "country"},
    "livekit_packet_bytes": EVERY | {"direction", "transmission", "country"},
    "livekit_nack_total": EVERY | {"direction", "country"},
    "livekit_pli_total": EVERY | {"direction", "country"},
    "livekit_room_total": EVERY,
    "livekit_participant_total": EVERY,
    "livekit_track_published_total": EVERY | {"kind"},
    "livekit_track_subscribed_total": EVERY | {"kind"},
}


@pytest.mark.parametrize("name", LABELS)
def test_labels_are_livekits(name: str) -> None:
    written = re.findall(rf"^{name}{{(.*)}} 0$", page({}, tasks=1), re.MULTILINE)
    assert written
    for labels in written:
        assert set(re.findall(r"(\w+)=", labels)) == LABELS[name]
