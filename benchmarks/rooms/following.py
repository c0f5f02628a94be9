"""What one person gets: its feedback and reports, and what a random share of it showed when it was opened."""

from __future__ import annotations

import ctypes
import struct
import time
from typing import Any, Final

import pylibsrtp

from benchmarks.media import loads
from benchmarks.media.drain import GAPS, Reader, Stream, give_streams
from benchmarks.rooms import load
from benchmarks.rooms.person import Person
from suite.rtc.packets import rtcp
from suite.rtc.packets.twcc import Arrivals

SENDER: Final = 0x77
FROZEN: Final = 1.0  # s


class Following:
    """`row` is the drain's; `sources` are what each stream must carry."""

    def __init__(self, person: Person, row: Reader) -> None:
        self.person, self.row = person, row
        row.fd, row.takes_control = person.endpoint.socket.fileno(), 1
        assert person._remote is not None
        row.transport_id = person._remote.transport_id
        self.gaps = (ctypes.c_int64 * GAPS)()
        self.streams: list[Stream] = []
        self.sources: list[int] = []
        self._of: dict[int, int] = {}  # SSRC to stream
        self._arrivals = Arrivals()
        self._told: dict[int, tuple[int, float]] = {}  # SSRC to the middle of its last sender report's clock, and when it came
        self.reset()

    def take(self, compiled: Any) -> None:
        """Count what the server has described."""
        sent = list(self.person.described.values())
        self.streams = give_streams(compiled, self.row, [(one.ssrc, one.rtx_ssrc) for one in sent])
        self._of = {one.ssrc: index for index, one in enumerate(sent)}
        self.sources = []
        for one, stream in zip(sent, self.streams, strict=True):
            number, name = self.person.of[one.track]
            sound = name == "microphone"
            self.sources.append(load.sound_ssrc(number) if sound else load.picture_ssrc(number, 0))
            if sound and number < load.SPEAKERS:
                stream.gaps = self.gaps
        self.distances: list[int | None] = [None] * len(sent)

    def is_picture(self, index: int) -> bool:
        """Whether the stream is of a camera."""
        return bool((self.sources[index] - load.sound_ssrc(0)) % 8)

    def reset(self) -> None:
        """Count from nothing, pictures' silence from now."""
        self.row.other = self.row.control = self.row.bytes = 0
        ctypes.memset(self.gaps, 0, ctypes.sizeof(self.gaps))
        self.samples = self.broken = self.left_out = self.out_of_sequence = self.another = 0
        self.distances = [None] * len(self.streams)
        now = time.time_ns()
        for index, stream in enumerate(self.streams):
            stream.reset()
            if self.is_picture(index):
                stream.last_at = now

    # --- what comes

    def sample(self, data: bytes, at: int, latencies: list[float]) -> None:
        """Open a packet that the drain has kept."""
        if data[0] < 4:
            self.person.endpoint.answer(data)
        elif 192 <= data[1] <= 223:
            now = time.perf_counter()
            for kind, _, body in rtcp.packets(self.person.control(data)):
                if kind == rtcp.SENDER_REPORT and len(body) >= 24:
                    self._told[int.from_bytes(body[:4], "big")] = (int.from_bytes(body[6:10], "big"), now)
        else:
            self._media(data, at, latencies)

    def _media(self, data: bytes, at: int, latencies: list[float]) -> None:
        try:
            plain = self.person.endpoint.dtls._rx_srtp.unprotect(data)
        except pylibsrtp.Error:
            self.broken += 1
            return
        sequence, ssrc = struct.unpack_from("!H", plain, 2)[0], struct.unpack_from("!I", plain, 8)[0]
        index = self._of.get(ssrc)
        if index is None:
            return  # a retransmission
        start = 12 + 4 * (plain[0] & 15)
        if plain[0] & 0x10:
            start += 4 + 4 * struct.unpack_from("!H", plain, start + 2)[0]
        read = loads.read(plain[start:], head=loads.DESCRIPTOR if self.is_picture(index) else 1)
        if read is None:
            self.broken += 1
            return
        self.samples += 1
        self.another += read.source != self.sources[index]
        distance, before = (sequence - read.count) & 0xFFFF, self.distances[index]
        self.distances[index] = distance
        if before is not None and before != distance:
            fell = (before - distance) & 0xFFFF
            if fell < 0x8000:
                self.left_out += fell  # by the server, which has closed up the numbers behind it
            else:
                self.out_of_sequence += 1
        if at:
            latencies.append((at - read.sent_at) / 1e6)

    # --- what goes back

    def feedback(self) -> None:
        """Transport-wide feedback of what has come."""
        row, arrivals = self.row, self._arrivals
        media = self.streams[0].ssrc if len(self.streams) else 0
        for sequence, at in zip(row.arrived[: row.arrivals], row.arrived_at[: row.arrivals], strict=True):
            arrivals.add(sequence, at / 1e9, media)
        row.arrivals = 0
        packet = arrivals.feedback(SENDER)
        if packet:
            self.person.endpoint.send_rtcp(packet)

    def report(self, index: int) -> None:
        """A receiver report of one stream, by itself."""
        stream = self.streams[index]
        if stream.first < 0:
            return
        middle, when = self._told.get(stream.ssrc, (0, 0.0))
        delay = int((time.perf_counter() - when) * 65536) if middle else 0
        block = (stream.ssrc, 0, 0, (stream.highest - 0x10000) & 0xFFFFFFFF, 10, middle, delay & 0xFFFFFFFF)
        self.person.endpoint.send_rtcp(rtcp.receiver_report(SENDER + index, [block]))

    def ask_keyframe(self, index: int) -> None:
        """A PLI."""
        self.person.endpoint.send_rtcp(rtcp.picture_loss(SENDER + index, self.streams[index].ssrc))

    # --- what is found

    def found(self, until: int) -> dict[str, Any]:
        """The figures since `reset`; a picture that has not come since is silent until `until` (ns of the wall clock)."""
        silences = []
        for index, stream in enumerate(self.streams):
            if self.is_picture(index):
                silences.append(max(stream.longest, until - stream.last_at) / 1e9)
        speaking = [stream.longest / 1e6 for stream in self.streams if stream.gaps]
        expected = sum(stream.expected for stream in self.streams)
        names = ("unique", "repeated", "late", "padding", "rtx")
        return {
            **{name: sum(getattr(stream, name) for stream in self.streams) for name in names},
            "expected": expected,
            "other": self.row.other,
            "bytes": self.row.bytes,
            "silences": [round(one, 3) for one in silences],
            "absent": sum(1 for stream in self.streams if stream.first < 0),
            "longest_gap_ms": max(speaking, default=0.0),
            "samples": self.samples,
            "broken": self.broken,
            "left_out": self.left_out,
            "out_of_sequence": self.out_of_sequence,
            "another": self.another,
        }
