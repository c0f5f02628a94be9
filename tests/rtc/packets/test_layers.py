"""Layers within one stream: which of them a subscriber gets, and that what it gets has no gap."""

from __future__ import annotations

import itertools
import random

import pytest

from suite.rtc.core.media import Codec
from suite.rtc.packets import rtcp
from suite.rtc.packets.dependency import Dependencies
from tests.rtc.packets import bench
from tests.rtc.packets.bench import Bench, body, extensions, header
from tests.rtc.packets.stage import LayerStage
from tests.rtc.packets.svc import Encoder

AV1 = Codec(45, "video/av1", 90000, rtx_payload_type=46)
SEEN = Codec(50, "video/av1", 90000, rtx_payload_type=51)
ID = 9


class Stage(LayerStage):
    def __init__(self, *, chained: bool) -> None:
        super().__init__(AV1, SEEN, extensions={bench.DEPENDENCY: ID})
        self.encoder = Encoder(chained=chained)

    def picture(self, *, key: bool = False, active: int | None = None) -> list[tuple[int, int]]:
        """Send a picture; the layers of the packets that the subscriber got of it."""
        before = len(self.line.rtp)
        for spatial, temporal, half, marker, described in self.encoder.frames(key=key, active=active):
            start = key and spatial == half == 0
            self.table.send(
                ssrc=10, sequence=self.sequence, timestamp=self.number * 3000, payload_type=45, marker=marker,
                payload=bytes((0x08 if start else 0, spatial, temporal, half)) + b"av1", extensions={1: b"0", 12: described},
                two_byte=True,
            )  # fmt: skip
            self.sequence += 1
        self.number += 1
        self.table.pass_time(1 / 30)
        return [(body(packet)[1], body(packet)[2]) for packet in self.line.rtp[before:]]


def whole(stage: Stage) -> None:
    """Nothing is missing between what was sent, and each picture ends with the marker."""
    packets = stage.line.rtp
    for before, after in itertools.pairwise(packets):
        assert (header(after)[2] - header(before)[2]) & 0xFFFF == 1
        assert header(before)[0] == (header(before)[3] != header(after)[3])
    assert header(packets[-1])[0] == 1


def test_a_structure_is_read_whole() -> None:
    encoder = Encoder(chained=True)
    described = next(encoder.frames(key=True))[4]
    known = Dependencies()
    assert known.read(described) is not None
    assert known.structure is not None
    assert known.structure.targets == encoder.targets
    layers = zip(known.structure.spatial, known.structure.temporal, strict=True)
    assert [(s, t) for s, t, _ in encoder.templates] == list(layers)
    assert known.structure.resolutions == [(320, 180), (640, 360), (1280, 720)]
    assert (known.active, known.spatial_layers) == (0x1FF, 3)


@pytest.mark.parametrize("chained", [True, False], ids=["L3T3", "L3T3_KEY"])
def test_a_subscriber_gets_the_layers_that_it_shows(chained: bool) -> None:
    stage = Stage(chained=chained)
    stage.picture(key=True)
    for layer, temporal in ((2, None), (1, None), (0, None), (0, 0), (0, 1), (1, None), (2, 1), (2, None)):
        stage.table.select(1, layer, temporal)
        for _ in range(24):
            stage.picture(key=stage.keyframe_asked())
        highest = 2 if temporal is None else temporal
        seen = set()
        for _ in range(8):
            got = stage.picture()
            seen |= set(got)
            assert len(got) in ((0, 2 * (layer + 1)) if chained else (0, 2)), (layer, temporal)
        spatial = range(layer + 1) if chained else (layer,)
        assert seen == set(itertools.product(spatial, range(highest + 1))), (layer, temporal)
    while not stage.picture():
        pass
    whole(stage)


def test_fewer_layers_come_at_once_and_more_with_a_keyframe() -> None:
    stage = Stage(chained=True)
    stage.picture(key=True)
    stage.keyframe_asked()
    stage.table.select(1, 0)
    got = [stage.picture() for _ in range(4)]
    assert {s for s, _ in got[-1]} == {0}
    stage.takes_up_more_at_a_keyframe()
    whole(stage)


def test_where_frames_refer_to_no_layer_below_fewer_layers_wait_for_a_keyframe() -> None:
    stage = Stage(chained=False)
    stage.picture(key=True)
    stage.table.select(1, 0)
    for _ in range(12):
        assert {s for s, _ in stage.picture()} == {2}
    assert stage.keyframe_asked()
    assert {s for s, _ in stage.picture(key=True)} == {0}
    whole(stage)


def test_layers_that_the_publisher_ends_are_not_waited_for() -> None:
    stage = Stage(chained=True)
    stage.picture(key=True)
    stage.picture(active=0b111)
    for _ in range(3):
        stage.picture()
    stage.keyframe_asked()
    assert {s for s, _ in stage.picture()} == {0}
    whole(stage)


def test_what_is_sent_again_has_the_marker_and_the_number_that_it_had() -> None:
    stage = Stage(chained=True)
    stage.table.select(1, 1)
    for number in range(8):
        stage.picture(key=number == 0)
    sent = list(stage.line.rtp)
    assert len(sent) == 8 * 4
    stage.line.rtp.clear()
    for packet in sent:
        stage.table.ask_again(rtcp.nack(1, 5001, [header(packet)[2]]))
    for before, again in zip(sent, stage.line.rtp, strict=True):
        assert (header(again)[0], header(again)[3]) == (header(before)[0], header(before)[3])
        assert extensions(again)[ID] == extensions(before)[ID]


def test_two_streams_frames_are_one_row_of_numbers() -> None:
    """libwebrtc refuses a structure whose frame comes before the last structure's, and freezes."""
    table = Bench()
    track = table.publish("TR", AV1, layers=("q", "f"))
    line = table.subscribe(track, SEEN, extensions={bench.DEPENDENCY: ID}, layer=0)
    encoders = {b"q": Encoder(chained=True, frame=40000), b"f": Encoder(chained=True, frame=9)}
    for turn in range(12):
        table.select(1, turn % 2)
        for rid, encoder in encoders.items():
            for spatial, _, half, marker, described in encoder.frames(key=True):
                table.send(
                    ssrc=10 + rid[0], sequence=turn * 6 + 2 * spatial + half, timestamp=turn * 9000, payload_type=45,
                    marker=marker, payload=bytes((0x08, 1, 2)), extensions={1: b"0", 2: rid, 12: described}, two_byte=True,
                )  # fmt: skip
        table.pass_time(0.6)
    numbers = [int.from_bytes(extensions(packet)[ID][1:3], "big") for packet in line.rtp]
    assert len(numbers) > 60
    assert all((after - before) & 0xFFFF in {0, 1} for before, after in itertools.pairwise(numbers))


def test_any_descriptor_is_read_or_refused() -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    encoder, known = Encoder(chained=True), Dependencies()
    good = [described for _ in range(8) for *_, described in encoder.frames(key=True)]
    read = 0
    for _ in range(20000):
        spoilt = bytearray(chance.choice(good) if chance.random() < 0.8 else chance.randbytes(chance.randrange(80)))
        for _ in range(chance.randrange(4)):
            if spoilt:
                spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        found = known.read(bytes(spoilt[: chance.randrange(len(spoilt) + 1)]) if chance.random() < 0.5 else bytes(spoilt))
        if found is not None:
            read += 1
            assert all(0 <= mask < 0x10000 for mask in found[1])
    assert 2_000 < read < 18_000
