"""The readers' process: N subscribers who count what they get, check a share of it, and answer where the load asks for it.

Lines in: `measure SECONDS`, `end`. Lines out: JSON, one when all are connected and one for each measurement.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import json
import random
import select
import socket
import struct
import sys
import time
from collections import Counter, deque
from typing import Any

import aiohttp
import pylibsrtp

from benchmarks.media import loads
from benchmarks.media.drain import ROOM, Reader, Sample, Stream, give_streams, library
from benchmarks.media.endpoint import Endpoint
from benchmarks.media.signalling import signalling
from benchmarks.report import quantile
from suite.rtc.packets import rtcp
from suite.rtc.packets.twcc import Arrivals

AT_ONCE = 10  # subscribers that join at the same time
SHARE = 0.1  # of the packets that are decrypted
SENDER = 0x77
NACK_EVERY = 0.02  # s
SETTLE = 1.0  # s that retransmissions may take
SO_TIMESTAMPNS = 35


class Subscriber:
    """What Python keeps of a reader: its answers, and what its samples showed."""

    def __init__(self, endpoint: Endpoint, row: Reader, stream: Stream) -> None:
        self.endpoint = endpoint
        self.row = row
        self.stream = stream
        self.arrivals = Arrivals()
        self.phase = random.random()  # of its rounds, so that they do not all answer at once
        self.reset()

    def reset(self) -> None:
        row = self.row
        row.other = row.control = row.bytes = 0
        self.stream.reset()
        self.samples = self.broken = self.gaps = 0
        self.distance: int | None = None  # from the publisher's count to the sequence number
        self.asked: dict[int, float] = {}
        self.nacked = self.returned = 0


class Readers:
    def __init__(self, load: loads.Load) -> None:
        self.load = load
        self.library = library()
        self.samples = (Sample * ROOM)()
        self.subscribers: list[Subscriber] = []
        self.latencies: list[float] = []
        self.profiles: Counter[str] = Counter()

    async def connect(self, kind: str, url: str, count: int, http: aiohttp.ClientSession) -> None:
        self.rows = (Reader * count)()
        way = signalling(http, kind, url)
        endpoints: list[Endpoint] = []
        while len(endpoints) < count:
            some = [Endpoint() for _ in range(min(AT_ONCE, count - len(endpoints)))]
            await asyncio.gather(*(way.watch(one) for one in some))
            endpoints += some
        for index, endpoint in enumerate(endpoints):
            row, remote = self.rows[index], endpoint.remote
            row.fd, row.transport_id = endpoint.socket.fileno(), remote.transport_id
            streams = give_streams(self.library, row, [(remote.ssrc, remote.rtx_ssrc)])
            endpoint.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            self.profiles[endpoint.profile()] += 1
            self.subscribers.append(Subscriber(endpoint, row, streams[0]))

    def run(self, seconds: float, *, answering: bool) -> None:  # noqa: C901 -- one loop over what is due
        """Read for a while; `answering` sends what the load asks for."""
        end = time.perf_counter() + seconds
        now = time.perf_counter()
        feedback = [now + one.phase * loads.FEEDBACK_EVERY for one in self.subscribers]
        report = [now + one.phase * loads.REPORT_EVERY for one in self.subscribers]
        picture = [now + one.phase * loads.KEYFRAME_EVERY for one in self.subscribers]
        check = [now + one.phase * 2 for one in self.subscribers]
        nack = now
        lose = int(loads.LOST * 65536) if answering else 0
        while (now := time.perf_counter()) < end:
            taken = self.library.drain(self.rows, len(self.subscribers), 2, self.samples, ROOM, int(SHARE * 65536), lose)
            for index in range(taken):
                self._sample(self.samples[index])
            for index, one in enumerate(self.subscribers):
                if now >= check[index]:
                    check[index] = now + 2.0
                    one.endpoint.check()
                if not answering:
                    one.row.arrivals = one.row.lost = 0
                    continue
                if now >= feedback[index]:
                    feedback[index] += loads.FEEDBACK_EVERY
                    self._feedback(one)
                if now >= report[index]:
                    report[index] += loads.REPORT_EVERY
                    self._report(one)
                if now >= picture[index]:
                    picture[index] += loads.KEYFRAME_EVERY
                    one.endpoint.send_rtcp(rtcp.picture_loss(SENDER, one.stream.ssrc))
            if answering and now >= nack:
                nack = now + NACK_EVERY
                for one in self.subscribers:
                    if one.row.lost:
                        self._nack(one, now)

    def _sample(self, sample: Any) -> None:
        one = self.subscribers[sample.reader]
        data = ctypes.string_at(ctypes.addressof(sample) + Sample.data.offset, sample.length)
        if data[0] < 4:
            one.endpoint.answer(data)
            return
        try:
            plain = one.endpoint.dtls._rx_srtp.unprotect(data)
        except pylibsrtp.Error:
            one.broken += 1
            return
        sequence, ssrc = struct.unpack_from("!H", plain, 2)[0], struct.unpack_from("!I", plain, 8)[0]
        at = 12 + 4 * (plain[0] & 15)
        if plain[0] & 0x10:
            at += 4 + 4 * struct.unpack_from("!H", plain, at + 2)[0]
        body = plain[at:]
        again = ssrc == one.stream.rtx_ssrc != 0
        if again:
            if len(body) < 2 or plain[0] & 0x20:
                return
            sequence, body = struct.unpack_from("!H", body)[0], body[2:]
        if sequence in one.asked:
            del one.asked[sequence]
            one.returned += 1
        read = loads.read(body)
        if read is None or (not again and ssrc != one.stream.ssrc):
            one.broken += 1
            return
        one.samples += 1
        distance = (sequence - read.count) & 0xFFFF
        if one.distance is not None and distance != one.distance:
            one.gaps += 1
        one.distance = distance
        if not again and sample.at:
            self.latencies.append((sample.at - read.sent_at) / 1e6)

    def _feedback(self, one: Subscriber) -> None:
        row = one.row
        for index in range(row.arrivals):
            one.arrivals.add(row.arrived[index], row.arrived_at[index] / 1e9, one.stream.ssrc)
        row.arrivals = 0
        packet = one.arrivals.feedback(SENDER)
        if packet:
            one.endpoint.send_rtcp(packet)

    def _report(self, one: Subscriber) -> None:
        highest = one.stream.highest & 0xFFFFFFFF
        one.endpoint.send_rtcp(rtcp.receiver_report(SENDER, [(one.stream.ssrc, 0, 0, highest, 10, 0, 0)]))

    def _nack(self, one: Subscriber, now: float) -> None:
        lost = sorted(set(one.row.lost_sequence[: one.row.lost]))
        one.row.lost = 0
        for sequence in lost:
            one.asked[sequence] = now
        one.nacked += len(lost)
        one.endpoint.send_rtcp(rtcp.nack(SENDER, one.stream.ssrc, lost))

    def measure(self, seconds: float) -> dict[str, Any]:
        self.latencies.clear()
        for one in self.subscribers:
            one.reset()
        self.run(seconds, answering=self.load.feedback)
        streams = [one.stream for one in self.subscribers]
        counted = {name: sum(getattr(one, name) for one in streams) for name in ("unique", "repeated", "padding", "rtx")}
        counted["other"] = sum(one.row.other for one in self.subscribers)
        shares = [one.unique / max(1, one.expected) for one in streams]
        each = [one.unique for one in streams]
        if self.load.feedback:
            self.run(SETTLE, answering=False)
        ordered = self.latencies
        return {
            **counted,
            "least": min(each),
            "most": max(each),
            "least_share": round(min(shares), 5),
            "samples": sum(one.samples for one in self.subscribers),
            "unsampled": sum(1 for one in self.subscribers if not one.samples),
            "broken": sum(one.broken for one in self.subscribers),
            "gaps": sum(one.gaps for one in self.subscribers),
            "nacked": sum(one.nacked for one in self.subscribers),
            "returned": sum(one.returned for one in self.subscribers),
            "with_transport_cc": sum(1 for one in self.subscribers if one.row.transport_id),
            "p50_ms": round(quantile(ordered, 0.5), 3) if ordered else None,
            "p99_ms": round(quantile(ordered, 0.99), 3) if ordered else None,
        }


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--load", choices=loads.LOADS, default="plain")
    parser.add_argument("--count", type=int, required=True)
    given = parser.parse_args()
    async with aiohttp.ClientSession() as http:
        readers = Readers(loads.LOADS[given.load])
        await readers.connect(given.kind, given.url, given.count, http)
        print(json.dumps({"ready": True, "profiles": dict(readers.profiles)}), flush=True)
        lines: deque[str] = deque()
        inbound = sys.stdin.buffer
        poll = select.poll()
        poll.register(inbound, select.POLLIN)
        readers.run(2.0, answering=readers.load.feedback)
        while True:
            if lines:
                words = lines.popleft().split()
                if words[0] != "measure":
                    break
                print(json.dumps(readers.measure(float(words[1]))), flush=True)
            elif poll.poll(0):
                line = inbound.readline()
                if not line:
                    break
                lines.append(line.decode())
            else:
                readers.run(0.05, answering=readers.load.feedback)
            await asyncio.sleep(0)


if __name__ == "__main__":
    asyncio.run(main())
