"""The plane's DTLS identity: made at start, kept in memory alone (ASVS 17.2.1)."""

from __future__ import annotations

import datetime as dt
import os
from typing import Any, Final

from aiortc.rtcdtlstransport import SRTP_AEAD_AES_128_GCM as GCM_128
from aiortc.rtcdtlstransport import SRTP_AEAD_AES_256_GCM as GCM_256
from aiortc.rtcdtlstransport import SRTP_AES128_CM_SHA1_80 as CM_80
from aiortc.rtcdtlstransport import RTCCertificate, SRTPProtectionProfile
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

# AES-128-GCM first: the cheapest of the three, and peers follow our order. CM with SHA-1 stays for those without GCM.
PROFILES: Final[list[SRTPProtectionProfile]] = [GCM_128, GCM_256, CM_80]
_CIPHERS: Final = b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305"
_DAYS: Final = 365  # a worker that runs longer than a year is restarted by upgrades before


class Certificate(RTCCertificate):
    """aiortc's certificate with a longer life, and authenticated ciphers only (ASVS 17.2.2: no CBC with SHA-1)."""

    _context: SSL.Context | None = None

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> Any:
        """One context for all: each would take 26 kB and 0.2 ms of every join.

        Nothing is resumed, so no session is kept; a peer that says nothing keeps no buffers (8 kB each).
        """
        if self._context is None:
            context = super()._create_ssl_context(srtp_profiles)
            context.set_cipher_list(_CIPHERS)
            context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
            context.set_mode(SSL.MODE_RELEASE_BUFFERS)
            self._context = context
        return self._context


def certificate_new() -> Certificate:
    """A self-signed P-256 certificate under a random name."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, os.urandom(16).hex())])
    now = dt.datetime.now(tz=dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=_DAYS))
        .sign(key, hashes.SHA256())
    )
    return Certificate(key, certificate)


def fingerprint(certificate: Certificate) -> str:
    """Its SHA-256 as SDP writes it: upper-case pairs with colons."""
    return next(str(one.value) for one in certificate.getFingerprints() if one.algorithm == "sha-256")
