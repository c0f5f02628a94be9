"""LiveKit's trailer is cut off a frame for those who cannot read past it: a whole one, and nothing else."""

from __future__ import annotations

import random

import pytest

from suite.rtc.core.media import Codec
from suite.rtc.packets import codecs, rtcp, trailer
from tests.rtc.packets import bench
from tests.rtc.packets.bench import SUBSCRIBED, Bench, body, header, vp8

STAMP = bytes([0xFE, 0xF7]) + bytes(range(8))  # a time of the page's, inverted
FRAME = b"\x9a\x01frame"


def closed(inside: bytes = STAMP, *, said: int = 0) -> bytes:
    """A trailer; `said` is added to the length that it tells."""
    return inside + bytes([(len(inside) + 5 + said) ^ 0xFF]) + b"LKTS"


def aggregate(*units: bytes) -> bytes:
    return b"\x78" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)


DESCRIBED = {
    "VP8 short": (codecs.VP8, b"\x10"), "VP8 long": (codecs.VP8, bytes.fromhex("90f0 8123 07 60")),
    "VP9 flexible": (codecs.VP9, bytes.fromhex("f4 8123 2b 03 04")), "VP9 groups": (codecs.VP9, bytes.fromhex("a4 12 2b 07")),
    "VP9 structure": (codecs.VP9, bytes.fromhex("aa 8123 00 07 38 0140 00b4 0280 0168 02 04 01 08 01 02")),
    "H264": (codecs.H264, b"\x61"), "H264 fragment": (codecs.H264, b"\x7c\x41"), "AV1": (codecs.AV1, b"\x10"),
    "H265": (codecs.H265, b"\x02\x01"), "H265 fragment": (codecs.H265, b"\x62\x01\x41"),
}  # fmt: skip


@pytest.mark.parametrize(("form", "head"), DESCRIBED.values(), ids=DESCRIBED)
@pytest.mark.parametrize("inside", [STAMP, STAMP + b"\xfd\xfb1234", b""], ids=["time", "time and number", "nothing"])
def test_a_whole_trailer_is_cut_off(form: int, head: bytes, inside: bytes) -> None:
    data = head + FRAME + closed(inside)
    assert trailer.cut(bytearray(data), form, 0, len(data)) == len(head + FRAME)
    alone = head + closed(inside)
    assert trailer.cut(bytearray(alone), form, 0, len(alone)) == len(alone), "a packet without a frame's bytes is none"


@pytest.mark.parametrize("data", [
    closed(said=len(FRAME)), closed(said=200), closed(said=-len(STAMP) - 1), closed()[:-1], closed()[:-4] + b"LKTs",
    closed() + b"\x00",
], ids=["all of the frame", "longer than it", "shorter than itself", "cut", "another word", "something behind it"])  # fmt: skip
def test_what_is_no_whole_trailer_is_left(data: bytes) -> None:
    for form, head in DESCRIBED.values():
        packet = bytearray(head + FRAME + data)
        assert trailer.cut(packet, form, 0, len(packet)) == len(packet)
        assert packet == head + FRAME + data


def test_the_last_unit_of_an_aggregate_becomes_shorter() -> None:
    packet = bytearray(aggregate(b"\x67set", b"\x65" + FRAME + closed()))
    end = trailer.cut(packet, codecs.H264, 0, len(packet))
    assert packet[:end] == aggregate(b"\x67set", b"\x65" + FRAME)
    for wrong in (aggregate(b"\x67set", closed()), aggregate(b"\x67set", b"\x65" + closed())[:-12] + closed()):
        packet = bytearray(wrong)
        assert trailer.cut(packet, codecs.H264, 0, len(packet)) == len(packet)
        assert packet == wrong


def test_several_elements_of_av1_are_left() -> None:
    for first in (0x00, 0x20, 0x30):
        data = bytes([first]) + FRAME + closed()
        assert trailer.cut(bytearray(data), codecs.AV1, 0, len(data)) == len(data)


def test_any_bytes_are_cut_within_their_payload() -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    cut = 0
    for _ in range(20_000):
        inside = chance.randbytes(chance.randrange(20))
        data = chance.randbytes(chance.randrange(40)) + closed(inside, said=chance.choice([0, 0, 1, -1, 9]))
        form = chance.choice([codecs.VP8, codecs.VP9, codecs.H264, codecs.H265, codecs.AV1])
        end = trailer.cut(bytearray(data), form, 0, len(data))
        assert 0 < end <= len(data)
        cut += end < len(data)
    assert cut > 5000


@pytest.mark.parametrize("offered", [SUBSCRIBED, Codec(100, "video/vp8", 90000)], ids=["as a retransmission", "byte for byte"])
def test_one_reader_gets_it_another_does_not_and_again_the_same(offered: Codec) -> None:
    table = Bench()
    track = table.publish("TR", bench.VP8, ssrcs=(10,))
    whole = table.subscribe(track, SUBSCRIBED, number=1)
    without = table.subscribe(track, offered, number=2)
    table.downs[2][2].trailers = True
    for number in range(4):
        for half in range(2):
            payload = vp8(key=not number, picture=number, zero=number, start=not half, tail=FRAME + closed())
            table.send(ssrc=10, sequence=2 * number + half, timestamp=number, marker=half == 1, payload=payload)
    trailed = [body(packet).endswith(b"LKTS") for packet in without.rtp]
    assert trailed == [True, False] * 4, "only the last packet of a frame ends in a trailer"
    assert all(body(packet).endswith(FRAME + closed()) for packet in whole.rtp)
    assert all(body(packet).endswith(FRAME) for packet in without.rtp[1::2])
    sent = list(without.rtp)
    without.rtp.clear()
    for packet in sent:
        table.ask_again(rtcp.nack(1, 5002, [header(packet)[2]]), number=2)
    again = [body(packet)[2:] for packet in without.rtp] if offered is SUBSCRIBED else [body(packet) for packet in without.rtp]
    assert again == [body(packet) for packet in sent]


def test_sound_keeps_every_byte() -> None:
    table = Bench()
    track = table.publish("TR", bench.OPUS, ssrcs=(10,), kind="audio")
    line = table.subscribe(track, bench.OPUS)
    table.downs[1][2].trailers = True
    table.send(ssrc=10, sequence=1, timestamp=1, payload_type=111, marker=True, payload=FRAME + closed())
    assert body(line.rtp[0]) == FRAME + closed()
