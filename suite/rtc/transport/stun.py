"""STUN as much as an ICE-lite server needs (RFC 8489): a binding request read, checked and answered, a few microseconds each.

Every peer sends one every few seconds for as long as it is there (RFC 7675), so that a library of message objects would cost
more than the media of a small room.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from socket import AF_INET, AF_INET6, inet_pton
from struct import Struct
from typing import Any, Final
from zlib import crc32

COOKIE: Final = 0x2112A442
REQUEST, RESPONSE, ERROR = 0x0001, 0x0101, 0x0111
_HEAD: Final = Struct("!HHI12s")
_ATTRIBUTE: Final = Struct("!HH")
_INTEGRITY, _FINGERPRINT = 0x0008, 0x8028
_NAMES: Final[Mapping[int, str]] = {
    0x0006: "USERNAME", _INTEGRITY: "MESSAGE-INTEGRITY", 0x0025: "USE-CANDIDATE", _FINGERPRINT: "FINGERPRINT",
    0x8029: "ICE-CONTROLLED", 0x802A: "ICE-CONTROLLING",
}  # fmt: skip
_MARK: Final = 0x5354554E  # of a fingerprint (RFC 8489, 14.7)
_ROLE_CONFLICT: Final = b"\0\0\4\x57Role Conflict"  # 487, RFC 8445, 7.3.1.1
_MASK: Final = COOKIE.to_bytes(4, "big")


class Request:
    """A binding request whose fingerprint is right; its integrity is checked by `check_message_integrity`."""

    __slots__ = ("_data", "_signed", "attributes", "transaction_id")

    def __init__(self, data: bytes, signed: int, attributes: dict[str, bytes], transaction_id: bytes) -> None:
        self._data = data
        self._signed = signed
        self.attributes = attributes
        self.transaction_id = transaction_id

    def check_message_integrity(self, password: bytes) -> bool:
        """Whether `password` has signed it (RFC 8489, 14.5)."""
        told = self.attributes.get("MESSAGE-INTEGRITY", b"")
        return len(told) == 20 and hmac.compare_digest(told, _signature(self._data[: self._signed], password))


def read(data: bytes) -> Request | None:
    """A binding request; None for anything else, malformed things included. What follows the signature is not read."""
    if len(data) < 20 or len(data) & 3:
        return None
    kind, length, cookie, transaction = _HEAD.unpack_from(data)
    if kind != REQUEST or cookie != COOKIE or length + 20 != len(data):
        return None
    attributes: dict[str, bytes] = {}
    at, signed = 20, 0
    while at < len(data):
        number, size = _ATTRIBUTE.unpack_from(data, at)
        start, stop = at + 4, at + 4 + size
        if stop > len(data):
            return None
        if number == _FINGERPRINT:
            told = int.from_bytes(data[start:stop], "big")
            if size != 4 or stop != len(data) or told != crc32(data[:at]) ^ _MARK:
                return None
            attributes["FINGERPRINT"] = data[start:stop]
        elif not signed and number in _NAMES:
            attributes.setdefault(_NAMES[number], data[start:stop])
            if number == _INTEGRITY:
                signed = at
        at = stop + (-size & 3)
    return Request(data, signed, attributes, transaction)


def answer(transaction: bytes, address: tuple[Any, ...], password: bytes, *, conflict: bool) -> bytes:
    """The answer to a checked request: where it came from, or 487 where there is a `conflict` of roles; signed."""
    if conflict:
        body = _ATTRIBUTE.pack(0x0009, len(_ROLE_CONFLICT)) + _ROLE_CONFLICT + bytes(-len(_ROLE_CONFLICT) & 3)
    else:
        body = _mapped(address, transaction)
    kind = ERROR if conflict else RESPONSE
    message = _HEAD.pack(kind, len(body), COOKIE, transaction) + body
    signature = _ATTRIBUTE.pack(_INTEGRITY, 20) + _signature(message, password)
    message = _HEAD.pack(kind, len(body) + 32, COOKIE, transaction) + body + signature
    return message + _ATTRIBUTE.pack(_FINGERPRINT, 4) + (crc32(message) ^ _MARK).to_bytes(4, "big")


def _signature(message: bytes, password: bytes) -> bytes:
    """HMAC-SHA1 over the message as if it ended with the signature."""
    length = (len(message) + 4).to_bytes(2, "big")
    return hmac.digest(password, message[:2] + length + message[4:], "sha1")


def _mapped(address: tuple[Any, ...], transaction: bytes) -> bytes:
    """XOR-MAPPED-ADDRESS (RFC 8489, 14.2)."""
    host, port = str(address[0]).partition("%")[0], int(address[1]) ^ (COOKIE >> 16)
    family, mask = (2, _MASK + transaction) if ":" in host else (1, _MASK)
    raw = inet_pton(AF_INET6 if family == 2 else AF_INET, host)
    hidden = bytes(one ^ other for one, other in zip(raw, mask, strict=True))
    return _ATTRIBUTE.pack(0x0020, 4 + len(hidden)) + bytes((0, family)) + port.to_bytes(2, "big") + hidden
