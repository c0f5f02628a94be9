"""The query that opens signalling, in both forms."""

from __future__ import annotations

import base64
import gzip
import zlib

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from livekit.protocol import models, rtc

from suite.rtc.core.errors import JoinRefused
from suite.rtc.signalling.joining import joining, plain_request, wrapped_request
from suite.rtc.signalling.messages import MAX_MESSAGE

NOW = 1_800_000_000.0
KEYS = {"key": "s" * 32}


def wrap(body: bytes, compression: rtc.WrappedJoinRequest.Compression = rtc.WrappedJoinRequest.NONE) -> str:
    wrapped = rtc.WrappedJoinRequest(compression=compression, join_request=body)
    return base64.urlsafe_b64encode(wrapped.SerializeToString()).decode().rstrip("=")


def token(**video: object) -> str:
    claims = {"iss": "key", "sub": "a", "exp": NOW + 60, "video": {"room": "r", "roomJoin": True, **video}}
    return jwt.encode(claims, KEYS["key"], algorithm="HS256")


def test_the_plain_form_is_read() -> None:
    query = {
        "auto_subscribe": "0", "sdk": "js", "version": "2.23.0", "protocol": "17", "client_protocol": "2", "reconnect": "1",
        "sid": "PA_x", "adaptive_stream": "1", "capabilities": "CAP_PACKET_TRAILER,unknown",
    }  # fmt: skip
    request = plain_request(query)
    assert (request.client_info.sdk, request.client_info.protocol, request.client_info.client_protocol) == (
        models.ClientInfo.JS,
        17,
        2,
    )
    assert list(request.client_info.capabilities) == [models.ClientInfo.CAP_PACKET_TRAILER]
    assert (request.reconnect, request.participant_sid) == (True, "PA_x")
    assert not request.connection_settings.auto_subscribe
    assert plain_request({}).connection_settings.auto_subscribe


@pytest.mark.parametrize("compress", [False, True])
def test_the_wrapped_form_is_read(compress: bool) -> None:
    body = rtc.JoinRequest(metadata="m" * 1000).SerializeToString()
    text = wrap(gzip.compress(body, mtime=0), rtc.WrappedJoinRequest.GZIP) if compress else wrap(body)
    assert wrapped_request(text).metadata == "m" * 1000


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", 400),
        ("!!", 400),
        ("é", 400),
        (wrap(b"\xff\xff"), 400),
        (base64.b64encode(b"\xff").decode(), 400),
        (wrap(b"not gzip", rtc.WrappedJoinRequest.GZIP), 400),
        (wrap(gzip.compress(b"x" * 100, mtime=0)[:20], rtc.WrappedJoinRequest.GZIP), 400),
        (wrap(gzip.compress(b"\0" * 50_000_000, mtime=0), rtc.WrappedJoinRequest.GZIP), 413),
        ("A" * (2 * MAX_MESSAGE), 413),
        (wrap(zlib.compress(b"x"), rtc.WrappedJoinRequest.GZIP), 400),
    ],
)
def test_a_hostile_request_is_refused(text: str, status: int) -> None:
    with pytest.raises(JoinRefused) as refused:
        wrapped_request(text)
    assert refused.value.status == status


@given(
    st.dictionaries(st.sampled_from(["access_token", "join_request", "sdk", "protocol", "sid", "capabilities"]), st.text()),
    st.booleans(),
)
def test_any_query_is_read_or_refused(query: dict[str, str], single: bool) -> None:
    with pytest.raises(JoinRefused):
        joining(query=query, authorization="", single=single, keys=KEYS, now=NOW)


@pytest.mark.parametrize(
    ("video", "status", "words"),
    [
        ({"roomJoin": False}, 401, "permissions denied"),
        ({"room": ""}, 400, "no room name"),
    ],
)
def test_a_token_must_be_for_joining_a_room(video: dict[str, object], status: int, words: str) -> None:
    with pytest.raises(JoinRefused) as refused:
        joining(query={"access_token": token(**video)}, authorization="", single=False, keys=KEYS, now=NOW)
    assert (refused.value.status, refused.value.message) == (status, words)


def test_the_token_may_be_in_the_header() -> None:
    asked = joining(query={}, authorization=f"Bearer {token()}", single=False, keys=KEYS, now=NOW)
    assert asked.grants.identity == "a"
