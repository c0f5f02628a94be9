"""What is asked for again: by subscribers of us, and by us of the publisher, and how often at most."""

from __future__ import annotations

import struct

from suite.rtc.core.media import Codec
from suite.rtc.packets import rtcp
from tests.rtc.packets import bench
from tests.rtc.packets.bench import SUBSCRIBED, Bench, body, header, vp8
from tests.rtc.packets.simulcast import SSRC, Camera


def test_what_was_sent_before_a_switch_can_be_asked_for_after_it() -> None:
    table = Bench()
    track = table.publish("TR", bench.VP8, layers=("q", "h", "f"))
    line = table.subscribe(track, SUBSCRIBED, layer=0)
    camera = Camera(table, seed=3)
    for layer in (0, 1, 2):
        table.select(1, layer)
        for number in range(3):
            for rid in SSRC:
                camera.picture(rid, key=number == 0)
            camera.frame_time(0.6)
    sent = list(line.rtp)
    line.rtp.clear()
    for packet in sent:
        table.ask_again(rtcp.nack(1, 5001, [header(packet)[2]]))
    assert len(line.rtp) == len(sent)
    for number, (before, again) in enumerate(zip(sent, line.rtp, strict=True)):
        assert header(again)[1] == 101
        assert header(again)[3] == header(before)[3]
        assert header(again)[4] == 6001
        assert body(again) == before[2:4] + body(before)
        if number:
            assert (header(again)[2] - header(line.rtp[number - 1])[2]) & 0xFFFF == 1
    table.ask_again(rtcp.nack(1, 5001, [(header(sent[0])[2] - 1) & 0xFFFF]))
    assert table.counts["nack_forgotten"] == 1


def test_a_subscriber_that_asks_without_end_is_limited() -> None:
    table = Bench()
    track = table.publish("TR", bench.VP8, ssrcs=(10,))
    line = table.subscribe(track, SUBSCRIBED)
    for sequence in range(300):
        table.send(ssrc=10, sequence=sequence, payload=vp8(key=sequence == 0, picture=sequence, zero=1))
    first = header(line.rtp[0])[2]
    line.rtp.clear()
    for _ in range(50):
        table.ask_again(rtcp.nack(1, 5001, range(first, first + 200)))
    assert len(line.rtp) == 1000
    table.now += 1
    table.ask_again(rtcp.nack(1, 5001, [first]))
    assert len(line.rtp) == 1001


def test_without_rtx_a_packet_is_resent_as_it_was() -> None:
    table = Bench()
    track = table.publish("TR", bench.VP8, ssrcs=(10,))
    numbered = {bench.SEND_TIME: 6, bench.TRANSPORT: 4}
    line = table.subscribe(track, Codec(100, "video/vp8", 90000), extensions=numbered)
    for number in (1, 2):
        table.send(ssrc=10, sequence=number, payload=vp8(key=number == 1, picture=number, zero=1))
    table.pass_time(0.1)
    for packet in line.rtp[1::-1]:
        table.ask_again(rtcp.nack(1, 5001, [header(packet)[2]]))
    assert line.rtp[2:] == line.rtp[1::-1]


def test_a_missing_packet_is_asked_for_until_it_comes_or_is_useless() -> None:
    table = Bench()
    track = table.publish("TR", bench.VP8, ssrcs=(10,), rtx_ssrcs={20: 10})
    table.subscribe(track, SUBSCRIBED)
    for sequence in (1, 4):
        table.send(ssrc=10, sequence=sequence, payload=vp8(key=sequence == 1, picture=sequence, zero=1))
    asked = [list(rtcp.lost_sequences(packet[4:])) for packet in table.up.rtcp if packet[1] == rtcp.TRANSPORT_FEEDBACK]
    assert asked == [[2, 3]]
    table.send(ssrc=20, sequence=9, payload_type=97, payload=struct.pack("!H", 2) + vp8(key=False, picture=2, zero=1))
    table.up.rtcp.clear()
    for _ in range(100):
        table.pass_time(0.05)
    asked = [list(rtcp.lost_sequences(packet[4:])) for packet in table.up.rtcp if packet[1] == rtcp.TRANSPORT_FEEDBACK]
    assert asked
    assert len(asked) <= 10
    assert all(one == [3] for one in asked)


def test_keyframe_requests_of_many_subscribers_become_one() -> None:
    table = Bench()
    track = table.publish("TR", bench.VP8, ssrcs=(10,))
    for number in range(1, 20):
        table.subscribe(track, SUBSCRIBED, number=number)
    table.send(ssrc=10, sequence=1, payload=vp8(key=True, picture=1, zero=1))
    table.pass_time(0.6)
    table.send(ssrc=10, sequence=2, payload=vp8(key=True, picture=2, zero=2))
    table.pass_time(0.6)
    table.up.rtcp.clear()
    for number in range(1, 20):
        table.ask_again(rtcp.picture_loss(1, 5000 + number), number=number)
    assert len(table.up.rtcp) == 1
    table.pass_time(0.2)
    assert len(table.up.rtcp) == 1
    table.pass_time(0.2)
    assert len(table.up.rtcp) == 2, "those who came second get theirs as well"
    table.pass_time(0.6)
    assert len(table.up.rtcp) == 2
