"""What a signed token of the provider's must satisfy before a word of it is believed (OpenID Connect Core 1.0, 3.1.3.7).

`mozilla-django-oidc` 5.0.2 checks neither issuer nor audience, and lets the token's own header choose much. Here the algorithm
comes from an allow-list, the key must be of that algorithm's kind, and every claim that ties the token to us is required.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import jwt

from suite.accounts.errors import SignInRefused
from suite.accounts.oidc.provider import Provider

KEY_KINDS = {"RS256": "RSA", "ES256": "EC"}  # asymmetric only: HS256 would take the public key for a secret (CVE-2022-29217)
LEEWAY_SECONDS = 30
TOKEN_BYTES_MAX = 32_768
BACK_CHANNEL_EVENT = "http://schemas.openid.net/event/backchannel-logout"


def verified(token: object, *, provider: Provider, client_id: str, require: tuple[str, ...]) -> dict[str, Any]:
    """The claims of `token`, signed by `provider` for `client_id` and in its time.

    Raises `SignInRefused` with the reason: `malformed`, `algorithm`, `key`, `signature`, `issuer`, `audience`, `azp`,
    `expired`, `claims`.
    """
    if not isinstance(token, str) or len(token) > TOKEN_BYTES_MAX:
        raise SignInRefused("malformed")
    algorithm, kid = _header(token)
    key = _key(provider.keys(kid=kid), algorithm=algorithm, kid=kid)
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            issuer=provider.issuer,
            audience=client_id,
            leeway=LEEWAY_SECONDS,
            options={"require": list(require)},
        )
    except jwt.InvalidIssuerError as error:
        raise SignInRefused("issuer") from error
    except jwt.InvalidAudienceError as error:
        raise SignInRefused("audience") from error
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError, jwt.InvalidIssuedAtError) as error:
        raise SignInRefused("expired") from error
    except jwt.MissingRequiredClaimError as error:
        raise SignInRefused({"iss": "issuer", "aud": "audience", "exp": "expired"}.get(error.claim, "claims")) from error
    except jwt.InvalidSignatureError as error:
        raise SignInRefused("signature") from error
    except jwt.PyJWTError as error:
        raise SignInRefused("malformed") from error
    _check_authorized_party(claims, client_id)
    return claims


def verified_id_token(token: object, *, provider: Provider, client_id: str, nonce: str, access_token: str) -> dict[str, Any]:
    """The claims of an ID token that answers our own request; raises `SignInRefused` (`nonce`, `at_hash`, as `verified`)."""
    claims = verified(token, provider=provider, client_id=client_id, require=("iss", "aud", "sub", "exp", "iat", "nonce"))
    if not nonce or not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
        raise SignInRefused("nonce")
    if "at_hash" in claims and not hmac.compare_digest(str(claims["at_hash"]).encode(), _half_hash(access_token)):
        raise SignInRefused("at_hash")
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
        raise SignInRefused("claims")
    return claims


def verified_userinfo(token: object, *, provider: Provider, client_id: str, sub: str) -> dict[str, Any]:
    """The claims of a signed userinfo answer about `sub` (Core, 5.3.2 and 5.3.4); raises `SignInRefused` (`userinfo_sub`)."""
    claims = verified(token, provider=provider, client_id=client_id, require=("iss", "aud", "sub"))
    if claims["sub"] != sub:
        raise SignInRefused("userinfo_sub")
    return claims


def verified_logout_token(token: object, *, provider: Provider, client_id: str) -> dict[str, Any]:
    """The claims of a logout token (Back-Channel Logout 1.0, 2.6), replay aside; raises `SignInRefused`."""
    claims = verified(token, provider=provider, client_id=client_id, require=("iss", "aud", "iat", "jti"))
    events = claims.get("events")
    if "nonce" in claims or not isinstance(events, dict) or not isinstance(events.get(BACK_CHANNEL_EVENT), dict):
        raise SignInRefused("claims")
    if not isinstance(claims.get("sid", ""), str) or not isinstance(claims.get("sub", ""), str):
        raise SignInRefused("claims")
    if not claims.get("sid") and not claims.get("sub"):
        raise SignInRefused("claims")
    if "exp" not in claims and datetime.now(UTC).timestamp() - float(claims["iat"]) > 120 + LEEWAY_SECONDS:
        raise SignInRefused("expired")  # 2.4: at most two minutes are asked for
    return claims


def _header(token: str) -> tuple[str, str | None]:
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise SignInRefused("malformed") from error
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in KEY_KINDS:
        raise SignInRefused("algorithm")
    if "crit" in header or not isinstance(kid, str | None):
        raise SignInRefused("malformed")
    return algorithm, kid


def _key(keys: list[dict[str, Any]], *, algorithm: str, kid: str | None) -> jwt.PyJWK:
    fitting = [
        key
        for key in keys
        if key.get("kty") == KEY_KINDS[algorithm]
        and key.get("alg", algorithm) == algorithm
        and key.get("use", "sig") == "sig"
        and (kid is None or key.get("kid") == kid)
    ]
    if len(fitting) != 1:
        raise SignInRefused("key")
    try:
        return jwt.PyJWK(fitting[0], algorithm=algorithm)
    except jwt.PyJWTError as error:
        raise SignInRefused("key") from error


def _check_authorized_party(claims: dict[str, Any], client_id: str) -> None:
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (several and "azp" not in claims) or claims.get("azp", client_id) != client_id:
        raise SignInRefused("azp")


def _half_hash(access_token: str) -> bytes:
    """Core, 3.1.3.6: the left half of the hash; both allowed algorithms go with SHA-256."""
    return base64.urlsafe_b64encode(hashlib.sha256(access_token.encode()).digest()[:16]).rstrip(b"=")
