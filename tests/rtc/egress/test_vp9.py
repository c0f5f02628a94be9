"""Layers of VP9: which is shown is one bit of a frame's header, and nothing else of the frame changes."""

from __future__ import annotations

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suite.rtc.egress import vp9
from tests.rtc.egress.pictures import encoded

# Segments by activity; tiles, of which there are none below 512 pixels; frames that rely on none that was shown.
KINDS = {
    "plain": {},
    "resilient": {"error-resilient": "default"},
    "segments": {"aq-mode": "3", "error-resilient": "default"},
    "tiles": {"tile-columns": "2", "error-resilient": "default"},
}


def pictures(frames: list[bytes]) -> list[bytes]:
    """What a decoder shows."""
    context = av.CodecContext.create("vp9", "r")
    shown = [picture for frame in frames for picture in context.decode(av.Packet(frame))]
    return [bytes(picture.to_ndarray(format="gray").tobytes()) for picture in (*shown, *context.decode(None))]


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_hidden_frame_is_decoded_as_it_was(kind: str) -> None:
    wide = 1280 if kind == "tiles" else 320
    frames = encoded("video/vp9", frames=12, every=100, width=wide, height=192, more=KINDS[kind])
    kept, hidden = [(0, 0)] * 8, []
    for number, frame in enumerate(frames):
        header = vp9._read(frame, kept)
        assert header is not None
        assert (header.size, header.is_key, header.is_shown) == ((wide, 192), number == 0, True)
        hidden.append(vp9._hidden(frame, header))
        again = vp9._read(hidden[-1], kept)
        assert again is not None
        assert (again.size, again.refreshed, again.is_shown) == (header.size, header.refreshed, False)
        kept = [header.size] * 8
    if kind != "plain":
        assert pictures([*hidden[:-1], frames[-1]]) == [pictures(frames)[-1]]


@pytest.mark.slow
def test_the_largest_layer_alone_is_shown() -> None:
    small = encoded("video/vp9", frames=3, every=1, width=160, height=96)
    large = encoded("video/vp9", frames=3, every=1)
    joined = [vp9.superframe(layers) for layers in zip(small, large, strict=True)]
    assert len(pictures(joined)) == 6
    top = vp9.TopLayers()
    assert pictures([top.shown(one) for one in joined]) == pictures(large)
    same = vp9.superframe([large[0], large[1]])
    assert [vp9.TopLayers().shown(one) for one in (same, large[0])] == [same, large[0]]


@given(frames=st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=8), begins=st.booleans())
def test_garbage_stays_as_it_is_or_is_read(frames: list[bytes], *, begins: bool) -> None:
    whole = vp9.superframe([b"\x80" + one if begins else one for one in frames])
    assert isinstance(vp9.TopLayers().shown(whole), bytes)
    assert isinstance(vp9.TopLayers().shown(frames[0]), bytes)
