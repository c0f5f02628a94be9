"""Reading packets and writing header extensions, byte for byte; any garbage parses or is dropped."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from suite.rtc.packets import codecs, dependency, red, rtcp, twcc, vp8
from suite.rtc.packets.rtp import AUDIO_LEVEL, DEPENDENCY, MID, Packet, ids_by_kind, kinds_by_id, repaired, write_extensions
from tests.rtc.packets import bench
from tests.rtc.packets.bench import Bench
from tests.rtc.peer import rtp

KINDS = kinds_by_id(bench.PUBLISHED)


def read(data: bytes) -> Packet | None:
    packet = Packet()
    return packet if packet.read(data, len(data), KINDS) else None


@pytest.mark.parametrize("two_byte", [False, True])
def test_extensions_are_found_by_id_in_either_form(two_byte: bool) -> None:
    packet = read(rtp(ssrc=1, sequence=2, payload=b"p", extensions={9: b"?", 1: b"mid", 4: b"\x85"}, two_byte=two_byte))
    assert packet is not None
    assert packet.text(MID) == "mid"
    assert packet.value(AUDIO_LEVEL) == b"\x85"
    assert packet.value(DEPENDENCY) == b""
    assert packet.buffer[packet.payload : packet.end] == b"p"


def test_padding_and_contributors_are_no_payload() -> None:
    packet = read(rtp(ssrc=1, sequence=2, payload=b"payload", padding=5))
    assert packet is not None
    assert packet.buffer[packet.payload : packet.end] == b"payload"
    contributed = bytearray(rtp(ssrc=1, sequence=2, payload=b"\0\0\0\x07payload"))
    contributed[0] |= 1
    packet = read(bytes(contributed))
    assert packet is not None
    assert packet.buffer[packet.payload : packet.end] == b"payload"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(11),
        b"\x00" + bytes(20),
        b"\xa0" + bytes(11),
        b"\xa0" + bytes(10) + b"\xff",
        b"\x8f" + bytes(20),
        b"\x90" + bytes(11),
        b"\x90" + bytes(11) + b"\xbe\xde\x00\x09",
        rtp(ssrc=1, sequence=1, payload=b"", extensions={1: b"abc"})[:16] + b"\x1f\x00\x00\x00",
    ],
)
def test_what_is_no_packet_is_refused(data: bytes) -> None:
    assert read(data) is None


def test_a_retransmission_becomes_the_packet_that_was_lost() -> None:
    sent = rtp(ssrc=7, sequence=1000, timestamp=5, payload=b"payload", marker=True, extensions={1: b"0"})
    wrapped = rtp(
        ssrc=8,
        sequence=3,
        timestamp=5,
        payload_type=97,
        payload=struct.pack("!H", 1000) + b"payload",
        marker=True,
        extensions={1: b"0"},
        padding=7,
    )
    packet = read(wrapped)
    assert packet is not None
    assert repaired(packet, ssrc=7, payload_type=96) == sent
    padding = read(rtp(ssrc=8, sequence=4, payload_type=97, payload=b"", padding=200))
    assert padding is not None
    assert repaired(padding, ssrc=7, payload_type=96) == b""


def test_extensions_are_written_in_the_subscribers_ids() -> None:
    ids = ids_by_kind({bench.LEVEL: 3, bench.DEPENDENCY: 14})
    short = write_extensions(ids, [(AUDIO_LEVEL, b"\x85"), (MID, b"x")])
    assert short == b"\xbe\xde\x00\x01\x30\x85\x00\x00"
    long = write_extensions(ids, [(AUDIO_LEVEL, b"\x85"), (DEPENDENCY, bytes(40))])
    assert long[:2] == b"\x10\x00"
    assert bench.extensions(b"\x90" + bytes(11) + long) == {3: b"\x85", 14: bytes(40)}
    assert write_extensions(ids, [(MID, b"x")]) == b""


def test_nacks_name_what_was_lost_over_a_wrap() -> None:
    lost = [65533, 65535, 0, 13, 14, 500]
    body = rtcp.nack(1, 2, lost)[4:]
    assert list(rtcp.lost_sequences(body)) == lost


@pytest.mark.parametrize("rate", [0, 64_000, 262_143, 1_234_567, 90_000_000])
def test_a_remb_says_its_rate(rate: int) -> None:
    [(kind, form, body)] = rtcp.packets(rtcp.remb(1, rate, [2, 3]))
    assert (kind, form) == (rtcp.PAYLOAD_FEEDBACK, rtcp.APPLICATION)
    said = rtcp.remb_rate(body)
    assert said is not None
    assert rate * 0.99 <= said <= rate


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_garbage_parses_or_is_dropped(data: bytes) -> None:
    note(data.hex())
    packet = read(data)
    if packet is not None:
        assert 12 <= packet.payload <= packet.end <= len(data)
        repaired(packet, ssrc=1, payload_type=2)
        packet.text(MID)
    for kind, form, body in rtcp.packets(data):
        list(rtcp.report_blocks(body, form, sender=kind == rtcp.SENDER_REPORT))
    list(rtcp.lost_sequences(data))
    list(rtcp.keyframe_targets(rtcp.FIR, data))
    rtcp.remb_rate(data)
    list(twcc.arrivals(data))
    red.blocks(data, 0, len(data))
    red.with_payload_type(data, 111)
    dependency.starts_sequence(data)
    assert max(vp8.locate(data, 0, len(data))[:3]) < max(1, len(data))
    for form in range(7):
        codecs.is_keyframe(form, data, 0, len(data))


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 40))
def test_a_table_survives_garbage_of_a_member(seed: int, rounds: int) -> None:
    note(f"seed {seed}")
    chance = random.Random(seed)
    table = Bench()
    track = table.publish("TR", bench.VP8, layers=("q", "h", "f"))
    table.subscribe(track, bench.VP8, extensions={bench.TRANSPORT: 3, bench.DEPENDENCY: 12})
    for _ in range(rounds):
        marks = {1: b"0", chance.choice((2, 3)): chance.choice((b"q", b"h", b"f", b"z"))}
        payload = chance.randbytes(chance.randrange(30))
        table.send(
            ssrc=chance.choice((10, 11, 12, 13)), sequence=chance.randrange(65536), timestamp=chance.randrange(2**32),
            payload_type=chance.choice((96, 97, 5)), payload=payload, extensions=marks, padding=chance.randrange(5),
        )  # fmt: skip
        table.router.rtcp(chance.randbytes(chance.randrange(60)), table.now, reports=table.router.quiet)
        table.pass_time(chance.random())
    for packet in table.downs[1][0].rtp:
        assert read(packet) is not None
