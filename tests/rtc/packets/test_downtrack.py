"""What a subscriber gets: one unbroken stream, whatever the publisher's layers, losses and padding do."""

from __future__ import annotations

import itertools
import random

import pytest

from suite.rtc.core.media import Codec, LayerStarted, LayerStopped
from suite.rtc.packets import rtcp
from tests.rtc.packets import bench
from tests.rtc.packets.bench import SUBSCRIBED, Bench, body, extensions, header, picture_of, vp8
from tests.rtc.packets.simulcast import SSRC, Camera


def seen(line: bench.Line) -> list[tuple[int, int, int, int]]:
    """Sequence number, timestamp, picture id, TL0PICIDX of each packet."""
    return [(header(packet)[2], header(packet)[3], *picture_of(packet)) for packet in line.rtp]


def test_two_hundred_switches_leave_no_gap_in_any_counter() -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    table = Bench()
    track = table.publish("TR", bench.VP8, layers=("q", "h", "f"))
    line = table.subscribe(track, SUBSCRIBED, layer=2)
    camera = Camera(table, seed=seed)
    for _ in range(200):
        table.select(1, chance.randrange(3))
        for number in range(chance.randrange(2, 5)):
            for rid in SSRC:
                camera.picture(rid, key=number == 1)
            camera.frame_time()
    packets = seen(line)
    assert len(packets) > 400
    for before, after in itertools.pairwise(packets):
        assert (after[0] - before[0]) & 0xFFFF == 1
        ahead = (after[1] - before[1]) & 0xFFFFFFFF
        assert ahead < 90000
        pictures = (after[2] - before[2]) & 0x7FFF
        assert pictures in {0, 1}
        assert (after[3] - before[3]) & 0xFF == pictures
        assert (pictures == 0) == (ahead == 0)
    assert {header(packet)[4] for packet in line.rtp} == {5001}


def test_a_switch_waits_for_the_keyframe_and_asks_for_it() -> None:
    table = Bench()
    track = table.publish("TR", bench.VP8, layers=("q", "h", "f"))
    line = table.subscribe(track, SUBSCRIBED, layer=0)
    camera = Camera(table)
    for rid in ("q", "f"):
        camera.picture(rid, key=True)
    for _ in range(2):
        camera.frame_time(0.4)
        for rid in ("q", "f"):
            camera.picture(rid)
    table.up.rtcp.clear()
    table.select(1, 2)
    asked = [int.from_bytes(packet[8:12], "big") for packet in table.up.rtcp if packet[1] == rtcp.PAYLOAD_FEEDBACK]
    assert asked == [SSRC["f"]]
    camera.frame_time()
    for rid in ("q", "f"):
        camera.picture(rid)
    assert table.downs[1][2].current == 0
    count = len(line.rtp)
    camera.picture("f", key=True)
    assert table.downs[1][2].current == 2
    assert len(line.rtp) == count + 2


def test_a_layer_that_falls_silent_is_left_and_taken_again_when_it_returns() -> None:
    table = Bench()
    track = table.publish("TR", bench.VP8, layers=("q", "h", "f"))
    line = table.subscribe(track, SUBSCRIBED, layer=2)
    camera = Camera(table)
    for rid in SSRC:
        camera.picture(rid, key=True)
    down = table.downs[1][2]
    assert down.target == 2
    for _ in range(30):
        camera.frame_time()
        for rid in ("q", "h"):
            camera.picture(rid)
    assert LayerStopped("TR", 2) in table.reports
    assert down.target == 1
    camera.picture("h", key=True)
    assert down.current == 1
    count = len(line.rtp)
    camera.picture("f", key=False)
    assert [report for report in table.reports if isinstance(report, LayerStarted)][-1].layer == 2
    assert down.target == 2
    camera.picture("f", key=True)
    assert (down.current, len(line.rtp)) == (2, count + 2)


