"""Any garbage in an offer by HTTP, a fragment, a link's frame or a TCP stream parses, or raises the one remote error."""

from __future__ import annotations

import contextlib
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from livekit.protocol import models

from suite.rtc.core.errors import RemoteError, ServiceError
from suite.rtc.core.grants import Grants
from suite.rtc.core.http_session import Answered, Offered, Patched
from suite.rtc.core.identifiers import ICE_ALPHABET, Identifiers, worker_of
from suite.rtc.core.sdp import fragment
from suite.rtc.signalling import whip
from suite.rtc.transport.framing import Frames, framed
from suite.rtc.transport.tcp import first_ufrag
from tests.rtc.core.world import World, offer_text

pytestmark = pytest.mark.slow

GOOD = offer_text(("audio", "sendonly", "mic"), ("video", "sendonly", "cam"), ("video", "recvonly", ""))
LINES = GOOD.split("\r\n")
NAMES = st.sampled_from(["a", "ice-ufrag", "ice-pwd", "candidate", "mid", "end-of-candidates", "setup", "x"])


def mutated(lines: list[str]) -> st.SearchStrategy[str]:
    """The text with lines left out, doubled, cut or replaced."""
    one = st.one_of(
        st.just([]),
        st.sampled_from(lines).map(lambda line: [line]),
        st.tuples(st.sampled_from(lines), st.integers(0, 40)).map(lambda pair: [pair[0][: pair[1]]]),
        st.tuples(st.sampled_from("abcmsov"), st.text(max_size=30)).map(lambda pair: [f"{pair[0]}={pair[1]}"]),
        st.just(lines),
    )
    return st.lists(one, max_size=6).map(lambda parts: "\r\n".join(line for part in parts for line in part))


@given(mutated(LINES), st.booleans())
def test_any_offer_is_answered_or_refused_and_nobody_else_notices(text: str, watching: bool) -> None:
    world = World()
    somebody = world.join("somebody")
    before = len(somebody.received)
    grants = Grants(identity="w", issued_at=world.now, expires_at=world.now + 60, video={"room": "r", "roomJoin": True})
    world.put(Offered(1, grants, text, watching))
    assert isinstance(world.replies[0], (Answered, ServiceError))
    assert somebody.closed is None
    assert all(m.WhichOneof("message") != "leave" for m in somebody.received[before:])
    if isinstance(world.replies[0], Answered):
        assert world.control.rooms["r"].state.participants["w"].state == models.ParticipantInfo.JOINED


@given(st.one_of(st.text(max_size=300), st.lists(st.tuples(NAMES, st.text(max_size=20)), max_size=6).map(
    lambda pairs: "\r\n".join(f"a={name}:{value}" for name, value in pairs)
)))  # fmt: skip
def test_any_fragment_is_read_or_refused(text: str) -> None:
    world = World()
    grants = Grants(identity="w", issued_at=world.now, expires_at=world.now + 60, video={"room": "r", "roomJoin": True})
    world.put(Offered(1, grants, GOOD, watching=False))
    world.put(Patched(2, "r", "w", world.replies[0].sid, watching=False, etags=None, fragment=text))
    assert isinstance(world.replies[1], (Answered, ServiceError))
    try:
        said = fragment.parse(text)
    except RemoteError:
        return
    assert bool(said.ufrag) == bool(said.password)


@given(st.sampled_from(sorted(whip.METHODS)), st.binary(max_size=200))
def test_any_request_on_the_link_is_read_or_refused(method: str, payload: bytes) -> None:
    for given_ in (payload, len(payload).to_bytes(4, "big") + payload, b"\x00\x00\x00\x02{}" + payload):
        with contextlib.suppress(RemoteError):
            assert whip.read(1, method, given_).request == 1


@given(st.lists(st.binary(max_size=100), max_size=8))
def test_any_stream_is_cut_or_refused(pieces: list[bytes]) -> None:
    frames = Frames()
    try:
        for piece in pieces:
            frames.feed(piece)
    except RemoteError:
        return
    assert len(frames.rest) <= 2050


@given(st.one_of(st.binary(max_size=300), st.binary(max_size=120).map(framed)))
def test_any_first_packet_names_a_ufrag_or_none(data: bytes) -> None:
    found = first_ufrag(data)
    assert found is None or isinstance(found, str)


@given(st.text(max_size=6))
def test_any_ufrag_names_a_worker_or_none(text: str) -> None:
    assert worker_of(text) >= -1


@given(st.integers(0, len(ICE_ALPHABET) ** 2 - 1), st.integers())
def test_a_ufrag_names_the_worker_that_drew_it(worker: int, seed: int) -> None:
    drawn = Identifiers(Random(seed), worker).ufrag()
    assert worker_of(drawn) == worker
    assert len(drawn) == 16


@pytest.mark.parametrize("first", ["", "A", "é€", "1a"])
def test_other_letters_name_no_worker(first: str) -> None:
    assert worker_of(first) == -1
