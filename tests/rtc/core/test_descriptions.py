"""Session descriptions: any garbage parses or raises the one error."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suite.rtc.core.errors import RemoteError
from suite.rtc.core.sdp import policy
from suite.rtc.core.sdp.description import MAX_LENGTH, parse
from tests.rtc.core.world import offer_text

LINES = st.sampled_from(
    [
        "v=0",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 63",
        "m=video 0 UDP/TLS/RTP/SAVPF 96",
        "m=application 9 UDP/DTLS/SCTP x",
        "a=mid:0",
        "a=mid:1",
        "a=mid:²",
        "a=rtpmap:111 opus/48000/2",
        "a=rtpmap:² opus/²",
        "a=fmtp:111 apt=111",
        "a=rtcp-fb:* nack",
        "a=ssrc:1 cname:x",
        "a=ssrc-group:FID 1 2",
        "a=ssrc-group:SIM 1 x 99999999999",
        "a=rid:q send",
        "a=simulcast:send q;h recv",
        "a=simulcast:recv",
        "a=extmap:1/sendonly uri",
        "a=extmap:٣ uri",
        "a=extmap:15 uri",
        "a=msid:",
        "a=fingerprint:",
        "a=sendonly",
    ]
)


def read_everything(text: str) -> None:
    description = parse(text)
    assert description.sections
    for section in description.sections:
        assert section.direction
        policy.accepted_codecs(section, enabled=("opus", "red", "vp8"))
        _ = (section.extensions, section.rids, section.track_cid, section.repairs, section.ssrcs, section.live)
    assert isinstance(description.fingerprint, tuple)


@given(
    st.text()
    | st.lists(LINES | st.text(max_size=30)).map("\r\n".join)
    | st.lists(LINES).map(lambda ls: "v=0\r\n" + "\r\n".join(ls))
)
def test_garbage_parses_or_raises_the_one_error(text: str) -> None:
    with contextlib.suppress(RemoteError):
        read_everything(text)


@pytest.mark.parametrize(
    "text", ["", "v=0", "hello", "v=0\r\n" + "a" * MAX_LENGTH, "v=0\r\n" + "m=audio 9 x 0\r\na=mid:1\r\n" * 2]
)
def test_what_is_no_description_is_refused(text: str) -> None:
    with pytest.raises(RemoteError):
        parse(text)


def test_a_bundled_section_without_a_port_lives() -> None:
    text = offer_text(("video", "recvonly", "")).replace("m=video 9", "m=video 0")
    assert not parse(text).sections[0].live
    assert parse(text.replace("a=mid:0\r\n", "a=mid:0\r\na=bundle-only\r\n")).sections[0].live


def test_simulcast_layers_come_in_the_order_of_the_line() -> None:
    section = parse(offer_text(("video", "sendonly", "cam"), rids=("q", "h", "f"))).sections[0]
    assert section.rids == ["q", "h", "f"]
    assert section.track_cid == "cam"


def test_a_repair_stream_belongs_to_its_codec() -> None:
    codecs = parse(offer_text(("video", "sendonly", "cam"))).sections[0].codecs()
    assert [(c.name, c.payload_type, c.rtx) for c in codecs] == [("vp8", 96, 97)]


def test_redundant_sound_needs_what_it_carries() -> None:
    section = parse(offer_text(("audio", "sendonly", "mic"))).sections[0]
    assert [c.name for c in policy.accepted_codecs(section, enabled=("opus", "red"), first="red")] == ["red", "opus"]
    assert not policy.accepted_codecs(section, enabled=("red",))
