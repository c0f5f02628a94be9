"""Our STUN against aioice's: what one writes the other reads, and nothing that was changed on the way is taken."""

from __future__ import annotations

import random

import pytest
from aioice import stun as other

from suite.rtc.transport import stun

PASSWORD = b"a password of the server's"


def request(*, controlled: bool = False, username: str = "server:client") -> bytes:
    message = other.Message(message_method=other.Method.BINDING, message_class=other.Class.REQUEST)
    message.attributes["USERNAME"] = username
    message.attributes["PRIORITY"] = 1
    message.attributes["ICE-CONTROLLED" if controlled else "ICE-CONTROLLING"] = 1
    message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(PASSWORD)
    return bytes(message)


@pytest.mark.parametrize("username", ["a:b", "server:client", "1:22", "1:333"])
def test_a_request_is_read_and_its_signature_checked(username: str) -> None:
    read = stun.read(request(username=username))
    assert read is not None
    assert read.attributes["USERNAME"] == username.encode()
    assert "USE-CANDIDATE" in read.attributes
    assert read.check_message_integrity(PASSWORD)
    assert not read.check_message_integrity(b"another")


@pytest.mark.parametrize("address", [("192.0.2.7", 4321), ("2001:db8::7", 4321, 0, 0), ("fe80::1%2", 9, 0, 2)])
def test_an_answer_is_what_aioice_reads(address: tuple[object, ...]) -> None:
    read = stun.read(request())
    assert read is not None
    answer = other.parse_message(stun.answer(read.transaction_id, address, PASSWORD, conflict=False))
    assert answer.message_class == other.Class.RESPONSE
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == (str(address[0]).partition("%")[0], address[1])
    assert answer.transaction_id == read.transaction_id
    assert answer.check_message_integrity(PASSWORD)


def test_who_believes_that_we_control_is_told_of_the_conflict() -> None:
    read = stun.read(request(controlled=True))
    assert read is not None
    answer = other.parse_message(stun.answer(read.transaction_id, ("192.0.2.7", 1), PASSWORD, conflict=True))
    assert answer.attributes["ERROR-CODE"] == (487, "Role Conflict")
    assert answer.check_message_integrity(PASSWORD)


def test_a_changed_byte_is_noticed_and_garbage_is_refused() -> None:
    chance, whole = random.Random(7), request()
    for at in range(len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 1 << chance.randrange(8)
        read = stun.read(bytes(changed))
        assert read is None or "FINGERPRINT" not in read.attributes or not read.check_message_integrity(PASSWORD)
        assert stun.read(whole[:at]) is None
    for _ in range(2000):
        assert stun.read(whole[:20] + chance.randbytes(4 * chance.randrange(len(whole) // 4 - 5))) is None
        body = chance.randbytes(4 * chance.randrange(30))
        read = stun.read(whole[:2] + len(body).to_bytes(2, "big") + whole[4:20] + body)
        assert read is None or "FINGERPRINT" not in read.attributes
    assert stun.read(whole[:2] + b"\0\x08" + whole[4:20] + b"\0\x06\0\x08name") is None, "a name that is longer than the packet"
