"""An OpenID provider that lies: a small HTTP server, every answer of which a test may bend. It is the adversary."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

CLIENT = "suite"
Claims = dict[str, Any]
Bend = Callable[[Claims], Claims]


def _same(claims: Claims) -> Claims:
    return claims


@cache
def rsa_key(_whose: str) -> rsa.RSAPrivateKey:
    """Made once for all tests: it takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Lies:
    """What the next answers are bent to; all honest where nothing is set."""

    id_token: Bend = _same
    userinfo: Bend = _same
    sign_id_token: Callable[[HostileIssuer, Claims], str] | None = None
    sign_userinfo: Callable[[HostileIssuer, Claims], str] | None = None
    userinfo_type: str = "application/jwt"
    answering_issuer: str | None = None


@dataclass
class HostileIssuer:
    """The server's state; `issuer` is its address."""

    issuer: str
    person: Claims
    lies: Lies = field(default_factory=Lies)
    codes: dict[str, Claims] = field(default_factory=dict)
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa_key("its own"))
    foreign_key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa_key("somebody else's"))
    curve_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def public_pem(self) -> bytes:
        return self.key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def authorize(self, address: str) -> str:
        """What a browser sent to `address` is sent back to, signed in as `person`."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        back = f"{asked['redirect_uri']}?code={code}&state={asked['state']}"
        return back + (f"&iss={self.lies.answering_issuer}" if self.lies.answering_issuer else "")

    def tokens(self, form: Claims) -> tuple[int, Claims]:
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=")
        if asked is None or challenge.decode() != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        access_token = secrets.token_urlsafe(24)
        half = base64.urlsafe_b64encode(hashlib.sha256(access_token.encode()).digest()[:16]).rstrip(b"=").decode()
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "sub": self.person["sub"], "iat": now, "exp": now + 300,
            "nonce": asked["nonce"], "acr": "eidas2", "amr": ["pwd", "mfa"], "sid": secrets.token_hex(8), "at_hash": half,
        }  # fmt: skip
        sign = self.lies.sign_id_token or HostileIssuer.sign
        return 200, {"access_token": access_token, "token_type": "Bearer", "id_token": sign(self, self.lies.id_token(claims))}

    def about(self) -> tuple[str, str]:
        claims = self.lies.userinfo({**self.person, "iss": self.issuer, "aud": CLIENT})
        sign = self.lies.sign_userinfo or HostileIssuer.sign
        return self.lies.userinfo_type, sign(self, claims)

    def sign(self, claims: Claims, **headers: Any) -> str:
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "one", **headers})

    def sign_es256(self, claims: Claims) -> str:
        return jwt.encode(claims, self.curve_key, algorithm="ES256", headers={"kid": "two"})

    def sign_foreign(self, claims: Claims) -> str:
        return jwt.encode(claims, self.foreign_key, algorithm="RS256", headers={"kid": "one"})

    def sign_own_kid(self, claims: Claims) -> str:
        return jwt.encode(claims, self.foreign_key, algorithm="RS256", headers={"kid": "unknown"})

    def sign_ps256(self, claims: Claims) -> str:
        return jwt.encode(claims, self.key, algorithm="PS256", headers={"kid": "one"})

    def sign_none(self, claims: Claims) -> str:
        return jwt.encode(claims, None, algorithm="none", headers={"kid": "one"})

    def sign_with_public_key(self, claims: Claims) -> str:
        """HS256 keyed with the public key, by hand: libraries refuse to make it."""
        import hmac

        def part(value: Any) -> bytes:
            return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

        signed = part({"alg": "HS256", "typ": "JWT", "kid": "one"}) + b"." + part(claims)
        mac = hmac.new(self.public_pem, signed, hashlib.sha256).digest()
        return (signed + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()

    def sign_with_client_secret(self, claims: Claims) -> str:
        from django.conf import settings

        return jwt.encode(claims, settings.OIDC_RP_CLIENT_SECRET, algorithm="HS256", headers={"kid": "one"})

    def sign_with_embedded_key(self, claims: Claims) -> str:
        """The forger's own key travels in the header (CVE-2018-0114 and its kin)."""
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.foreign_key.public_key(), as_dict=True)
        return jwt.encode(claims, self.foreign_key, algorithm="RS256", headers={"jwk": public, "kid": "one"})

    def metadata(self) -> Claims:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/me",
            "jwks_uri": f"{self.issuer}/jwks",
        }

    def keys(self) -> Claims:
        rsa_key = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        curve = jwt.algorithms.ECAlgorithm.to_jwk(self.curve_key.public_key(), as_dict=True)
        return {"keys": [{**rsa_key, "kid": "one", "use": "sig"}, {**curve, "kid": "two", "use": "sig"}]}


@contextmanager
def running_hostile_issuer(person: Claims) -> Iterator[HostileIssuer]:
    """The issuer on a port of its own, while it runs."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/me":
                kind, body = hostile.about()
                self._answer(200, kind, body.encode())
            else:
                found = hostile.keys() if self.path == "/jwks" else hostile.metadata()
                self._answer(200, "application/json", json.dumps(found).encode())

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
            status, found = hostile.tokens({name: values[0] for name, values in form.items()})
            self._answer(status, "application/json", json.dumps(found).encode())

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    hostile = HostileIssuer(issuer=f"http://127.0.0.1:{server.server_port}", person=person)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hostile
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
