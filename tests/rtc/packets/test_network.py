"""A bad network on both sides of the tables: what the publisher sent arrives, once, in the subscriber's own numbers."""

from __future__ import annotations

import heapq
import itertools
import random
import struct

import pytest

from suite.rtc.core.media import Codec
from suite.rtc.packets import rtcp
from tests.rtc.packets import bench
from tests.rtc.packets.bench import Bench, body, header, vp8

SUBSCRIBED = Codec(100, "video/vp8", 90000, rtx_payload_type=101)


class Wire:
    """One direction: loses, delays, reorders and doubles what is put on it, as its seed says."""

    def __init__(
        self, chance: random.Random, *, loss: float, delay: float = 0.02, jitter: float = 0.02, double: float = 0.01
    ) -> None:
        self.chance, self.loss, self.delay, self.jitter, self.double = chance, loss, delay, jitter, double
        self.order = itertools.count()
        self.under_way: list[tuple[float, int, object]] = []

    def put(self, item: object, now: float) -> None:
        for _ in range(2 if self.chance.random() < self.double else 1):
            if self.chance.random() >= self.loss:
                heapq.heappush(self.under_way, (now + self.delay + self.chance.random() * self.jitter, next(self.order), item))

    def take(self, now: float) -> list:
        found = []
        while self.under_way and self.under_way[0][0] <= now:
            found.append(heapq.heappop(self.under_way)[2])
        return found


class Publisher:
    """Sends 100 packets a second of VP8 and answers NACKs by RTX."""

    def __init__(self, wire: Wire, *, start: int) -> None:
        self.wire, self.sequence, self.rtx = wire, start, 1
        self.sent: dict[int, dict] = {}

    def send(self, now: float, *, key: bool) -> bytes:
        number = len(self.sent)
        payload = vp8(key=key, picture=number & 0x7FFF, zero=number, tail=struct.pack("!I", number) * 5)
        fields = {"ssrc": 10, "sequence": self.sequence, "timestamp": number * 900, "payload": payload, "marker": True}
        self.sent[self.sequence & 0xFFFF] = fields
        self.sequence += 1
        self.wire.put(fields, now)
        return payload

    def nacked(self, packet: bytes, now: float) -> None:
        if packet[1] != rtcp.TRANSPORT_FEEDBACK:
            return
        for sequence in rtcp.lost_sequences(packet[4:]):
            fields = self.sent[sequence]
            again = {**fields, "ssrc": 20, "sequence": self.rtx, "payload_type": 97}
            self.rtx += 1
            self.wire.put({**again, "payload": struct.pack("!H", sequence) + fields["payload"]}, now)


class Subscriber:
    """Counts what arrives, and asks for what does not."""

    def __init__(self, wire: Wire, *, begin: int) -> None:
        self.wire, self.begin = wire, begin
        self.got: dict[int, bytes] = {}
        self.wanted: dict[int, float] = {}
        self.highest = -1
        self.contradicted = 0

    def take(self, packet: bytes) -> None:
        resent = header(packet)[1] == 101
        sequence = int.from_bytes(body(packet)[:2], "big") if resent else header(packet)[2]
        payload = body(packet)[2:] if resent else body(packet)
        place = (sequence - self.begin) & 0xFFFF
        self.contradicted += self.got.get(place, payload) != payload
        self.got[place] = payload
        self.wanted.pop(place, None)
        self.wanted |= {missing: 0.0 for missing in range(self.highest + 1, place) if missing not in self.got}
        self.highest = max(self.highest, place)

    def ask(self, now: float) -> None:
        due = sorted(place for place, when in self.wanted.items() if now - when > 0.1)
        if due:
            self.wire.put(rtcp.nack(1, 5001, [(self.begin + place) & 0xFFFF for place in due]), now)
            self.wanted |= dict.fromkeys(due, now)


@pytest.mark.parametrize("loss", [0.0, 0.02, 0.05, 0.1, 0.2])
def test_everything_arrives_once_over_a_bad_network(loss: float) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    up, back, down, ask = (Wire(chance, loss=loss) for _ in range(4))
    table = Bench()
    track = table.publish("TR", bench.VP8, ssrcs=(10,), rtx_ssrcs={20: 10})
    line = table.subscribe(track, SUBSCRIBED)
    publisher = Publisher(up, start=65000)
    frames = 600
    table.send(ssrc=10, sequence=64999, timestamp=0, payload=vp8(key=True, picture=0x7FFF, zero=255))
    subscriber = Subscriber(ask, begin=header(line.rtp[0])[2])
    for tick in range(frames + 200):
        now = table.now
        if tick < frames:
            publisher.send(now, key=False)
        for fields in up.take(now):
            table.send(**fields)
        table.pass_time(0.0)
        while table.up.rtcp:
            back.put(table.up.rtcp.pop(0), now)
        for packet in back.take(now):
            publisher.nacked(packet, now)
        while line.rtp:
            down.put(line.rtp.pop(0), now)
        for packet in down.take(now):
            subscriber.take(packet)
        subscriber.ask(now)
        for packet in ask.take(now):
            table.ask_again(packet)
        table.now += 0.01
    got = subscriber.got
    assert subscriber.contradicted == 0
    numbers = [int.from_bytes(got[place][-4:], "big") for place in sorted(got) if place]
    assert numbers == sorted(set(numbers))
    assert len(numbers) >= (frames if loss < 0.1 else frames * 0.99) - 1
    pictures = [int.from_bytes(got[place][2:4], "big") & 0x7FFF for place in sorted(got)]
    assert all((after - before) & 0x7FFF == 1 for before, after in itertools.pairwise(pictures)) or loss >= 0.15


def test_an_outage_of_two_seconds_ends_with_a_keyframe_and_not_with_old_requests() -> None:
    table = Bench()
    track = table.publish("TR", bench.VP8, ssrcs=(10,))
    table.subscribe(track, SUBSCRIBED)
    table.send(ssrc=10, sequence=1, payload=vp8(key=True, picture=1, zero=1))
    table.pass_time(2)
    table.up.rtcp.clear()
    table.send(ssrc=10, sequence=501, payload=vp8(key=False, picture=250, zero=250))
    assert [packet for packet in table.up.rtcp if packet[1] == rtcp.TRANSPORT_FEEDBACK] == []
    assert [packet[1] for packet in table.up.rtcp] == [rtcp.PAYLOAD_FEEDBACK]


def test_a_muted_track_comes_back_without_a_gap() -> None:
    table = Bench()
    track = table.publish("TR", bench.VP8, ssrcs=(10,))
    line = table.subscribe(track, SUBSCRIBED)
    for sequence in range(1, 4):
        table.send(
            ssrc=10, sequence=sequence, timestamp=sequence * 3000, payload=vp8(key=sequence == 1, picture=sequence, zero=1)
        )
    track.mute(muted=True)
    for sequence in range(4, 40):
        table.send(ssrc=10, sequence=sequence, timestamp=sequence * 3000, payload=vp8(key=False, picture=sequence, zero=1))
    track.mute(muted=False)
    for sequence in range(40, 43):
        table.send(
            ssrc=10, sequence=sequence, timestamp=sequence * 3000, payload=vp8(key=sequence == 41, picture=sequence, zero=1)
        )
    assert len(line.rtp) == 5
    numbers = [header(packet)[2] for packet in line.rtp]
    assert numbers == list(range(numbers[0], numbers[0] + 5))
