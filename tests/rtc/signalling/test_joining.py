"""The query that opens signalling, in both forms."""

from __future__ import annotations

import base64
import gzip
import zlib
from typing import Any

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


def token(identity: str = "a", **video: object) -> str:
    claims = {"iss": "key", "sub": identity, "exp": NOW + 60, "video": {"room": "r", "roomJoin": True, **video}}
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
    ("text", "words"),
    [
        ("", "join_request is required"),
        ("!!", "cannot base64 decode wrapped join request"),
        ("é", "cannot base64 decode wrapped join request"),
        (wrap(b"\xff\xff"), "cannot unmarshal join request"),
        (base64.b64encode(b"\xff").decode(), "cannot unmarshal wrapped join request"),
        (wrap(b"not gzip", rtc.WrappedJoinRequest.GZIP), "cannot read decompressed join request"),
        (wrap(gzip.compress(b"x" * 100, mtime=0)[:20], rtc.WrappedJoinRequest.GZIP), "cannot read decompressed join request"),
        (wrap(gzip.compress(b"\0" * 50_000_000, mtime=0), rtc.WrappedJoinRequest.GZIP), "join request too large"),
        ("A" * (2 * MAX_MESSAGE), "join request too large"),
        (wrap(zlib.compress(b"x"), rtc.WrappedJoinRequest.GZIP), "cannot read decompressed join request"),
    ],
)
def test_a_hostile_request_is_refused(text: str, words: str) -> None:
    with pytest.raises(JoinRefused) as refused:
        wrapped_request(text)
    assert (refused.value.status, refused.value.message) == (400, words)


@pytest.mark.parametrize("said", [b"no json", b"[]", b'{"a": 1}'])
def test_attributes_that_cannot_be_read_are_refused_where_they_are_checked(said: bytes) -> None:
    query = {"access_token": token(canUpdateOwnMetadata=True), "attributes": base64.urlsafe_b64encode(said).decode()}
    assert not joining(query=query, authorization="", single=False, keys=KEYS, now=NOW).request.participant_attributes
    with pytest.raises(JoinRefused) as refused:
        joining(query=query, authorization="", single=False, keys=KEYS, now=NOW, strict=True)
    assert (refused.value.status, refused.value.message) == (400, "cannot decode attributes")


@given(
    st.dictionaries(st.sampled_from(["access_token", "join_request", "sdk", "protocol", "sid", "capabilities"]), st.text()),
    st.booleans(),
)
def test_any_query_is_read_or_refused(query: dict[str, str], single: bool) -> None:
    with pytest.raises(JoinRefused):
        joining(query=query, authorization="", single=single, keys=KEYS, now=NOW)


@pytest.mark.parametrize(
    ("claims", "status", "words"),
    [
        ({"roomJoin": False}, 401, "permissions denied"),
        ({"roomJoin": False, "identity": ""}, 401, "permissions denied"),
        ({"room": "", "identity": ""}, 400, "identity cannot be empty"),
        ({"room": ""}, 400, "no room name"),
    ],
)
def test_a_token_must_be_for_joining_a_room(claims: dict[str, Any], status: int, words: str) -> None:
    with pytest.raises(JoinRefused) as refused:
        joining(query={"access_token": token(**claims)}, authorization="", single=False, keys=KEYS, now=NOW)
    assert (refused.value.status, refused.value.message) == (status, words)


def test_the_token_may_be_in_the_header() -> None:
    asked = joining(query={}, authorization=f"Bearer {token()}", single=False, keys=KEYS, now=NOW)
    assert asked.grants.identity == "a"
