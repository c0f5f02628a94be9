"""Connectivity checks by chance from a seed, nearly right ones among them, read and answered by both twins."""

from __future__ import annotations

import random
import struct
from zlib import crc32

from suite.rtc.kernel.library import Kernel, of_buffer, of_bytes, pointer
from suite.rtc.kernel.rows import ANSWER, LineRow
from suite.rtc.transport import gate, stun
from tests.rtc.kernel.twins import agree

UFRAG, PASSWORD = "server", b"the server's password"
NEARLY = [b"server", b"serve:r", b"servers:a", b"other:a", b"server:\xc3\xa9", b""]
ADDRESSES = [("192.0.2.7", 4321), ("203.0.113.250", 65535), ("2001:db8::7", 9, 0, 0), ("fe80::1", 40_000, 0, 2)]


def line_row(*, ufrag: str = UFRAG, password: bytes = PASSWORD) -> LineRow:
    """A line whose peer is answered under these credentials."""
    row = LineRow(ufrag_length=len(ufrag), password_length=len(password))
    row.ufrag[: len(ufrag)] = list(ufrag.encode())
    row.password[: len(password)] = list(password)
    return row


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) & 3)


def request(chance: random.Random) -> bytes:
    """A check as a browser sends it, or one in which something is missing, twice there, or wrong."""
    username = chance.choice([b"server:client"] * 12 + NEARLY)
    parts = [attribute(0x0006, username), attribute(0x0024, b"\0\0\0\1"), attribute(0x802A, bytes(8)), attribute(0x0025, b"")]
    if chance.random() < 0.1:
        parts.append(attribute(chance.choice([0x8029, 0x0006, 0x8028, 0x0008, 0x7777]), chance.randbytes(chance.randrange(30))))
    if chance.random() < 0.1:
        parts.append(attribute(0x0006, b"other:a"))
    if chance.random() < 0.05:
        parts.append(attribute(0x8022, bytes(chance.choice([100, 440, 444, 448, 452]))))
    if chance.random() < 0.3:
        chance.shuffle(parts)
    kind, cookie = chance.choice([1] * 20 + [0x0101, 0x0011]), chance.choice([stun.COOKIE] * 20 + [7])
    body, transaction = b"".join(parts), chance.randbytes(12)
    if chance.random() < 0.95:
        head = struct.pack("!HHI", kind, len(body) + 24, cookie) + transaction
        key = chance.choice([PASSWORD] * 15 + [b"another"])
        body += attribute(0x0008, stun._signature(head + body, key)[: chance.choice([20] * 15 + [16])])
    if chance.random() < 0.1:
        body += attribute(chance.choice([0x8029, 0x0006, 0x7777]), b"other:ab")
    behind = attribute(0x7777, b"behind") if chance.random() < 0.05 else b""
    head = struct.pack("!HHI", kind, len(body) + 8 + len(behind), cookie) + transaction
    if chance.random() < 0.95:
        body += attribute(0x8028, (crc32(head + body) ^ 0x5354554E).to_bytes(4, "big")) + behind
    data = bytearray(head + body)
    if chance.random() < 0.1:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    if chance.random() < 0.05:
        del data[chance.randrange(len(data)) :]
    return bytes(data)


def of_python(data: bytes, address: gate.Address) -> bytes:
    """The answer to a check that decides nothing; empty for any other, and for what the kernel leaves to Python."""
    found = gate.request_ufrag(data)
    if found is None or len(data) > 548 or found[1] != UFRAG:
        return b""
    read = found[0]
    if "ICE-CONTROLLED" in read.attributes or not read.attributes["USERNAME"].isascii():
        return b""
    if not read.check_message_integrity(PASSWORD):
        return b""
    return gate.response(read, address, PASSWORD)


def check_by_both(kernel: Kernel, row: LineRow, data: bytes, address: gate.Address) -> bytes:
    """What the kernel answers; raises `Difference` where Python would answer otherwise."""
    answer, name = bytearray(ANSWER), gate.socket_name(address)
    length = kernel.check(pointer(row), of_bytes(name), of_bytes(data), len(data), of_buffer(answer))
    agree("the answer to a check", of_python(data, address).hex(), bytes(answer[:length]).hex())
    return bytes(answer[:length])


def check(kernel: Kernel, seed: int, *, requests: int = 60) -> int:
    """Checks, read by both; how many were answered. Raises `Difference`."""
    chance, row = random.Random(seed), line_row()
    return sum(bool(check_by_both(kernel, row, request(chance), chance.choice(ADDRESSES))) for _ in range(requests))
