"""The publisher's process: connects, says so, sends as it is told on standard input until it is told to end.

Lines in: `rate N` (packets a second), `mark` (print how many were sent so far), `end`. Lines out: JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import struct
import sys
import time

import aiohttp
import pylibsrtp

from benchmarks.media.endpoint import Endpoint
from benchmarks.media.loads import FRAMES, LOADS, MID_ID, PACKETS, PAYLOAD_TYPE, TRANSPORT_ID, Load, payload
from benchmarks.media.signalling import signalling

SSRC, RTX_SSRC = 0x11223344, 0x11223345
HEADER = struct.Struct("!BBHII")
EXTENSIONS = struct.Struct("!HHBBBHB")
KEPT = 1024


class Publisher:
    def __init__(self, endpoint: Endpoint, load: Load) -> None:
        self.endpoint = endpoint
        self.load = load
        self.rate = float(PACKETS)
        self.sent = 0
        self.refused = 0
        self.resent = 0
        self.ended = False
        self._frame = self._in_frame = 0
        self._keyframe = True
        self._asked = 0.0
        self._kept: list[bytes] = [b""] * KEPT

    def send(self, *packets: bytes) -> None:
        try:
            self.endpoint.send_rtp(*packets)
        except (BlockingIOError, ConnectionRefusedError):
            self.refused += 1

    def packet(self, *, begins: bool, ends: bool) -> bytes:
        if begins:
            self._frame += 1
            self._in_frame = 0
            self._keyframe_now, self._keyframe = self._keyframe, False
        count = self.sent
        body = payload(
            count=count, frame=self._frame, first=self._in_frame == 0, keyframe=self._keyframe_now, now=time.time_ns()
        )
        extensions = EXTENSIONS.pack(0xBEDE, 2, MID_ID << 4, ord("0"), TRANSPORT_ID << 4 | 1, count & 0xFFFF, 0) + b"\0\0"
        marker = 0x80 if ends else 0
        header = HEADER.pack(0x90, marker | PAYLOAD_TYPE, count & 0xFFFF, self._frame * 3000 & 0xFFFFFFFF, SSRC)
        self._kept[count % KEPT] = packet = header + extensions + body
        self.sent += 1
        self._in_frame += 1
        return packet

    async def run(self) -> None:
        """Send by the clock, never ahead of it."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self.endpoint.socket.fileno(), self._readable)
        begun, done, rate, checked = time.perf_counter(), 0, self.rate, 0.0
        while not self.ended:
            now = time.perf_counter()
            if rate != self.rate:
                begun, done, rate = now, 0, self.rate
            if now - checked > 2.0:
                checked = now
                self.endpoint.check()
            if self.load.frames:
                due = int((now - begun) * FRAMES)
                while done < due:
                    done += 1
                    size = int(done * rate / FRAMES) - int((done - 1) * rate / FRAMES)
                    self.send(*(self.packet(begins=index == 0, ends=index == size - 1) for index in range(size)))
                until = begun + (done + 1) / FRAMES
            else:
                due = int((now - begun) * rate)
                while done < due:
                    done += 1
                    self.send(self.packet(begins=done % 8 == 1, ends=done % 8 == 0))
                until = begun + (done + 1) / rate
            await asyncio.sleep(max(0.0, until - time.perf_counter()))

    def _readable(self) -> None:
        """The server's RTCP: a keyframe where one is asked for, and again what it lost."""
        while True:
            try:
                data = self.endpoint.socket.recv(4096)
            except (BlockingIOError, ConnectionRefusedError):
                return
            if data and data[0] < 4:
                self.endpoint.answer(data)
                continue
            if len(data) < 12 or not 192 <= data[1] <= 223 or not 127 < data[0] < 192:
                continue
            try:
                plain = self.endpoint.dtls._rx_srtp.unprotect_rtcp(data)
            except pylibsrtp.Error:
                continue
            at = 0
            while at + 4 <= len(plain):
                first, kind, words = struct.unpack_from("!BBH", plain, at)
                if kind == 206 and first & 31 in {1, 4}:
                    self._keyframe = True
                elif kind == 205 and first & 31 == 1:
                    self._resend(plain[at + 12 : at + 4 + 4 * words])
                at += 4 + 4 * words

    def _resend(self, pairs: bytes) -> None:
        for first, mask in struct.iter_unpack("!HH", pairs[: len(pairs) & ~3]):
            for sequence in [first, *(first + bit + 1 for bit in range(16) if mask >> bit & 1)]:
                packet = self._kept[sequence % KEPT]
                if packet and struct.unpack_from("!H", packet, 2)[0] == sequence & 0xFFFF:
                    self.resent += 1
                    self.endpoint.send_rtp(packet)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--load", choices=LOADS, default="plain")
    given = parser.parse_args()
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with aiohttp.ClientSession() as http:
        endpoint = Endpoint()
        way = signalling(http, given.kind, given.url)
        await way.publish(endpoint, ssrc=SSRC, rtx_ssrc=RTX_SSRC)
        publisher = Publisher(endpoint, LOADS[given.load])
        running = asyncio.create_task(publisher.run())
        print(json.dumps({"ready": True, "profile": endpoint.profile()}), flush=True)
        while line := (await reader.readline()).decode().split():
            if line[0] == "rate":
                publisher.rate = float(line[1])
            elif line[0] == "mark":
                print(
                    json.dumps({"sent": publisher.sent, "refused": publisher.refused, "resent": publisher.resent}), flush=True
                )
            else:
                break
        publisher.ended = True
        await running


if __name__ == "__main__":
    asyncio.run(main())
