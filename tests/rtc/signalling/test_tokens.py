"""Tokens: what is not ours, not now or not one is refused, and the refusal never repeats it."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suite.rtc.core.grants import Grants
from suite.rtc.signalling.tokens import MAX_TOKEN, TokenRefused, sign, verify

NOW = 1_800_000_000.0
KEYS = {"key": "s" * 32}
GOOD: dict[str, Any] = {
    "iss": "key",
    "sub": "a",
    "nbf": int(NOW) - 5,
    "exp": int(NOW) + 60,
    "video": {"room": "r", "roomJoin": True},
}


def token(secret: str = KEYS["key"], algorithm: str = "HS256", **changed: Any) -> str:
    claims = {k: v for k, v in {**GOOD, **changed}.items() if v is not None}
    return jwt.encode(claims, secret, algorithm=algorithm)


def unsigned(header: dict[str, Any]) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part(header)}.{part(GOOD)}."


def test_a_good_token_is_read() -> None:
    assert Grants.from_claims(verify(token(), keys=KEYS, now=NOW)).room == "r"


@pytest.mark.parametrize("changed", [{"nbf": int(NOW) + 60}, {"exp": int(NOW) - 59}])
def test_clocks_may_differ_by_a_minute(changed: dict[str, int]) -> None:
    assert verify(token(**changed), keys=KEYS, now=NOW)["sub"] == "a"


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        "abc",
        "a.b.c",
        "x" * (MAX_TOKEN + 1),
        unsigned({"alg": "none", "typ": "JWT"}),
        unsigned({"alg": "NONE"}),
        unsigned({"alg": ["HS256"]}),
        unsigned({}),
        token(secret="t" * 32),
        token(iss="other"),
        token(iss=None),
        token(iss=""),
        token(algorithm="HS512", secret="s" * 64),
        token(exp=int(NOW) - 60),
        token(nbf=int(NOW) + 600),
        token(nbf=int(NOW) + 61),
        token(exp=None),
        token(exp=True),
        token(nbf="soon"),
        token() + "x",
        token()[:-3],
    ],
)
def test_a_hostile_token_is_refused_without_being_repeated(hostile: str) -> None:
    with pytest.raises(TokenRefused) as refused:
        verify(hostile, keys=KEYS, now=NOW)
    assert refused.value.status == 401
    assert "other" not in refused.value.message
    assert not any(part and part in refused.value.message for part in hostile.split(".") if len(part) > 5)


@given(st.text() | st.binary().map(lambda b: base64.urlsafe_b64encode(b).decode()))
def test_garbage_is_refused(text: str) -> None:
    with pytest.raises(TokenRefused):
        verify(text, keys=KEYS, now=NOW)


def test_a_refreshed_token_says_the_same_and_is_newer() -> None:
    grants = Grants.from_claims(verify(token(metadata="m", attributes={"x": "1"}, name="N"), keys=KEYS, now=NOW))
    later = NOW + 1000
    claims = verify(sign(grants, key="key", secret=KEYS["key"], now=later), keys=KEYS, now=later + 300)
    again = Grants.from_claims(claims)
    assert (again.identity, again.name, again.metadata, again.attributes, again.video) == (
        grants.identity,
        grants.name,
        grants.metadata,
        grants.attributes,
        grants.video,
    )
    assert again.issued_at == later


@pytest.mark.parametrize(
    ("junk", "name", "read"),
    [
        ({"video": []}, "room", ""), ({"video": {"room": 5}}, "room", ""), ({"attributes": "x"}, "attributes", {}),
        ({"attributes": {"x": 5, "y": "1"}}, "attributes", {"y": "1"}), ({"name": 5}, "name", ""),
        ({"iat": "x"}, "issued_at", 0), ({"metadata": {}}, "metadata", ""), ({"sub": 5}, "identity", ""),
        ({"kind": 5}, "kind", "standard"),
    ],
)  # fmt: skip
def test_claims_of_another_type_count_as_absent(junk: dict[str, Any], name: str, read: object) -> None:
    assert getattr(Grants.from_claims({**GOOD, **junk}), name) == read


def test_a_right_must_be_true_to_be_one() -> None:
    assert not Grants.from_claims({"video": {"roomAdmin": "true"}}).has("roomAdmin")
    assert not Grants.from_claims({"video": {"canPublish": "yes"}}).can_publish
    assert Grants.from_claims({"video": {}}).can_publish
    assert not Grants.from_claims({"video": {"canPublish": False}}).can_publish_data
