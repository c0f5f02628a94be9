"""What the kernel reads and what it waits for: whose it is, what is left to Python, and that nobody waits for another."""

from __future__ import annotations

import contextlib
import math
import random
import secrets
import select
import socket
import threading
import time
from collections.abc import Iterator
from ctypes import addressof
from itertools import pairwise
from typing import Any

import pytest

from suite.rtc.kernel.library import Inbox, Kernel, of_buffer
from suite.rtc.kernel.rows import CONTROL, FEEDBACK, MALFORMED, MEDIA, REFUSED, SLOTS, STRANGER, STUN, LineRow
from suite.rtc.packets import twcc
from suite.rtc.transport.gate import address_of, socket_name
from tests.rtc.kernel.reader import Reader
from tests.rtc.kernel.test_srtp import Sides
from tests.rtc.peer import rtp

PAUSE = 0.2  # s


class Receiver:
    """What has come to sockets, as the kernel reads it: the plane's at once, patient ones after a pause."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self.eager, self.patient, self.others = select.epoll(), select.epoll(), select.epoll()
        self.table, self.inbox = kernel.addresses_new(secrets.randbits(64)), Inbox()
        self._slots = [bytearray(2048) for _ in range(SLOTS)]
        for index, slot in enumerate(self._slots):
            self.inbox.slot[index] = of_buffer(slot)
        inbox: Any = self.inbox
        inbox.eager, inbox.patient, inbox.others = self.eager.fileno(), self.patient.fileno(), self.others.fileno()
        inbox.pause, inbox.record_pause, inbox.in_vain, inbox.look_at = PAUSE, PAUSE / 100, 2, math.inf
        for poll in (self.patient, self.others):
            self.eager.register(poll.fileno(), select.EPOLLIN)

    def wait(self, seconds: float) -> bool:
        """Wait for what is Python's; whether `others` has it."""
        return bool(self._kernel.wait(self.table, addressof(self.inbox), seconds))

    def read(self) -> int:
        """Read what is there; how many datagrams."""
        assert not self.wait(0.0)
        return self.inbox.count

    def through(self) -> list[int]:
        """The sockets that the last datagrams came through."""
        return list(self.inbox.socket[: self.inbox.count])

    def close(self) -> None:
        self._kernel.addresses_free(self.table)
        for poll in (self.eager, self.patient, self.others):
            poll.close()


@pytest.fixture
def receiver(kernel: Kernel, plane: socket.socket) -> Iterator[Receiver]:
    with contextlib.closing(Receiver(kernel)) as made:
        made.eager.register(plane.fileno(), select.EPOLLIN)
        yield made


@pytest.fixture
def sockets() -> Iterator[list[socket.socket]]:
    """Forty that listen."""
    with contextlib.ExitStack() as open_ones:
        made = [open_ones.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(40)]
        for one in made:
            one.bind(("127.0.0.1", 0))
        yield made


def fill(sockets: list[socket.socket], sender: socket.socket, times: int) -> None:
    for one in sockets:
        for _ in range(times):
            sender.sendto(b"\x80 from nobody", one.getsockname())


def test_what_arrives_is_attributed_opened_and_read(
    kernel: Kernel, plane: socket.socket, readers: list[Reader], receiver: Receiver
) -> None:
    table, inbox = receiver.table, receiver.inbox
    peer, stranger = readers[0], readers[1]
    sides = Sides(kernel, 16)
    peer.line.inbound, peer.line.number = sides.kernel.inbound, 77
    name = socket_name(peer.socket.getsockname())
    assert kernel.addresses_set(table, name, len(name), addressof(peer.line))
    port = plane.getsockname()
    sealed = sides.sends.protect(rtp(ssrc=9, sequence=4, payload=b"x"))
    broken = rtp(ssrc=9, sequence=5, padding=4)[:-1] + b"\0"  # padding of no length
    for data in (sealed, sealed, sides.sends.protect(broken)):
        peer.socket.sendto(data, port)
    stranger.socket.sendto(sealed, port)
    stranger.socket.sendto(b"\0" * 20, port)
    assert receiver.read() == 5
    assert inbox.kind[:5] == [MEDIA, REFUSED, MALFORMED, STRANGER, STUN]
    assert inbox.number[:5] == [77, 77, 77, -1, -1]
    assert (inbox.packet[0].ssrc, inbox.packet[0].sequence, inbox.length[0]) == (9, 4, 13)
    assert address_of(bytes(inbox.name[3][: inbox.name_length[3]])) == stranger.socket.getsockname()
    kernel.addresses_set(table, name, len(name), None)
    peer.socket.sendto(sealed, port)
    assert receiver.read() == 1
    assert inbox.kind[0] == STRANGER


