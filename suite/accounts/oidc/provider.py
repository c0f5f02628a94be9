"""The sign-in provider as it describes itself: endpoints by discovery, keys by JWKS, both kept for a while."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from suite.kernel.errors import Unavailable
from suite.kernel.logs import get_logger

log = get_logger(__name__)

TIMEOUT_SECONDS = (3, 7)  # to connect, to read
ANSWER_BYTES_MAX = 262_144
METADATA_SECONDS = 3600.0
KEYS_SECONDS = 3600.0
KEYS_AGAIN_SECONDS = 5.0  # an unknown key id asks again, not more often


class ProviderUnavailable(Unavailable):
    code = "provider_unavailable"
    message = _("The sign-in service is not answering. Please try again in a moment; nothing is wrong with your account.")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an endpoint answered, at most `ANSWER_BYTES_MAX` of it."""

    status: int
    content_type: str
    body: bytes

    def json(self) -> dict[str, Any]:
        """The object that the body holds; raises `ProviderUnavailable` where it holds none."""
        try:
            found = json.loads(self.body)
        except ValueError as error:
            raise ProviderUnavailable from error
        if not isinstance(found, dict):
            raise ProviderUnavailable
        return found


def ask(method: str, url: str, *, data: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    """One request to the provider, without following redirects; raises `ProviderUnavailable` where it does not answer."""
    try:
        with requests.request(
            method, url, data=data, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True
        ) as response:
            body = response.raw.read(ANSWER_BYTES_MAX + 1, decode_content=True)
            answer = Answer(status=response.status_code, content_type=response.headers.get("content-type", ""), body=body)
    except (requests.RequestException, OSError) as error:
        log.warning("provider_unavailable", host=urlsplit(url).netloc, kind=type(error).__name__)
        raise ProviderUnavailable from error
    if len(answer.body) > ANSWER_BYTES_MAX or answer.status >= 500:
        raise ProviderUnavailable
    return answer


@dataclass(kw_only=True)
class Provider:
    """What discovery said (OpenID Connect Discovery 1.0, 3), and the signing keys as last read."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    end_session_endpoint: str
    answers_with_issuer: bool  # RFC 9207
    read_at: float
    _keys: list[dict[str, Any]] = field(default_factory=list)
    _keys_read_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keys(self, *, kid: str | None) -> list[dict[str, Any]]:
        """The signing keys, read again when they are old or when none is called `kid`."""
        with self._lock:
            age = time.monotonic() - self._keys_read_at if self._keys_read_at else KEYS_SECONDS
            unknown = kid is not None and all(key.get("kid") != kid for key in self._keys)
            if age >= KEYS_SECONDS or (unknown and age >= KEYS_AGAIN_SECONDS):
                found = ask("GET", self.jwks_uri).json().get("keys")
                if not isinstance(found, list):
                    raise ProviderUnavailable
                self._keys = [key for key in found if isinstance(key, dict)]
                self._keys_read_at = time.monotonic()
            return self._keys


_known: dict[str, Provider] = {}


def discover() -> Provider:
    """The provider at `settings.OIDC_ISSUER`; raises `ProviderUnavailable` where it cannot be read or is another one."""
    wanted = settings.OIDC_ISSUER
    known = _known.get(wanted)
    if known is not None and time.monotonic() - known.read_at < METADATA_SECONDS:
        return known
    try:
        _known[wanted] = _read(wanted)
    except ProviderUnavailable:
        if known is None:
            raise
        return known  # what it said before still holds
    return _known[wanted]


def _read(wanted: str) -> Provider:
    answer = ask("GET", f"{wanted}/.well-known/openid-configuration")
    said = answer.json() if answer.status == 200 else {}
    # Discovery 4.3: the issuer must be the one that was asked for, or anybody could speak in its name.
    if str(said.get("issuer", "")).rstrip("/") != wanted:
        log.error("provider_is_another", status=answer.status)
        raise ProviderUnavailable
    try:
        return Provider(
            issuer=said["issuer"],
            authorization_endpoint=_endpoint(said["authorization_endpoint"]),
            token_endpoint=_endpoint(said["token_endpoint"]),
            userinfo_endpoint=_endpoint(said["userinfo_endpoint"]),
            jwks_uri=_endpoint(said["jwks_uri"]),
            end_session_endpoint=_endpoint(said["end_session_endpoint"]) if "end_session_endpoint" in said else "",
            answers_with_issuer=said.get("authorization_response_iss_parameter_supported") is True,
            read_at=time.monotonic(),
        )
    except KeyError as error:
        log.exception("provider_metadata_incomplete", missing=str(error))
        raise ProviderUnavailable from error


def _endpoint(url: Any) -> str:
    parts = urlsplit(str(url))
    if parts.scheme != "https" and not (settings.DEMONSTRATION and parts.scheme == "http"):
        log.error("provider_endpoint_is_not_https")
        raise ProviderUnavailable
    return str(url)
