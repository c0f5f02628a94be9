"""VP9 whose layers the payload descriptor alone tells: what a subscriber gets of it can be decoded, and ends where it ends."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable

import pytest

from suite.rtc.core.media import Codec
from suite.rtc.packets import codecs, rtcp
from suite.rtc.packets.rtp import Packet
from tests.rtc.packets.bench import Bench, body, header
from tests.rtc.packets.stage import LayerStage
from tests.rtc.packets.vp9 import Encoder, Told, told
from tests.rtc.peer import rtp

VP9 = Codec(98, "video/vp9", 90000, rtx_payload_type=99)
SEEN = Codec(50, "video/vp9", 90000, rtx_payload_type=51)
FORMS = pytest.mark.parametrize("flexible", [True, False], ids=["flexible", "in groups"])


class Stage(LayerStage):
    def __init__(self, *, flexible: bool, wide: bool = True) -> None:
        super().__init__(VP9, SEEN, extensions={})
        self.encoder = Encoder(flexible=flexible, wide=wide)

    def packets(self, *, key: bool = False, fresh: int | None = None) -> list[dict[str, object]]:
        """The next picture's packets, not yet sent."""
        made = []
        for payload, marker in self.encoder.frames(key=key, fresh=fresh):
            fields = {"ssrc": 10, "payload_type": 98, "marker": marker, "payload": payload}
            timestamp = self.number * 3000 + 2**32 - 60000 & 0xFFFFFFFF
            made.append({**fields, "sequence": self.sequence & 0xFFFF, "timestamp": timestamp})
            self.sequence += 1
        self.number += 1
        return made

    def send(self, packets: Iterable[dict[str, object]]) -> list[tuple[int, int]]:
        """Send them; the layers of what the subscriber got."""
        before = len(self.line.rtp)
        for fields in packets:
            self.table.send(**fields)
        self.table.pass_time(1 / 30)
        return [(one.spatial, one.temporal) for one in map(told, map(body, self.line.rtp[before:]))]

    def picture(self, *, key: bool = False, fresh: int | None = None) -> list[tuple[int, int]]:
        return self.send(self.packets(key=key, fresh=fresh))


def frames(packets: Iterable[bytes]) -> dict[int, list[tuple[int, Told, bytes]]]:
    """What a receiver has of each picture, in the order of sequence numbers: number, descriptor, packet."""
    pictures: dict[int, list[tuple[int, Told, bytes]]] = {}
    first = None
    for packet in packets:
        number = header(packet)[2]
        first = number if first is None else first
        pictures.setdefault(header(packet)[3], []).append(((number - first + 0x8000) & 0xFFFF, told(body(packet)), packet))
    return {timestamp: sorted(found, key=lambda one: one[0]) for timestamp, found in pictures.items()}


def decodable(packets: Iterable[bytes], *, temporal: bool = True) -> int:
    """Every picture is whole: its layers from the lowest on, the marker at its end alone, references to what came before.

    How many pictures there are. `temporal` is False where pictures may be lost.
    """
    pictures = frames(packets)
    decoded: dict[tuple[int, int], int] = {}
    for found in pictures.values():
        layers = [(one.spatial, one.begins, one.ends) for _, one, _ in found]
        highest = max(spatial for spatial, _, _ in layers)
        assert layers == [(s, half == 0, half == 1) for s in range(highest + 1) for half in range(2)]
        assert [header(packet)[0] for _, _, packet in found] == [0] * (len(found) - 1) + [1]
        assert len({one.picture for _, one, _ in found}) == 1
        for _, one, _ in found:
            if one.predicted and one.differences:
                assert ((one.picture - one.differences[0]) & 0x7FFF, one.spatial) in decoded
        decoded |= {(one.picture, one.spatial): 1 for _, one, _ in found}
    if temporal:
        numbers = sorted(number for found in pictures.values() for number, _, _ in found)
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    return len(pictures)