def test_two_layers_clocks_are_matched_by_their_sender_reports() -> None:
    table = Bench()
    track = table.publish("TR", bench.VP8, layers=("q", "f"))
    line = table.subscribe(track, SUBSCRIBED, layer=0)
    table.send(ssrc=10, sequence=1, timestamp=1_000, payload=vp8(key=True, picture=1, zero=1), extensions={1: b"0", 2: b"q"})
    table.send(ssrc=12, sequence=1, timestamp=500_000, payload=vp8(key=True, picture=1, zero=1), extensions={1: b"0", 2: b"f"})
    second = 1 << 32
    for ssrc, ntp, timestamp in ((10, 100 * second, 1_000), (12, 100 * second + second // 2, 545_000)):
        table.router.rtcp(
            rtcp.sender_report(ssrc=ssrc, ntp=ntp, timestamp=timestamp, packets=1, octets=1, name=b"c"),
            table.now,
            reports=table.router.quiet,
        )
    table.select(1, 1)
    table.pass_time(0.25)  # the network held the picture up; its clock says 0.1 s
    table.send(ssrc=12, sequence=2, timestamp=509_000, payload=vp8(key=True, picture=2, zero=2), extensions={1: b"0", 2: b"f"})
    assert [header(packet)[3] for packet in line.rtp] == [1_000, 10_000]


def test_padding_leaves_no_gap_and_late_packets_find_their_place() -> None:
    table = Bench()
    track = table.publish("TR", bench.VP8, ssrcs=(10,))
    line = table.subscribe(track, SUBSCRIBED)
    payload = vp8(key=True, picture=1, zero=1)
    for sequence in (100, 102):
        table.send(ssrc=10, sequence=sequence, payload=payload)
    table.send(ssrc=10, sequence=103, payload=b"", padding=100)
    table.send(ssrc=10, sequence=104, payload=payload)
    table.send(ssrc=10, sequence=101, payload=payload)
    table.send(ssrc=10, sequence=101, payload=payload)
    first = header(line.rtp[0])[2]
    assert [header(packet)[2] - first for packet in line.rtp] == [0, 2, 3, 1]
    assert table.counts["rtp_repeated"] == 1


def test_a_downtrack_is_held_until_the_answer_has_arrived() -> None:
    table = Bench()
    track = table.publish("TR", bench.VP8, ssrcs=(10,))
    table.send(ssrc=10, sequence=1, payload=vp8(key=True, picture=1, zero=1))
    line = table.subscribe(track, SUBSCRIBED, layer=None)
    table.downs[1][2].held_until = table.now + 0.1
    table.select(1, 0)
    assert table.up.rtcp == []
    table.send(ssrc=10, sequence=2, payload=vp8(key=True, picture=2, zero=2))
    assert line.rtp == []
    table.pass_time(0.12)
    assert [packet[1] for packet in table.up.rtcp] == [rtcp.PAYLOAD_FEEDBACK]
    table.send(ssrc=10, sequence=3, payload=vp8(key=True, picture=3, zero=3))
    assert len(line.rtp) == 1


def test_a_paused_downtrack_is_silent_and_goes_on_at_a_keyframe() -> None:
    table = Bench()
    track = table.publish("TR", bench.VP8, ssrcs=(10,))
    line = table.subscribe(track, SUBSCRIBED, layer=None)
    table.send(ssrc=10, sequence=1, payload=vp8(key=True, picture=1, zero=1))
    assert line.rtp == []
    table.select(1, 0)
    table.send(ssrc=10, sequence=2, payload=vp8(key=True, picture=2, zero=2))
    table.select(1, None)
    table.send(ssrc=10, sequence=3, payload=vp8(key=True, picture=3, zero=3))
    table.select(1, 0)
    table.pass_time(1)
    table.send(ssrc=10, sequence=4, timestamp=90_000, payload=vp8(key=False, picture=4, zero=4))
    table.send(ssrc=10, sequence=5, timestamp=93_000, payload=vp8(key=True, picture=5, zero=5))
    first, second = line.rtp
    assert (header(second)[2] - header(first)[2], header(second)[3] - header(first)[3]) == (1, 93_000)
    assert picture_of(second)[0] - picture_of(first)[0] == 1


def test_extensions_are_the_subscribers_own() -> None:
    table = Bench()
    av1 = Codec(45, "video/av1", 90000)
    track = table.publish("TR", av1, ssrcs=(10,))
    line = table.subscribe(
        track, Codec(50, "video/av1", 90000), extensions={bench.DEPENDENCY: 9, bench.TRANSPORT: 4, bench.SEND_TIME: 6}
    )
    plain = table.subscribe(track, Codec(50, "video/av1", 90000), number=2)
    table.send(
        ssrc=10,
        sequence=1,
        payload_type=45,
        payload=b"\x18av1",
        extensions={1: b"0", 5: b"\x12\x34", 12: bytes(range(40))},
        two_byte=True,
    )
    table.send(ssrc=10, sequence=2, payload_type=45, payload=b"\x10av1", extensions={12: b"abc"})
    first, second = (extensions(packet) for packet in line.rtp)
    assert first[9] == bytes(range(40))
    assert (first[4], second[4]) == (b"\0\0", b"\0\1")
    assert second[9] == b"abc"
    assert len(first[6]) == 3
    assert set(first) == {9, 4, 6}
    assert [packet[0] for packet in plain.rtp] == [0x80, 0x80]


def test_a_reader_of_h265_begins_with_its_parameter_sets() -> None:
    """RFC 7798: alone or in an aggregation packet; neither a slice of a keyframe without them nor the next set is enough."""
    h265 = Codec(116, "video/h265", 90000)
    sets, slice_ = [bytes((kind << 1, 1)) + b"set" for kind in (32, 33, 34)], bytes((19 << 1, 1)) + b"slice"
    together = bytes((48 << 1, 1)) + b"".join(len(one).to_bytes(2, "big") + one for one in sets)
    for first in (sets[0], together):
        table = Bench()
        track = table.publish("TR", h265, ssrcs=(10,))
        line = table.subscribe(track, h265)
        for number, payload in enumerate([slice_, sets[1], first, slice_]):
            table.send(ssrc=10, sequence=number, payload_type=116, payload=payload)
        assert [packet[-5:] for packet in line.rtp] == [first[-5:], b"slice"]


H264 = "packetization-mode={};profile-level-id={}"


@pytest.mark.parametrize(
    ("mime", "fmtp", "offered"),
    [
        ("video/h264", H264.format(1, "42e01f"), [(H264.format(0, "42e01f"), 5), (H264.format(1, "42e01f"), 6)]),
        ("video/h264", H264.format(1, "640c1f"), [(H264.format(1, "42e01f"), 5), (H264.format(1, "640c1f"), 6)]),
        ("video/vp9", "profile-id=2", [("profile-id=0", 5), ("profile-id=2", 6)]),
    ],
)
def test_the_subscribers_payload_type_fits_the_profile(mime: str, fmtp: str, offered: list[tuple[str, int]]) -> None:
    table = Bench()
    wanted = Codec(1, mime, 90000, fmtp)
    track = table.publish("TR", wanted, ssrcs=(10,))
    table.subscribe(track, *(Codec(number, mime, 90000, one) for one, number in offered))
    down = table.downs[1][2]
    down.use(wanted)
    assert down.payload_type == 6


def test_a_publisher_that_begins_anew_under_another_ssrc_is_one_stream_still() -> None:
    table = Bench()
    track = table.publish("TR", bench.VP8, layers=("q",))
    line = table.subscribe(track, SUBSCRIBED)
    marks = {1: b"0", 2: b"q"}
    table.send(ssrc=10, sequence=60000, timestamp=5, payload=vp8(key=True, picture=7, zero=7), extensions=marks)
    table.pass_time(0.5)
    table.send(ssrc=99, sequence=3, timestamp=77_000_000, payload=vp8(key=False, picture=900, zero=9), extensions=marks)
    table.send(ssrc=99, sequence=4, timestamp=77_003_000, payload=vp8(key=True, picture=901, zero=10), extensions=marks)
    first, second = line.rtp
    assert header(second)[2] - header(first)[2] == 1
    assert header(second)[3] - header(first)[3] == 45_000
    assert picture_of(second) == (8, 8)


def test_temporal_layers_are_left_and_taken_up_between_pictures() -> None:
    table = Bench()
    track = table.publish("TR", bench.VP8, ssrcs=(10,))
    line = table.subscribe(track, SUBSCRIBED)
    pattern = [(0, False), (2, True), (1, True), (2, False)]
    sequence, late = 65500, {}
    for number in range(48):
        if number in {9, 29}:
            table.select(1, 0, 0 if number == 9 else None)
        temporal, synchronous = pattern[number % 4]
        for half in range(2):
            payload = vp8(
                key=number == 0 and not half, picture=number + 32760 & 0x7FFF, zero=number // 4, start=not half,
                temporal=temporal, synchronous=synchronous, tail=bytes((number, half)),
            )  # fmt: skip
            fields = {"ssrc": 10, "sequence": sequence, "timestamp": number * 3000, "payload": payload, "marker": bool(half)}
            sequence += 1
            if (number, half) in {(12, 1), (20, 0)}:
                late[number + 3] = fields  # comes after three pictures, one of which is not sent
            else:
                table.send(**fields)
        if number in late:
            table.send(**late[number])
    packets = sorted(line.rtp, key=lambda packet: (header(packet)[2] - header(line.rtp[0])[2]) & 0xFFFF)
    numbers = [header(packet)[2] for packet in packets]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    shown = [body(packet)[-2] for packet in packets]
    assert shown[::2] == shown[1::2]
    # The wish for the base layer came with 9; 29 asks for all again, and is itself a picture that may be joined at.
    assert shown[::2] == [*range(9), 12, 16, 20, 24, *range(28, 48)]
    pictures = [picture_of(packet)[0] for packet in packets[::2]]
    assert all((after - before) & 0x7FFF == 1 for before, after in itertools.pairwise(pictures))


def test_sound_that_changes_between_red_and_opus_is_told_once() -> None:
    table = Bench()
    track = table.publish("TR", bench.RED, bench.OPUS, ssrcs=(10,), kind="audio")
    for sequence in range(10):
        table.send(ssrc=10, sequence=sequence, payload_type=(63, 111)[sequence % 2], payload=b"\x6fopus")
    table.publish("TR", bench.RED, Codec(111, "audio/opus", 48000), ssrcs=(10,), kind="audio")
    table.send(ssrc=10, sequence=10, payload_type=111, payload=b"opus")
    assert len([report for report in table.reports if isinstance(report, LayerStarted)]) == 1
    assert track.layers[0].live


def test_a_codec_that_the_subscriber_lacks_is_not_sent() -> None:
    table = Bench()
    track = table.publish("TR", bench.VP8, ssrcs=(10,))
    line = table.subscribe(track, Codec(50, "video/av1", 90000))
    table.send(ssrc=10, sequence=1, payload=vp8(key=True, picture=1, zero=1))
    assert line.rtp == []
