"""TURN servers and their credentials, as coturn's `use-auth-secret` checks them."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from suite.rtc.core import ice
from suite.rtc.core.settings import Settings, TurnServer


def test_addresses_of_turn_servers() -> None:
    found = ice.turn_servers("turn:turn.example.org, turn:[2001:db8::1]:3479?transport=tcp,turns:a.b:443", secret="s", ttl=60)
    assert found == (
        TurnServer("turn.example.org", 3478, "udp", secret="s", ttl=60),
        TurnServer("[2001:db8::1]", 3479, "tcp", secret="s", ttl=60),
        TurnServer("a.b", 443, "tls", secret="s", ttl=60),
    )
    assert ice.turn_servers("", secret="") == ()


@pytest.mark.parametrize("url", ["stun:a.b", "turn:", "turn:a.b?transport=tls", "turn:a b", "http://a.b", "turn:a.b:999999"])
def test_what_is_no_address_is_named(url: str) -> None:
    with pytest.raises(ValueError, match="no address of a TURN server"):
        ice.turn_servers(url, secret="s")


def test_no_secret_no_servers() -> None:
    with pytest.raises(ValueError, match="secret"):
        ice.turn_servers("turn:a.b", secret="")


def test_credentials_name_their_end_and_are_signed() -> None:
    settings = Settings(turn_servers=ice.turn_servers("turn:a.b?transport=udp,turns:a.b", secret="s", ttl=60))
    udp, tls = ice.servers(settings, participant_sid="PA_x", now=1000.0)
    assert (list(udp.urls), list(tls.urls)) == (["turn:a.b:3478?transport=udp"], ["turns:a.b:5349?transport=tcp"])
    assert udp.username == "1060:PA_x"
    assert base64.b64decode(udp.credential) == hmac.digest(b"s", b"1060:PA_x", hashlib.sha1)
