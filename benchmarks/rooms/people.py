"""Some people of the room, in one process: they join, send by the clock, and read what comes.

Lines in: `follow`, `measure SECONDS`, `end`. Lines out: JSON, one when all have joined and one for each line in.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import functools
import gc
import json
import os
import random
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import aiohttp

from benchmarks.media.drain import GAPS, ROOM, Reader, Sample, library
from benchmarks.rooms import load
from benchmarks.rooms.clock import Clock
from benchmarks.rooms.following import Following
from benchmarks.rooms.person import Person

AT_ONCE: Final = 5  # people that join at the same time
TURN: Final = 0.01  # s between two looks at signalling
DRAIN: Final = 2  # ms that the drain sleeps
OPENED: Final = 1500  # packets a second, of all that come to the process, that are opened at most
SHARE: Final = 0.1  # of what comes that is opened at most
FOLLOW_SECONDS: Final = 120.0
AGAIN: Final = 20.0  # s between two wishes for what has not come
LATENCIES: Final = 4000
SO_TIMESTAMPNS: Final = 35
SO_RCVBUFFORCE: Final = 33


class People:
    """The loop: what is due, what has come, and now and then a look at signalling."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.compiled = library()
        self.samples = (Sample * ROOM)()
        self.rows = (Reader * given.count)()
        self.people: list[Person] = []
        self.following: list[Following] = []
        self.clock = Clock()
        self.latencies: list[float] = []
        self.late_sound: list[float] = []
        self.late_pictures: list[float] = []
        self.own_gaps: list[float] = []
        self._share = SHARE

    # --- joining

    async def join(self, http: aiohttp.ClientSession) -> None:
        """Bring all of them in, and let them send."""
        given = self.given
        numbers = range(given.first, given.first + given.count)
        for at in range(0, given.count, AT_ONCE):
            some = [
                Person(number, people=given.people, speaks=number < load.SPEAKERS, dynacast=not given.all_layers)
                for number in numbers[at : at + AT_ONCE]
            ]
            await asyncio.gather(*(person.join(http, given.url) for person in some))
            self.people += some
        for person, row in zip(self.people, self.rows, strict=True):
            person.endpoint.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            self._send(person)
            following = Following(person, row)
            self.following.append(following)
            self._every(load.FEEDBACK_EVERY, following.feedback)

    def _every(self, period: float, action: Callable[[], None], **more: Any) -> None:
        self.clock.every(period, action, now=time.perf_counter(), **more)

    def _send(self, person: Person) -> None:
        sound = person.microphone
        if person.speaks:
            self._every(sound.every, self._spoken(sound.packet), late=self.late_sound)
        else:
            self._every(sound.every, sound.packet)
        for picture in person.pictures:
            self._every(picture.every, picture.frame, late=self.late_pictures)
        for stream in (sound, *person.pictures):
            self._every(load.SENDER_REPORT_EVERY, stream.tell, spread=0.5)
        self._every(load.CHECK_EVERY, person.endpoint.check, spread=0.2)

    def _spoken(self, packet: Callable[[], None]) -> Callable[[], None]:
        """The same, and how long it was since the last time."""
        before = time.perf_counter()

        def timed() -> None:
            nonlocal before
            packet()
            now = time.perf_counter()
            self.own_gaps.append(now - before)
            before = now

        return timed

    # --- following

    async def follow(self) -> dict[str, Any]:
        """Ask for all that is to be seen and heard, until it comes."""
        begun, asked = time.perf_counter(), -AGAIN
        while (now := time.perf_counter()) - begun < FOLLOW_SECONDS:
            if all(len(person.described) == person.wanted() for person in self.people):
                break
            if now - asked > AGAIN and all(len(person.follows()) == person.wanted() for person in self.people):
                for person in self.people:
                    if len(person.described) < person.wanted():
                        await person.follow()
                asked = time.perf_counter()
            await self.run(0.1)
        for following in self.following:
            following.take(self.compiled)
            for index in range(len(following.streams)):
                period = load.VIDEO_REPORT_EVERY if following.is_picture(index) else load.SOUND_REPORT_EVERY
                self._every(period, functools.partial(following.report, index), spread=0.5)
        return {
            "described": sum(len(person.described) for person in self.people),
            "wanted": sum(person.wanted() for person in self.people),
        }

    async def run(self, seconds: float) -> None:
        """Send and read for a while."""
        end, turn = time.perf_counter() + seconds, 0.0
        clock = time.perf_counter
        count, samples, rows, drain = len(self.rows), self.samples, self.rows, self.compiled.drain
        share = int(self._share * 65536)
        at_data = Sample.data.offset
        while (now := clock()) < end:
            self.clock.run(now, clock)
            taken = drain(rows, count, DRAIN, samples, ROOM, share, 0)
            for index in range(taken):
                sample = samples[index]
                data = ctypes.string_at(ctypes.addressof(sample) + at_data, sample.length)
                self.following[sample.reader].sample(data, sample.at, self.latencies)
            if now >= turn:
                turn = now + TURN
                await asyncio.sleep(0)

    # --- measuring

    async def measure(self, seconds: float) -> dict[str, Any]:
        """Figures of some seconds."""
        for noted in (self.latencies, self.late_sound, self.late_pictures, self.own_gaps):
            noted.clear()
        streams = [stream for person in self.people for stream in (person.microphone, *person.pictures)]
        sent, refused = sum(one.sent for one in streams), sum(one.refused for one in streams)
        asked, dropped = sum(person.asked_for for person in self.people), self._dropped()
        for following in self.following:
            following.reset()
        cpu, begun = time.process_time(), time.perf_counter()
        await self.run(seconds)
        until, passed = time.time_ns(), time.perf_counter() - begun
        found = [following.found(until) for following in self.following]
        arrived = sum(one["unique"] for one in found) / passed
        self._share = min(SHARE, OPENED / max(1.0, arrived))
        gaps = [sum(following.gaps[index] for following in self.following) for index in range(GAPS)]
        return {
            **{name: sum(one[name] for one in found) for name in found[0] if name not in {"silences", "longest_gap_ms"}},
            "seconds": passed,
            "silences": [silence for one in found for silence in one["silences"]],
            "longest_gap_ms": max(one["longest_gap_ms"] for one in found),
            "least_share": min((one["unique"] + one["padding"]) / max(1, one["expected"]) for one in found),
            "gaps": {index: count for index, count in enumerate(gaps) if count},
            "latencies": [round(one, 3) for one in random.sample(self.latencies, min(LATENCIES, len(self.latencies)))],
            "late_sound": [round(1000 * one, 2) for one in self.late_sound],
            "late_pictures": [round(1000 * one, 2) for one in self.late_pictures],
            "own_gaps": [round(1000 * one, 2) for one in self.own_gaps],
            "sent": sum(one.sent for one in streams) - sent,
            "refused": sum(one.refused for one in streams) - refused,
            "resent": sum(one.resent for one in streams),
            "keyframes_asked_for": sum(person.asked_for for person in self.people) - asked,
            "dropped": self._dropped() - dropped,
            "cpu": (time.process_time() - cpu) / passed,
            "sampled": self._share,
        }

    def _dropped(self) -> int:
        """Packets that came while a person's own socket was full."""
        ports = {f"{person.endpoint.socket.getsockname()[1]:04X}" for person in self.people}
        lines = [line.split() for line in Path("/proc/net/udp").read_text().splitlines()[1:]]
        return sum(int(words[-1]) for words in lines if words[1].rpartition(":")[2] in ports)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--first", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--people", type=int, required=True)
    parser.add_argument("--all-layers", action="store_true")
    people = People(parser.parse_args())
    random.seed(people.given.first)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with aiohttp.ClientSession() as http:
        await people.join(http)
        profiles = sorted({person.endpoint.profile() for person in people.people})
        print(json.dumps({"pid": os.getpid(), "profiles": profiles}), flush=True)
        gc.collect()
        gc.freeze()
        gc.disable()  # a collection would be lateness
        line = asyncio.create_task(reader.readline())
        while True:
            await people.run(0.05)
            if not line.done():
                continue
            words = line.result().decode().split()
            if not words or words[0] == "end":
                break
            answer = await (people.follow() if words[0] == "follow" else people.measure(float(words[1])))
            print(json.dumps(answer), flush=True)
            line = asyncio.create_task(reader.readline())
        await asyncio.gather(*(person.leave() for person in people.people))


if __name__ == "__main__":
    asyncio.run(main())