@FORMS
def test_a_descriptor_is_read(flexible: bool) -> None:
    encoder = Encoder(flexible=flexible)
    for key in (True, False, False):
        for payload, marker in encoder.frames(key=key):
            packet, one = Packet(), told(payload)
            data = rtp(ssrc=1, sequence=1, timestamp=1, payload_type=98, payload=payload, marker=marker)
            assert packet.read(data, len(data), bytes(256))
            packet.inspect(codecs.VP9)
            assert (packet.picture, packet.spatial, packet.temporal) == (one.picture, one.spatial, one.temporal)
            assert (bool(packet.begins), bool(packet.ends), bool(packet.predicted)) == (one.begins, one.ends, one.predicted)
            assert (packet.zero if packet.zero_at else None) == one.zero
            assert bool(packet.keyframe) == (key and one.begins and not one.spatial)
            pairs = {pair for pair in range(16) if packet.present >> pair & 1}
            assert pairs == {4 * s + t for s in range(one.spatial, 4) for t in range(one.temporal, 4)}


@FORMS
def test_a_subscriber_gets_the_layers_that_it_shows(flexible: bool) -> None:
    stage = Stage(flexible=flexible)
    stage.picture(key=True)
    for layer, temporal in ((2, None), (1, None), (0, None), (0, 0), (0, 1), (1, None), (2, 1), (2, None), (3, None)):
        stage.table.select(1, layer, temporal)
        for _ in range(24):
            stage.picture(key=stage.keyframe_asked())
        seen = set().union(*(stage.picture() for _ in range(8)))
        highest = 2 if temporal is None else temporal
        assert seen == set(itertools.product(range(min(layer, 2) + 1), range(highest + 1))), (layer, temporal)
    assert decodable(stage.line.rtp) > 150


@FORMS
def test_fewer_layers_come_with_the_next_picture_and_more_with_a_keyframe(flexible: bool) -> None:
    stage = Stage(flexible=flexible)
    stage.picture(key=True)
    stage.keyframe_asked()
    stage.table.select(1, 0)
    assert {s for s, _ in stage.picture()} == {0}
    stage.takes_up_more_at_a_keyframe()
    decodable(stage.line.rtp)


def test_a_layer_that_needs_no_earlier_picture_is_taken_up_without_a_keyframe() -> None:
    stage = Stage(flexible=False)
    stage.picture(key=True)
    stage.table.select(1, 0)
    stage.picture()
    stage.table.select(1, 2)
    assert {s for s, _ in stage.picture(fresh=2)} == {0}, "the layer between is missing"
    assert {s for s, _ in stage.picture(fresh=1)} == {0, 1}
    assert {s for s, _ in stage.picture()} == {0, 1}
    assert {s for s, _ in stage.picture(fresh=2)} == {0, 1, 2}


def test_no_layer_of_time_is_taken_up_within_a_picture_or_over_another() -> None:
    stage = Stage(flexible=True)
    stage.table.select(1, 2, 0)
    stage.picture(key=True)
    stage.table.select(1, 2, 2)
    assert stage.picture() == [], "a picture of layer 2 needs layer 1"
    packets = stage.packets()
    stage.table.select(1, 2, 0)
    assert stage.send(packets[:2]) == []
    stage.table.select(1, 2, 2)
    assert stage.send(packets[2:]) == [], "its lowest frame was left out"
    assert [stage.picture() == [] for _ in range(4)] == [True, False, True, False]
    assert {t for _ in range(4) for _, t in stage.picture()} == {0, 1, 2}
    decodable(stage.line.rtp)


def test_layers_are_counted_as_they_come() -> None:
    stage = Stage(flexible=True)
    stage.picture(key=True)
    layer = stage.track.layers[0]
    stage.track.rates(stage.table.now)
    for count in (3, 1, 2):
        stage.encoder.spatial = count
        for _ in range(30):
            stage.picture()
        assert len(stage.track.rates(stage.table.now) or {}) == count
        assert layer.described == count


def test_a_layer_that_is_not_sent_is_not_waited_for() -> None:
    stage = Stage(flexible=True)
    stage.encoder.spatial = 2
    stage.table.select(1, 1)
    stage.picture(key=True)
    stage.keyframe_asked()
    stage.table.select(1, 2)
    for _ in range(30):
        assert {s for s, _ in stage.picture()} == {0, 1}
    assert not stage.keyframe_asked()


@FORMS
def test_what_is_late_is_of_the_layers_of_its_time(flexible: bool) -> None:
    stage = Stage(flexible=flexible)
    stage.picture(key=True)
    before = stage.packets()
    late = before.pop()
    stage.send(before)
    stage.table.select(1, 0)
    assert {s for s, _ in stage.picture()} == {0}
    assert stage.send([late]) == [(2, 2)]
    assert stage.send(stage.packets()) != []
    pictures = list(frames(stage.line.rtp).values())
    assert [header(packet)[0] for _, _, packet in pictures[1]] == [0, 0, 0, 0, 0, 1]


