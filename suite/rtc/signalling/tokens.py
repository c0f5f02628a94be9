"""LiveKit's tokens: JWT, HS256 and nothing else, verified before anything that they say is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import jwt

from suite.rtc.core.errors import JoinRefused
from suite.rtc.core.grants import Grants

ALGORITHMS: Final = ["HS256"]
MAX_TOKEN: Final = 100_000  # characters: the limit of metadata and attributes, and some
LEEWAY: Final = 60  # seconds that clocks may differ, as LiveKit has it (auth/verifier.go)
REFRESHED_FOR: Final = 600  # seconds that a refreshed token lives at least (LiveKit: tokenDefaultTTL)


class TokenRefused(JoinRefused):
    """A token that is not one, not ours, or not valid now. The sentence never repeats the token."""

    def __init__(self, message: str) -> None:
        super().__init__(401, message)


def verify(token: str, *, keys: Mapping[str, str], now: float) -> dict[str, Any]:
    """The claims of a token that one of `keys` (key to secret) signed and that is valid at `now`.

    Raises `TokenRefused`.
    """
    if len(token) > MAX_TOKEN:
        raise TokenRefused("invalid authorization token")
    try:
        issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
        algorithm = jwt.get_unverified_header(token).get("alg")
    except (jwt.PyJWTError, ValueError) as error:
        raise TokenRefused("invalid authorization token") from error
    if algorithm not in ALGORITHMS:
        raise TokenRefused("invalid token, error: token signature is invalid: signing method is invalid")
    secret = keys.get(issuer) if isinstance(issuer, str) else None
    if secret is None:
        raise TokenRefused("invalid API key")
    try:
        claims: dict[str, Any] = jwt.decode(
            token, secret, algorithms=ALGORITHMS, issuer=issuer,
            options={"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_sub": False},
        )  # fmt: skip
    except jwt.PyJWTError as error:
        raise TokenRefused("invalid token, error: token signature is invalid: signature is invalid") from error
    _check_times(claims, now)
    return claims


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    """An expiry is required; times that are not numbers are refused."""
    times = {name: claims.get(name) for name in ("exp", "nbf")}
    if any(isinstance(t, bool) or not isinstance(t, (int, float, type(None))) for t in times.values()) or times["exp"] is None:
        raise TokenRefused("invalid token, error: token has invalid claims: invalid times")
    if float(times["exp"]) + LEEWAY <= now:
        raise TokenRefused("invalid token, error: token has invalid claims: token is expired")
    if times["nbf"] is not None and float(times["nbf"]) - LEEWAY > now:
        raise TokenRefused("invalid token, error: token has invalid claims: token is not valid yet")


def sign(grants: Grants, *, key: str, secret: str, now: float) -> str:
    """A token that says what `grants` say, valid from `now` as long as the first one, or ten minutes."""
    expires = max(int(grants.expires_at), int(now) + REFRESHED_FOR)
    claims = {"iss": key, **grants.claims(), "iat": int(now), "nbf": int(now), "exp": expires}
    return jwt.encode(claims, secret, algorithm="HS256")


def bearer(authorization: str) -> str:
    """The token of an Authorization header; empty where there is none."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
