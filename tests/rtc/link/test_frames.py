"""The stream between a web process and a worker."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suite.rtc.core.errors import RemoteError
from suite.rtc.link.frames import HEADER, MAX_PAYLOAD, Frame, FrameReader, Kind, pack, unpack

FRAMES = st.lists(st.builds(Frame, st.sampled_from(Kind), st.integers(0, 2**64 - 1), st.binary(max_size=200)), max_size=8)


@given(FRAMES, st.integers(1, 50))
def test_frames_survive_any_cut(frames: list[Frame], size: int) -> None:
    stream = b"".join(frame.encode() for frame in frames)
    reader, found = FrameReader(), []
    for start in range(0, len(stream), size):
        found += reader.feed(stream[start : start + size])
    assert found == frames


@given(st.binary(max_size=300))
def test_garbage_is_refused_or_waits_for_more(data: bytes) -> None:
    with contextlib.suppress(RemoteError):
        FrameReader().feed(data)
    with contextlib.suppress(RemoteError):
        assert isinstance(unpack(data)[0], dict)


def test_a_frame_has_a_limit_at_both_ends() -> None:
    with pytest.raises(RemoteError):
        Frame(Kind.MESSAGE, 1, bytes(MAX_PAYLOAD + 1)).encode()
    with pytest.raises(RemoteError):
        FrameReader().feed(HEADER.pack(MAX_PAYLOAD + 1, Kind.MESSAGE, 1))


def test_a_head_and_a_body() -> None:
    assert unpack(pack({"a": 1}, b"body")) == ({"a": 1}, b"body")
