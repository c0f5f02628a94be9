"""Fragments of session descriptions, for trickle ICE and ICE restarts over HTTP (RFC 8840, RFC 9725 4.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from suite.rtc.core.errors import RemoteError

MEDIA_TYPE: Final = "application/trickle-ice-sdpfrag"
MAX_LENGTH: Final = 64 * 1024  # characters
MAX_LINE: Final = 1024


@dataclass(frozen=True, slots=True)
class Fragment:
    """The peer's ICE credentials; empty where it names none. Its candidates are not kept: none is ever followed."""

    ufrag: str
    password: str


def parse(text: str) -> Fragment:
    """Read a fragment; raises `RemoteError` where it is none."""
    if len(text) > MAX_LENGTH:
        raise RemoteError("the fragment is too long")
    found = {"ice-ufrag": "", "ice-pwd": ""}
    lines = [line for line in text.replace("\r", "").split("\n") if line]
    for line in lines:
        if len(line) > MAX_LINE or line[1:2] != "=" or not line[0].islower():
            raise RemoteError("malformed fragment")
        name, _, value = line[2:].partition(":")
        if line[0] == "a" and name in found:
            if found[name] not in {"", value}:
                raise RemoteError("the fragment has several ICE sessions")
            found[name] = value
    if not lines or bool(found["ice-ufrag"]) != bool(found["ice-pwd"]):
        raise RemoteError("malformed fragment")
    return Fragment(found["ice-ufrag"], found["ice-pwd"])


def describe(*, ufrag: str, password: str, candidates: tuple[str, ...]) -> str:
    """The server's end of a new ICE session."""
    lines = ["a=ice-lite", f"a=ice-ufrag:{ufrag}", f"a=ice-pwd:{password}", *(f"a={one}" for one in candidates)]
    return "\r\n".join([*lines, "a=end-of-candidates"]) + "\r\n"
