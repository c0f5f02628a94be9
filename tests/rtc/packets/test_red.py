"""Redundant audio: readers of RED get it in their own numbers, readers of Opus get each primary."""

from __future__ import annotations

from suite.rtc.core.media import Codec
from suite.rtc.packets import red
from tests.rtc.packets import bench
from tests.rtc.packets.bench import Bench, body, extensions, header
from tests.rtc.sound import red as red_payload


def test_mixed_readers_of_one_microphone() -> None:
    table = Bench()
    track = table.publish("TR", bench.RED, bench.OPUS, ssrcs=(10,), kind="audio")
    both = table.subscribe(track, Codec(120, "audio/red", 48000), Codec(109, "audio/opus", 48000), extensions={bench.LEVEL: 2})
    plain = table.subscribe(track, Codec(109, "audio/opus", 48000), number=2)
    table.send(
        ssrc=10, sequence=1, payload_type=63, payload=red_payload(b"now", repeated=[(960, b"before")]), extensions={4: b"\x8a"}
    )
    table.send(ssrc=10, sequence=2, payload_type=111, payload=b"opus")
    assert header(both.rtp[0])[1] == 120
    blocks = red.blocks(body(both.rtp[0]), 0, len(body(both.rtp[0])))
    assert [(kind, before, body(both.rtp[0])[start:end]) for kind, before, start, end in blocks] == [
        (109, 960, b"before"),
        (109, 0, b"now"),
    ]
    assert extensions(both.rtp[0]) == {2: b"\x8a"}
    assert (header(both.rtp[1])[1], body(both.rtp[1])) == (109, b"opus")
    assert [(header(packet)[1], body(packet)) for packet in plain.rtp] == [(109, b"now"), (109, b"opus")]
    assert header(plain.rtp[1])[2] - header(plain.rtp[0])[2] == 1


def test_a_reader_of_opus_gets_each_primary_once_though_packets_are_lost() -> None:
    table = Bench()
    track = table.publish("TR", bench.RED, bench.OPUS, ssrcs=(10,), kind="audio")
    both = table.subscribe(track, Codec(120, "audio/red", 48000), Codec(109, "audio/opus", 48000))
    plain = table.subscribe(track, Codec(109, "audio/opus", 48000), number=2)
    late = {}
    for number in range(40):
        repeated = [(960 * back, b"%d" % (number - back)) for back in (2, 1) if number >= back]
        fields = {
            "ssrc": 10, "sequence": 65530 + number, "timestamp": 2**32 - 9600 + number * 960, "payload_type": 63,
            "payload": red_payload(b"%d" % number, repeated=repeated),
        }  # fmt: skip
        if number in {5, 9, 10, 20, 21, 22, 30}:
            late[number] = fields  # lost, but one that only comes after the next
            continue
        table.send(**fields)
        if number == 31:
            table.send(**late[30])
    lost = {20}  # the first of three is repeated by none that came
    assert [body(packet) for packet in plain.rtp] == [b"%d" % number for number in range(40) if number not in lost]
    numbers = [(header(packet)[2] - header(plain.rtp[0])[2]) & 0xFFFF for packet in plain.rtp]
    times = [(header(packet)[3] - header(plain.rtp[0])[3]) & 0xFFFFFFFF for packet in plain.rtp]
    assert numbers == [number for number in range(40) if number not in lost]
    assert times == [960 * number for number in numbers]
    assert len(both.rtp) == len(plain.rtp)
    assert table.counts["red_recovered"] == 6


def test_nothing_that_was_said_while_muted_is_recovered() -> None:
    table = Bench()
    track = table.publish("TR", bench.RED, bench.OPUS, ssrcs=(10,), kind="audio")
    plain = table.subscribe(track, Codec(109, "audio/opus", 48000))
    for number in range(4):
        track.mute(muted=number in {1, 2})
        repeated = [(960, b"%d" % (number - 1))] if number else []
        table.send(
            ssrc=10,
            sequence=number,
            timestamp=number * 960,
            payload_type=63,
            payload=red_payload(b"%d" % number, repeated=repeated),
        )
    assert [body(packet) for packet in plain.rtp] == [b"0", b"3"]


def test_blocks_that_do_not_fit_are_none() -> None:
    whole = red_payload(b"now", repeated=[(960, b"before")])
    assert red.blocks(whole[:6], 0, 6) == []
    assert red.blocks(b"\xff" * 50, 0, 50) == []
    assert red.blocks(b"", 0, 0) == []