@FORMS
def test_a_keyframe_whose_beginning_is_late_begins_nothing_that_has_passed(flexible: bool) -> None:
    stage = Stage(flexible=flexible)
    stage.picture(key=True)
    stage.table.select(1, 0)
    stage.picture()
    stage.table.select(1, 2)
    first, *others = stage.packets(key=True)
    fresh = stage.send([*others[:1], first, *others[1:]])
    assert fresh[:2] == [(0, 0), (0, 0)]
    assert set(fresh) == {(0, 0), (1, 0), (2, 0)}, "the next layers' own beginnings came in time"


@FORMS
@pytest.mark.parametrize("loss", [0.0, 0.05])
def test_loss_reorder_and_wraps_break_no_picture(flexible: bool, loss: float) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    stage = Stage(flexible=flexible)
    stage.picture(key=True)
    for _ in range(300):
        if chance.random() < 0.1:
            stage.table.select(1, chance.randrange(4), chance.choice([None, 0, 1, 2]))
        packets = stage.packets(key=stage.keyframe_asked())
        if chance.random() < 0.3:  # what comes in another order comes all the same
            at = chance.randrange(1, len(packets))
            packets[at - 1 : at + 1] = reversed(packets[at - 1 : at + 1])
        missing = [fields for fields in packets if chance.random() < loss]
        stage.send(fields for fields in packets if fields not in missing)
        stage.send(missing)  # the publisher sends it again at once
    pictures = frames(stage.line.rtp)
    for found in pictures.values():
        ends = [one.spatial for _, one, packet in found if header(packet)[0]]
        halves = [(one.spatial, one.begins) for _, one, _ in found]
        whole = [s for s in range(3) if {(s, True), (s, False)} <= set(halves)]
        assert ends, "every picture has an end"
        assert max(ends) in whole, "which is the end of a whole layer"
        assert whole[: max(ends) + 1] == list(range(max(ends) + 1)), "with all below it"
    assert len(pictures) > 100


@pytest.mark.parametrize("wide", [True, False], ids=["15 bits", "7 bits"])
@FORMS
def test_ids_go_on_over_a_pause_and_are_else_the_publisher_s(flexible: bool, wide: bool) -> None:
    stage = Stage(flexible=flexible, wide=wide)
    turns, highest = 0x8000 if wide else 0x80, []
    for _ in range(20):
        stage.picture(key=True)
        for _ in range(7):
            stage.picture()
        highest.append(len(stage.line.rtp))
        stage.table.select(1, None)
        for _ in range(5):
            stage.picture()
        stage.table.select(1, 2)
    seen = [told(body(packet)) for packet in stage.line.rtp]
    for before, after in itertools.pairwise(seen):
        assert (after.picture - before.picture) % turns in {0, 1}
        if after.zero is not None and before.zero is not None:
            assert (after.zero - before.zero) % 256 in {0, 1}
    assert highest == [8 * 6 * turn for turn in range(1, 21)], "it goes on after each pause"
    decodable(stage.line.rtp)


@FORMS
def test_what_is_sent_again_is_what_was_sent(flexible: bool) -> None:
    stage = Stage(flexible=flexible)
    stage.table.select(1, 1)
    for number in range(8):
        stage.picture(key=number == 0)
    sent = list(stage.line.rtp)
    assert len(sent) == 8 * 4
    stage.line.rtp.clear()
    stage.table.select(1, 0)
    for packet in sent:
        stage.table.ask_again(rtcp.nack(1, 5001, [header(packet)[2]]))
    assert [(header(one)[0], header(one)[3], body(one)[2:]) for one in stage.line.rtp] == [
        (header(one)[0], header(one)[3], body(one)) for one in sent
    ]


def test_a_stream_of_one_layer_passes_whole() -> None:
    table = Bench()
    track = table.publish("TR", VP9, ssrcs=(10,))
    line = table.subscribe(track, SEEN)
    payloads = [bytes((0x8C if not n else 0xCC, 0x80, n)) + b"frame" for n in range(20)]
    for number, payload in enumerate(payloads):
        table.send(ssrc=10, sequence=number, timestamp=number, payload_type=98, payload=payload, marker=True)
    assert [body(packet) for packet in line.rtp] == payloads
