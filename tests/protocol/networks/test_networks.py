"""What a subscriber sees and hears over bad networks: the real control and packet tables, chance of a printed seed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from livekit.protocol import models, rtc

from suite.rtc.core import media
from tests.protocol.networks.meeting import Meeting, Peer
from tests.protocol.networks.viewer import Picture, Viewer, freezes
from tests.rtc.packets.bench import header, picture_of

pytestmark = [pytest.mark.slow, pytest.mark.patient]

SECONDS = 30.0
UNDER_WAY = 100  # packets: a keyframe and 0.4 s of the largest layer, in which a packet may be lost five times


def watching(
    meeting: Meeting, *, up: dict[str, Any] | None = None, down: dict[str, Any] | None = None, red: bool = True
) -> Viewer:
    """A camera and a microphone behind `up`, a viewer behind `down`, and two seconds of both."""
    meeting.add("camera", up=up)
    meeting.publish("camera", sound=True)
    meeting.add("viewer", down=down)
    viewer = meeting.watch("viewer", sounds=1, red=red)
    meeting.run(2)
    return viewer


def shown(viewer: Viewer) -> Picture:
    (picture,) = viewer.pictures.values()
    return picture


def frames(viewer: Viewer, since: float) -> list[float]:
    return [when for when, _ in shown(viewer).decoded if when >= since]


def concealed(viewer: Viewer, first: int, last: int) -> float:
    """The share of sound that could never be heard."""
    (heard,) = viewer.sounds.values()
    return sum(1 for number in range(first, last) if number not in heard) / (last - first)


def spoken(meeting: Meeting) -> int:
    camera = meeting.people["camera"].camera
    assert camera is not None
    return camera.sounds


# What is lost each way, how many frames of 30 a second are decoded at least, and how long a freeze lasts at most (s).
LOSSES = [(0.02, 0.94, 0.6), (0.05, 0.90, 0.8), (0.10, 0.80, 1.0), (0.20, 0.40, 2.5)]


@pytest.mark.parametrize("direction", ["up", "down"])
@pytest.mark.parametrize(("loss", "share", "longest"), LOSSES)
def test_lost_packets_cost_few_pictures(loss: float, share: float, longest: float, direction: str) -> None:
    meeting = Meeting()
    viewer = watching(meeting, **{direction: {"loss": loss}})
    begun = meeting.now
    meeting.run(SECONDS)
    times = frames(viewer, begun)
    assert len(times) > share * 30 * SECONDS
    assert max((gap for _, gap in freezes(times)), default=0.0) < longest


def test_losses_in_bursts_cost_few_pictures() -> None:
    meeting = Meeting()
    viewer = watching(meeting, down={"loss": 0.05, "burst": 8.0})
    begun = meeting.now
    meeting.run(SECONDS)
    assert len(frames(viewer, begun)) > 0.9 * 30 * SECONDS


def test_packets_that_overtake_each_other_and_come_twice_cost_nothing() -> None:
    meeting = Meeting()
    ways: dict[str, Any] = {"jitter": 0.03, "double": 0.05}
    viewer = watching(meeting, up=ways, down=ways)
    begun = meeting.now
    meeting.run(SECONDS)
    times = frames(viewer, begun)
    assert len(times) > 0.99 * 30 * SECONDS
    assert freezes(times) == []


@pytest.mark.parametrize("direction", ["up", "down"])
def test_two_dead_seconds_are_over_when_they_are_over(direction: str) -> None:
    meeting = Meeting()
    viewer = watching(meeting)
    meeting.run(3)
    line = meeting.people["camera"].up if direction == "up" else meeting.people["viewer"].down
    line.dead_until = meeting.now + 2
    meeting.run(2)
    begun = meeting.now
    meeting.run(10)
    times = frames(viewer, begun)
    assert times[0] - begun < 0.8
    assert len([when for when in times if when > begun + 1]) > 0.98 * 30 * 9


def test_a_layer_that_the_publisher_stops_is_left_within_a_second_and_taken_again() -> None:
    meeting = Meeting()
    viewer = watching(meeting)
    camera = meeting.people["camera"].camera
    assert camera is not None
    meeting.run(3)
    begun = meeting.now
    camera.stopped = {"f"}
    meeting.run(5)
    (gap,) = [gap for when, gap in freezes(frames(viewer, begun - 1))]
    assert gap < 1.0
    camera.stopped, camera.layers["f"].key = set(), True
    begun = meeting.now
    meeting.run(5)
    assert freezes(frames(viewer, begun)) == []
    sizes = [size for when, size in shown(viewer).decoded if when > begun + 2]
    assert min(sizes) > 4000


def test_a_reader_of_red_hears_nearly_everything_at_ten_in_a_hundred_lost() -> None:
    for direction in ("up", "down"):
        meeting = Meeting()
        viewer = watching(meeting, **{direction: {"loss": 0.1}})
        first = spoken(meeting)
        meeting.run(60)
        last = spoken(meeting) - 10
        assert concealed(viewer, first, last) < 0.02, direction


def test_a_reader_of_opus_gets_each_primary_once() -> None:
    meeting = Meeting()
    viewer = watching(meeting, up={"loss": 0.1, "jitter": 0.03, "double": 0.02}, red=False)
    first = spoken(meeting)
    meeting.run(60)
    last = spoken(meeting) - 10
    (primaries,) = viewer.primaries.values()
    assert len(primaries) == len(set(primaries))
    assert concealed(viewer, first, last) < 0.03  # 0.015 on average, 0.003 of deviation


def test_readers_of_red_and_of_opus_share_a_microphone() -> None:
    meeting = Meeting()
    viewer = watching(meeting)
    meeting.add("old")
    old = meeting.watch("old", sounds=1, red=False)
    meeting.run(2)
    first = spoken(meeting)
    meeting.run(5)
    last = spoken(meeting) - 10
    assert concealed(viewer, first, last) == concealed(old, first, last) == 0
    types = {header(data)[1] for _, data in meeting.people["old"].sent if header(data)[1] in {63, 111}}
    assert types == {111}
    assert {header(data)[1] for _, data in meeting.people["viewer"].sent if header(data)[1] in {63, 111}} == {63}


def streams(peer: Peer, ssrc: int) -> Iterator[tuple[int, int, int, int]]:
    """Sequence number, timestamp, picture id and TL0PICIDX of what was sent, by sequence number: late ones in their place."""
    packets = [data for _, data in peer.sent if int.from_bytes(data[8:12], "big") == ssrc]
    highest = header(packets[0])[2] + 0x10000
    placed = {}
    for data in packets:
        ahead = (header(data)[2] - highest) & 0xFFFF
        extended = highest + (ahead if ahead < 0x8000 else ahead - 0x10000)
        highest = max(highest, extended)
        placed[extended] = data
    for extended in sorted(placed):
        yield extended, header(placed[extended])[3], *picture_of(placed[extended])


def test_two_hundred_switches_over_a_bad_network_are_one_stream_without_a_freeze() -> None:
    meeting = Meeting()
    viewer = watching(meeting, up={"loss": 0.02, "jitter": 0.015, "double": 0.01})
    (video,) = [down for down in meeting.of(media.AddDowntrack) if down.kind == "video"]
    association = meeting.associations[video.transport]
    down, _ = association.router.downtracks[video.ssrc]
    begun, current = meeting.now, down.current
    joins: list[int] = []  # the number under which each layer's first packet was sent
    peer = meeting.people["viewer"]
    while len(joins) < 200:
        quality = meeting.chance.choice([q for q in range(3) if q != down.current])
        peer.client.send(track_setting=rtc.UpdateTrackSettings(track_sids=[video.track], quality=quality))
        for _ in range(30):
            meeting.run(0.05)
            if down.current != current:
                break
        if down.current != current:
            joins.append(down.first_source + down.offset)
        current = down.current
        assert meeting.now < begun + 600
    meeting.run(1)
    packets = list(streams(peer, video.ssrc))
    ends = [*joins, packets[-1][0]]
    for before, after in itertools.pairwise(packets):
        if after[0] - before[0] != 1:
            # It came after its layer had been left, or would come yet: it was under way then, or was being asked for again.
            assert min(end - before[0] for end in ends if end > before[0]) < UNDER_WAY
            continue
        ahead, pictures = (after[1] - before[1]) & 0xFFFFFFFF, (after[2] - before[2]) & 0x7FFF
        assert ahead < 90_000
        assert pictures in {0, 1}
        assert (after[3] - before[3]) & 0xFF == pictures
        assert (pictures == 0) == (ahead == 0)
    assert max((gap for _, gap in freezes(frames(viewer, begun))), default=0.0) < 0.5


def test_a_layer_that_nobody_shows_stops_within_ten_seconds_and_resumes_within_one() -> None:
    meeting = Meeting()
    viewer = watching(meeting)
    camera, peer = meeting.people["camera"].camera, meeting.people["viewer"]
    assert camera is not None
    (video,) = [down.track for down in meeting.of(media.AddDowntrack) if down.kind == "video"]
    for settings, on in (
        ({"quality": models.VideoQuality.LOW}, [True, False, False]),
        ({"width": 640, "height": 360}, [True, True, False]),
        ({"disabled": True}, [False, False, False]),
    ):
        peer.client.send(track_setting=rtc.UpdateTrackSettings(track_sids=[video], **settings))
        meeting.run(10)
        assert [layer.on for layer in camera.layers.values()] == on
    meeting.run(5)
    begun = meeting.now
    peer.client.send(track_setting=rtc.UpdateTrackSettings(track_sids=[video], quality=models.VideoQuality.HIGH))
    meeting.run(1)
    assert [layer.on for layer in camera.layers.values()] == [True, True, True]
    assert max(size for when, size in shown(viewer).decoded if when >= begun) > 10_000, "a keyframe of the largest picture"