def test_a_feedback_alone_is_summed_up_as_it_is_read(
    kernel: Kernel, plane: socket.socket, readers: list[Reader], receiver: Receiver
) -> None:
    table, inbox, peer, sides = receiver.table, receiver.inbox, readers[0], Sides(kernel, 16)
    peer.line.inbound, peer.line.number = sides.kernel.inbound, 77
    name = socket_name(peer.socket.getsockname())
    kernel.addresses_set(table, name, len(name), addressof(peer.line))
    came = twcc.Arrivals()
    for number in range(10):
        kernel.sent(addressof(peer.line), 100, 1.0 + number / 100)
        if number != 4:
            came.add(number, 2.0 + number / 100, 5)
    told = came.feedback(1)
    for packet in (told, told + told, told[:4] + bytes(8)):
        peer.socket.sendto(sides.sends.protect_rtcp(packet), plane.getsockname())
    assert receiver.read() == 3
    assert inbox.kind[:3] == [FEEDBACK, CONTROL, CONTROL]
    assert (inbox.digest[0].received, inbox.digest[0].lost, inbox.digest[0].left_bytes) == (9, 1, 1000)


def test_the_table_of_addresses_keeps_who_is_there(kernel: Kernel, plane: socket.socket, receiver: Receiver) -> None:
    chance, table, inbox = random.Random(5), receiver.table, receiver.inbox
    lines = [LineRow(number=index) for index in range(50)]
    known, heard = {}, {}
    with contextlib.ExitStack() as open_ones:
        peers = [open_ones.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(300)]
        for index, peer in enumerate(peers):
            peer.bind((f"127.0.{index // 100}.{index % 100 + 1}", 0))
        for _ in range(2000):
            address, line = chance.choice(peers).getsockname(), chance.choice([None, *lines])
            name = socket_name(address)
            assert kernel.addresses_set(table, name, len(name), addressof(line) if line else None)
            known[address] = line.number if line else -1
        for peer in peers:
            peer.sendto(b"\x80", plane.getsockname())
            count = receiver.read()
            heard |= {address_of(bytes(inbox.name[i][: inbox.name_length[i]])): inbox.number[i] for i in range(count)}
    assert heard == {peer: known.get(peer, -1) for peer in heard}
    assert (len(heard), len(known) > 290) == (300, True)
    assert not kernel.addresses_set(table, bytes(40), 40, None)


def test_what_needs_nobody_ends_no_wait(
    kernel: Kernel, plane: socket.socket, readers: list[Reader], receiver: Receiver
) -> None:
    peer = readers[0]
    name = socket_name(peer.socket.getsockname())
    kernel.addresses_set(receiver.table, name, len(name), addressof(peer.line))
    peer.line.heard_at = time.monotonic() + 1000  # all that it says is too much

    def speak() -> None:
        for _ in range(5):
            time.sleep(0.02)
            peer.socket.sendto(b"\x80", plane.getsockname())

    speaker = threading.Thread(target=speak)
    begun = time.monotonic()
    speaker.start()
    assert not receiver.wait(0.5)
    assert time.monotonic() - begun >= 0.5
    speaker.join()
    assert (peer.line.flooded, receiver.inbox.left) == (5, 0)


