"""Packets on a stream, and what waits for a slow reader."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suite.rtc.core.errors import RemoteError
from suite.rtc.transport.backlog import BATCH, OTHER_MOST, VIDEO_MOST, Backlog
from suite.rtc.transport.framing import LONGEST, Frames, framed

PACKETS = st.lists(st.binary(min_size=1, max_size=300), max_size=8)


@given(PACKETS, st.data())
def test_packets_come_out_as_they_went_in_however_the_stream_is_cut(packets: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(framed(packet) for packet in packets)
    frames, found = Frames(), []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        found += frames.feed(stream[:cut])
        stream = stream[cut:]
    assert found == packets
    assert frames.rest == b""


def test_an_empty_packet_is_nothing_and_one_too_long_is_refused() -> None:
    frames = Frames()
    assert frames.feed(bytes(2) + framed(b"x")) == [b"x"]
    assert frames.feed(framed(bytes(LONGEST))) == [bytes(LONGEST)]
    with pytest.raises(RemoteError):
        frames.feed((LONGEST + 1).to_bytes(2, "big"))


def leave(backlog: Backlog, count: int) -> bytes:
    """Let `count` bytes be written."""
    written = b"".join(bytes(part) for part in backlog.take())[:count]
    backlog.written(len(written))
    return written


def test_sound_goes_before_video_and_a_packet_that_has_begun_before_both() -> None:
    backlog = Backlog()
    backlog.put(b"vvvv", video=True)
    assert leave(backlog, 2) == b"vv"
    backlog.put(b"VVVV", video=True)
    backlog.put(b"ss", video=False)
    assert leave(backlog, 100) == b"vvssVVVV"
    assert not backlog


def test_too_much_video_drops_the_oldest_video_alone() -> None:
    backlog = Backlog()
    backlog.put(b"sound", video=False)
    for number in range(300):
        backlog.put(number.to_bytes(2, "big") * 500, video=True)
    assert backlog.dropped == 0
    assert backlog.dropped_video == 300 - VIDEO_MOST // 1000
    assert leave(backlog, 7)[5:] == backlog.dropped_video.to_bytes(2, "big")


def test_everything_else_is_bounded_too() -> None:
    backlog = Backlog()
    for _ in range(2 * OTHER_MOST // 1000):
        backlog.put(bytes(1000), video=False)
    assert backlog.dropped >= OTHER_MOST // 1000
    assert len(backlog.take()) == BATCH


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=50), st.booleans()), max_size=40), st.lists(st.integers(1, 200)))
def test_whole_packets_leave_whatever_the_system_takes_at_once(packets: list[tuple[bytes, bool]], takes: list[int]) -> None:
    backlog, out = Backlog(), b""
    for packet, video in packets:
        backlog.put(framed(packet), video=video)
    for take in [*takes, *[10_000] * len(packets)]:
        out += leave(backlog, take)
    assert sorted(Frames().feed(out)) == sorted(packet for packet, _ in packets)
