"""What one person sends: RTP of a microphone and of a camera's layers, made when it is due."""

from __future__ import annotations

import random
import struct
import time
from typing import Final

from benchmarks.media.endpoint import Endpoint
from benchmarks.media.loads import (
    DESCRIPTOR,
    LEAST,
    LEVEL_ID,
    MID_ID,
    PAYLOAD_TYPE,
    RID_ID,
    SOUND_PAYLOAD_TYPE,
    TRANSPORT_ID,
    descriptor,
    sealed,
)
from benchmarks.rooms import load
from suite.rtc.packets import rtcp

HEADER: Final = struct.Struct("!BBHII")
EXTENSION: Final = struct.Struct("!HH")
KEPT: Final = 256  # packets, for a server that asks again
SOUND_HEAD: Final = b"\x78"  # Opus's table of contents: CELT, full band, 20 ms
EPOCH: Final = 2_208_988_800  # s between NTP's and Unix's


class Numbering:
    """The transport-wide numbers of one person's pictures."""

    def __init__(self) -> None:
        self.next = random.randrange(1 << 15)

    def take(self) -> bytes:
        """The next number, as it is written."""
        number, self.next = self.next, (self.next + 1) & 0xFFFF
        return number.to_bytes(2, "big")


class Stream:
    """One SSRC on its way to the server."""

    def __init__(self, endpoint: Endpoint, *, ssrc: int, mid: str, payload_type: int, clock_rate: int) -> None:
        self.endpoint, self.ssrc = endpoint, ssrc
        self.sent = self.octets = self.refused = self.resent = 0
        self._mid, self._payload_type, self._clock_rate = mid.encode(), payload_type, clock_rate
        self._first = random.randrange(1 << 15)  # sequence number
        self._kept: list[bytes] = [b""] * KEPT

    def send(self, payload: bytes, *, timestamp: int, marker: bool, extensions: list[tuple[int, bytes]]) -> None:
        """Send the next packet."""
        if self.sent < load.NAMED:
            extensions = [(MID_ID, self._mid), *extensions]
        body = b"".join(bytes((number << 4 | len(value) - 1,)) + value for number, value in extensions)
        body += bytes(-len(body) % 4)
        head = HEADER.pack(
            0x90 if body else 0x80, (0x80 if marker else 0) | self._payload_type, (self._first + self.sent) & 0xFFFF,
            timestamp & 0xFFFFFFFF, self.ssrc,
        )  # fmt: skip
        packet = head + (EXTENSION.pack(0xBEDE, len(body) // 4) + body if body else b"") + payload
        self._kept[(self._first + self.sent) % KEPT] = packet
        self.sent += 1
        self.octets += len(payload)
        self._out(packet)

    def _out(self, packet: bytes) -> None:
        try:
            self.endpoint.send_rtp(packet)
        except (BlockingIOError, ConnectionRefusedError):
            self.refused += 1

    def send_again(self, sequence: int) -> None:
        """The server has lost a packet."""
        packet = self._kept[sequence % KEPT]
        if packet and int.from_bytes(packet[2:4], "big") == sequence:
            self.resent += 1
            self._out(packet)

    def report(self, timestamp: int) -> None:
        """Say what the clock on the wall is at a timestamp."""
        ntp = int((time.time() + EPOCH) * (1 << 32))
        self.endpoint.send_rtcp(
            rtcp.sender_report(
                ssrc=self.ssrc, ntp=ntp, timestamp=timestamp & 0xFFFFFFFF, packets=self.sent, octets=self.octets, name=b"person"
            )
        )

    def now(self) -> int:
        """The stream's clock."""
        return int(time.time() * self._clock_rate) & 0xFFFFFFFF


class Microphone(Stream):
    """Opus: 50 packets a second of who speaks, one each 0.4 s of who does not."""

    def __init__(self, endpoint: Endpoint, *, person: int, speaks: bool, mid: str) -> None:
        super().__init__(endpoint, ssrc=load.sound_ssrc(person), mid=mid, payload_type=SOUND_PAYLOAD_TYPE, clock_rate=48_000)
        self.every = load.SPEAKING_EVERY if speaks else load.SILENT_EVERY
        self._speaks = speaks
        self._timestamp = random.randrange(1 << 31)
        self._level = bytes((load.SPEAKING_LEVEL | 0x80 if speaks else load.SILENCE,))

    def packet(self) -> None:
        """The next packet is due."""
        size = random.randint(*load.SPEAKING_BYTES) if self._speaks else load.SILENT_BYTES
        payload = sealed(SOUND_HEAD, count=self.sent, source=self.ssrc, now=time.time_ns(), size=size)
        marker = not self._speaks or not self.sent  # the first of a spurt of talk
        self.send(payload, timestamp=self._timestamp, marker=marker, extensions=[(LEVEL_ID, self._level)])
        self._timestamp += round(self.every * 48_000)

    def tell(self) -> None:
        """A sender report."""
        self.report(self._timestamp)


class Picture(Stream):
    """A layer of a camera: VP8 in three temporal layers."""

    def __init__(self, endpoint: Endpoint, *, person: int, layer: int, mid: str, numbering: Numbering) -> None:
        super().__init__(endpoint, ssrc=load.picture_ssrc(person, layer), mid=mid, payload_type=PAYLOAD_TYPE, clock_rate=90_000)
        self.layer = load.LAYERS[layer]
        self.every = 1 / self.layer.frames
        self.wanted = True
        self.keyframe = True  # whether the next picture is to be one
        self.keyframes = 0
        self._numbering = numbering
        self._picture = random.randrange(1 << 14)
        self._zero = random.randrange(1 << 7)
        self._turn = 0

    def frame(self) -> None:
        """The next picture is due."""
        if not self.wanted:
            self.keyframe = True  # an encoder that begins again does so with one
            return
        keyframe, self.keyframe = self.keyframe, False
        self.keyframes += keyframe
        self._turn = 0 if keyframe else self._turn + 1
        temporal = load.TEMPORAL[self._turn % len(load.TEMPORAL)]
        self._picture += 1
        self._zero += temporal == 0
        mean = self.layer.bit_rate / 8 / self.layer.frames
        size = self.layer.keyframe if keyframe else max(100, int(random.gauss(mean, load.SPREAD * mean)))
        count = -(-size // load.PIECE)
        timestamp, least = self.now(), DESCRIPTOR + LEAST
        rid = [(RID_ID, self.layer.rid.encode())] if self.sent < load.NAMED else []
        for index in range(count):
            head = descriptor(picture=self._picture, zero=self._zero, first=index == 0, keyframe=keyframe, temporal=temporal)
            payload = sealed(head, count=self.sent, source=self.ssrc, now=time.time_ns(), size=max(least, size // count))
            extensions = [*rid, (TRANSPORT_ID, self._numbering.take())]
            self.send(payload, timestamp=timestamp, marker=index == count - 1, extensions=extensions)

    def tell(self) -> None:
        """A sender report, of a layer that is sent."""
        if self.wanted and self.sent:
            self.report(self.now())
