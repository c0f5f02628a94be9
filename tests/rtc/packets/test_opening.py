"""Streams on which nothing is sent yet, begun for readers that see a track by its first packet."""

from __future__ import annotations

import pytest

from suite.rtc.core.media import Codec
from suite.rtc.packets import opening
from suite.rtc.packets.padding import SILENCE
from tests.rtc.packets import bench
from tests.rtc.packets.bench import SUBSCRIBED, Bench, body, extensions, header, vp8

OPUS = Codec(111, "audio/opus", 48_000)
PCMU = Codec(0, "audio/pcmu", 8_000)
RED = Codec(63, "audio/red", 48_000, "111/111")


def quiet(table: Bench, sent: Codec, *seen: Codec, kind: str = "video", ids: dict[str, int] | None = None) -> list[bytes]:
    """What is sent to the reader of a track that sends nothing."""
    track = table.publish("TR", sent, ssrcs=(10,), kind=kind)
    line = table.subscribe(track, *seen, extensions=ids)
    track.opening.add(table.downs[1][2], line, table.now)
    return line.rtp


def test_a_picture_s_stream_begins_with_padding_and_ends_with_it() -> None:
    table = Bench()
    sent = quiet(table, bench.VP8, SUBSCRIBED, ids={bench.TRANSPORT: 4})
    table.pass_time(0.05)
    assert not sent
    for _ in range(200):
        table.pass_time(0.05)
    assert 40 <= len(sent) <= opening.LASTS / opening.EVERY
    first, second = header(sent[0]), header(sent[1])
    assert first[:2] == (1, SUBSCRIBED.payload_type)
    assert first[4] == 5001
    assert (second[2] - first[2]) & 0xFFFF == 1
    assert 8_000 < second[3] - first[3] < 10_000
    assert sent[0][0] & 0x20
    assert body(sent[0]) == bytes(19) + b"\x14"
    assert set(extensions(sent[0])) == {4}


def test_media_goes_on_behind_it_and_ends_it() -> None:
    table = Bench()
    sent = quiet(table, bench.VP8, SUBSCRIBED)
    for _ in range(6):
        table.pass_time(0.05)
    before = len(sent)
    assert before
    table.send(ssrc=10, sequence=7, timestamp=4_000_000_000, payload=vp8(key=True, picture=1, zero=1))
    assert len(sent) == before + 1
    assert (header(sent[-1])[2] - header(sent[-2])[2]) & 0xFFFF == 1
    assert 0 < header(sent[-1])[3] - header(sent[-2])[3] < 90_000
    for _ in range(100):
        table.pass_time(0.05)
    assert len(sent) == before + 1


@pytest.mark.parametrize(("sent", "payload_type"), [(OPUS, 111), (RED, 111), (PCMU, 0), (Codec(8, "audio/pcma", 8_000), 8)])
def test_sound_begins_with_silence_in_its_codec(sent: Codec, payload_type: int) -> None:
    table = Bench()
    packets = quiet(table, sent, RED, OPUS, PCMU, Codec(8, "audio/pcma", 8_000), kind="audio")
    for _ in range(4):
        table.pass_time(0.05)
    assert header(packets[0])[:2] == (1, payload_type)
    assert not packets[0][0] & 0x20
    assert body(packets[0]) in SILENCE.values()
    assert len(body(packets[0])) == (160 if payload_type in {0, 8} else 3)


def test_who_goes_is_sent_nothing_more_and_neither_is_one_without_a_codec() -> None:
    table = Bench()
    sent = quiet(table, bench.VP8, SUBSCRIBED)
    table.tracks["TR"].remove(table.downs[1][2])
    deaf = Bench()
    other = quiet(deaf, PCMU, OPUS, kind="audio")
    for _ in range(10):
        table.pass_time(0.05)
        deaf.pass_time(0.05)
    assert not sent
    assert not other