def test_a_wait_ends_with_what_is_python_s(plane: socket.socket, readers: list[Reader], receiver: Receiver) -> None:
    begun = time.monotonic()
    readers[0].socket.sendto(b"\x80", plane.getsockname())
    assert not receiver.wait(-1.0)  # for ever
    assert (receiver.inbox.count, receiver.inbox.left) == (1, 1)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        receiver.others.register(ours.fileno(), select.EPOLLIN)
        theirs.send(b"x")
        assert receiver.wait(-1.0)
        assert receiver.inbox.count == 0
        readers[0].socket.sendto(b"\x80", plane.getsockname())
        assert receiver.wait(-1.0)  # both
        assert receiver.inbox.left == 1
    assert time.monotonic() - begun < 5


def test_who_sends_without_end_does_not_end_the_time(
    kernel: Kernel, plane: socket.socket, readers: list[Reader], receiver: Receiver
) -> None:
    peer, ended = readers[0], threading.Event()
    name = socket_name(peer.socket.getsockname())
    kernel.addresses_set(receiver.table, name, len(name), addressof(peer.line))
    peer.line.heard_at = time.monotonic() + 1000

    def speak() -> None:
        while not ended.is_set():
            peer.socket.sendto(b"\x80", plane.getsockname())

    speaker = threading.Thread(target=speak)
    speaker.start()
    try:
        for seconds in (0.0, 0.05, 0.0, 0.05):
            begun = time.monotonic()
            receiver.wait(seconds)
            assert time.monotonic() - begun < seconds + 2
    finally:
        ended.set()
        speaker.join()
    assert peer.line.flooded


def test_one_socket_with_much_leaves_room_for_the_others(
    sockets: list[socket.socket], readers: list[Reader], receiver: Receiver
) -> None:
    for one in sockets:
        receiver.eager.register(one.fileno(), select.EPOLLIN)
    fill(sockets[:2], readers[0].socket, 80)
    receiver.read()
    assert sorted(receiver.through()) == sorted([sockets[0].fileno()] * 32 + [sockets[1].fileno()] * 32)
    fill(sockets, readers[0].socket, 20)
    heard: set[int] = set()
    for _ in range(3):
        receiver.read()
        heard |= set(receiver.through())
    assert len(heard) == len(sockets)


def test_patient_sockets_are_read_together_and_beside_those_that_are_not(
    plane: socket.socket, sockets: list[socket.socket], readers: list[Reader], receiver: Receiver
) -> None:
    patient, sender = sockets[:10], readers[0].socket
    for one in patient:
        receiver.patient.register(one.fileno(), select.EPOLLIN)
    fill(patient[:1], sender, 1)
    receiver.wait(5.0)  # the first is read as it comes, and so is one that follows it at once
    assert math.isinf(receiver.inbox.look_at)
    fill(patient[1:2], sender, 1)
    receiver.wait(5.0)
    assert receiver.through() == [patient[1].fileno()]
    times = [time.monotonic()]
    for several in (patient[:3], patient[3:6]):  # the next ones wait for each other
        fill(several, sender, 2)
        fill([plane], sender, 100)
        receiver.read()
        assert receiver.through() == [plane.fileno()] * 64
        while receiver.read():
            pass
        receiver.wait(5.0)
        assert sorted(receiver.through()) == sorted([one.fileno() for one in several] * 2)
        times.append(time.monotonic())
    assert all(after - before > PAUSE / 2 for before, after in pairwise(times))
    fill([plane], sender, 100)
    time.sleep(PAUSE)
    fill(patient, sender, 10)
    receiver.read()
    assert [receiver.through().count(one.fileno()) > 0 for one in (plane, *patient)] == [True] * 11
    begun = time.monotonic()
    while not math.isinf(receiver.inbox.look_at):  # and when they are silent, they are watched again
        receiver.wait(PAUSE)
        assert time.monotonic() - begun < 20 * PAUSE
