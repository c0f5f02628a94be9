"""What reports cost where many are seen: senders' leave together and seldom, receivers' reach control once a second."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from livekit.protocol import models

from suite.rtc.core import media
from suite.rtc.packets import rtcp
from tests.protocol.networks.meeting import Meeting, Peer
from tests.protocol.networks.viewer import OWN_SSRC

pytestmark = [pytest.mark.slow, pytest.mark.patient]

CAMERAS = 4
SECONDS = 13.5


def room(viewers: int = 1) -> tuple[Meeting, list[Peer]]:
    """Cameras whose clocks are known, and who sees all of them."""
    meeting = Meeting()
    for number in range(CAMERAS):
        meeting.add(f"camera {number}")
        meeting.publish(f"camera {number}")
    for number in range(viewers):
        meeting.add(f"viewer {number}")
        meeting.watch(f"viewer {number}", videos=CAMERAS)
    meeting.run(1)
    for number in range(CAMERAS):
        peer = meeting.people[f"camera {number}"]
        assert peer.camera is not None
        for layer in peer.camera.layers.values():
            report = rtcp.sender_report(ssrc=layer.ssrc, ntp=1 << 40, timestamp=90_000, packets=1, octets=1, name=b"camera")
            peer.up.put(report, meeting.now)
    meeting.run(1)
    return meeting, [meeting.people[f"viewer {number}"] for number in range(viewers)]


def reports(peer: Peer, since: float) -> list[tuple[float, list[int]]]:
    """The packets with sender reports that somebody was sent: when, and of which streams."""
    found = []
    for when, data in peer.told:
        ssrcs = [int.from_bytes(body[:4], "big") for kind, _, body in rtcp.packets(data) if kind == rtcp.SENDER_REPORT]
        if ssrcs and when >= since:
            found.append((when, ssrcs))
    return found


def test_sender_reports_of_one_reader_leave_together_and_seldom_once_the_clock_is_known() -> None:
    meeting, (viewer,) = room()
    meeting.run(SECONDS)
    found = reports(viewer, 0)
    assert viewer.viewer is not None
    assert all(sorted(ssrcs) == sorted(viewer.viewer.pictures) for _, ssrcs in found)
    gaps = [round(after - before) for (before, _), (after, _) in itertools.pairwise(found)]
    assert gaps == [1, 1, 5, 5]
    assert all(len(data) <= 1_200 for _, data in viewer.told)


def test_a_stream_whose_clock_changes_is_reported_on_at_once() -> None:
    meeting, (viewer,) = room()
    meeting.run(SECONDS)
    since = meeting.now
    downtrack, _ = next(iter(meeting.associations[f"{viewer.client.sid}/publisher"].router.downtracks.values()))
    downtrack.timestamp_offset += 3_000
    meeting.run(5.5)
    told = Counter(ssrc for _, ssrcs in reports(viewer, since) for ssrc in ssrcs)
    assert told.pop(downtrack.ssrc) >= 3
    assert len(told) == CAMERAS - 1
    assert set(told.values()) <= {1, 2}


def test_readers_have_their_reports_at_different_times() -> None:
    meeting, viewers = room(viewers=4)
    meeting.run(0.5)
    times = Counter(reports(viewer, 0)[0][0] for viewer in viewers)
    assert max(times.values()) <= 2  # a tick of the clock that has slipped brings two


def losses(meeting: Meeting, viewer: Peer, shares: list[float]) -> list[float]:
    """What control is told where one browser sends a report for each of its streams."""
    before = len(meeting.reported)
    assert viewer.viewer is not None
    for ssrc, share in zip(viewer.viewer.pictures, shares, strict=True):
        viewer.up.put(rtcp.receiver_report(OWN_SSRC, [(ssrc, int(share * 256), 0, 0, 0, 0, 0)]), meeting.now)
    meeting.run(0.2)
    found = [one for one in meeting.reported[before:] if isinstance(one, media.Loss) and one.outbound]
    return [round(one.fraction, 1) for one in found]


def qualities(viewer: Peer) -> list[int]:
    """How good a browser was told its line is, each time it changed."""
    told = [
        update.quality
        for message in viewer.client.all("connection_quality")
        for update in message.updates
        if update.participant_sid == viewer.client.sid
    ]
    return [quality for quality, _ in itertools.groupby(told)]


def test_a_calm_line_is_not_told_of() -> None:
    meeting, (viewer,) = room()
    for _ in range(3):
        assert losses(meeting, viewer, [0.0] * CAMERAS) == []
        meeting.run(1)


def test_a_loss_is_told_at_once_whatever_others_said() -> None:
    meeting, (viewer,) = room()
    assert losses(meeting, viewer, [0.0, 0.2, 0.1, 0.5]) == [0.2, 0.5]


def test_a_loss_is_told_of_once_a_second_until_it_has_faded() -> None:
    meeting, (viewer,) = room()
    assert losses(meeting, viewer, [0.3] * CAMERAS) == [0.3]
    told = 0
    for _ in range(20):
        meeting.run(0.8)
        found = losses(meeting, viewer, [0.0] * CAMERAS)
        assert set(found) <= {0.0}
        assert len(found) <= 1
        told += len(found)
    assert told == 12  # 0.3 times 0.7 to the 12th is 0.4 %
    steps = models.ConnectionQuality
    assert qualities(viewer) == [steps.POOR, steps.GOOD, steps.EXCELLENT]
