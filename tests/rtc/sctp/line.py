"""Two associations over a line that loses, reorders, repeats and goes silent, by a seed; time is simulated."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from suite.rtc.sctp.association import Association
from suite.rtc.sctp.channels import Arrived, Channel, Channels, Event
from suite.rtc.sctp.life import State


@dataclass
class Line:
    """What happens to packets; seconds and shares."""

    loss: float = 0.0
    reorder: float = 0.0
    repeat: float = 0.0
    delay: float = 0.02
    silent: tuple[float, float] = (-1.0, -1.0)
    drop: Callable[[str, bytes], bool] = field(default=lambda _side, _packet: False)


class Stuck(AssertionError):
    """What is waited for does not come."""


class Side:
    def __init__(self, name: str, channels: Channels) -> None:
        self.name = name
        self.channels = channels
        self.association = channels.association
        self.events: list[Event] = []
        self.reading = True

    def arrived(self, label: str | None = None) -> list[bytes]:
        return [one.payload for one in self.events if isinstance(one, Arrived) and label in {None, one.channel.label}]

    def channel(self, label: str) -> Channel:
        return next(one for one in self.channels.by_stream.values() if one.label == label)


class World:
    def __init__(self, seed: int, line: Line | None = None, *, tsns: tuple[int, int] | None = None) -> None:
        print("seed", seed)
        self.chance = random.Random(seed)
        self.line = line or Line()
        self.now = 100.0
        self.packets: list[tuple[float, int, str, bytes]] = []
        self.sent: dict[str, list[bytes]] = {"a": [], "b": []}
        self._order = 0
        self.a = self._side("a", tsns[0] if tsns else None)
        self.b = self._side("b", tsns[1] if tsns else None)
        self.sides = {"a": self.a, "b": self.b}

    def _side(self, name: str, tsn: int | None) -> Side:
        calls = [0]

        def source(size: int) -> bytes:
            calls[0] += 1
            if calls[0] == 3 and tsn is not None:  # tag, key, first number
                return tsn.to_bytes(4, "big")
            return self.chance.randbytes(size)

        association = Association(local_port=5000, remote_port=5000, random=source)
        return Side(name, Channels(association, server=name == "b"))

    def up(self, *, both: bool = True) -> World:
        self.a.association.life.connect(self.now)
        if both:
            self.b.association.life.connect(self.now)
        self.run(lambda: {side.association.life.state for side in (self.a, self.b)} == {State.ESTABLISHED})
        return self

    def run(self, until: Callable[[], bool], *, within: float = 120.0) -> None:
        """Let time pass until the condition holds."""
        end = self.now + within
        self._settle()
        while not until():
            times = [self.packets[0][0]] if self.packets else []
            times += [side.association.deadline for side in (self.a, self.b) if side.association.deadline is not None]
            if not times:
                raise Stuck("nothing will ever happen")
            self.now = max(self.now, min(times))
            if self.now >= end:
                raise Stuck(f"not within {within} s")
            while self.packets and self.packets[0][0] <= self.now:
                _, _, to, packet = heapq.heappop(self.packets)
                self.sides[to].association.receive(packet, self.now)
            for side in (self.a, self.b):
                if side.association.deadline is not None and side.association.deadline <= self.now:
                    side.association.timed_out(self.now)
            self._settle()

    def pass_time(self, seconds: float) -> None:
        end = self.now + seconds
        self.a.association.life.heartbeat_at = None  # so that there is an end to what happens
        while True:
            times = [self.packets[0][0]] if self.packets else []
            times += [side.association.deadline for side in (self.a, self.b) if side.association.deadline is not None]
            if not times or min(times) > end:
                break
            at = max(min(times), self.now)
            self.run(lambda at=at: self.now >= at)
            if self.now >= end:
                break
        self.now = max(self.now, end)

    def _settle(self) -> None:
        for side in (self.a, self.b):
            if side.reading:
                side.events += side.channels.events()
            for packet in side.association.take(self.now):
                self._post(side, packet)

    def _post(self, side: Side, packet: bytes) -> None:
        assert len(packet) <= 1188
        self.sent[side.name].append(packet)
        line, chance = self.line, self.chance
        if line.silent[0] <= self.now < line.silent[1] or line.drop(side.name, packet):
            return
        for _ in range(2 if chance.random() < line.repeat else 1):
            if chance.random() < line.loss:
                continue
            late = chance.random() * 0.1 if chance.random() < line.reorder else 0.0
            self._order += 1
            to = "b" if side.name == "a" else "a"
            heapq.heappush(self.packets, (self.now + line.delay + late, self._order, to, packet))
