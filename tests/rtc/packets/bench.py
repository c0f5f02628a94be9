"""A publisher's track and a subscriber's downtrack without a network: bytes in, bytes out."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Mapping

from suite.rtc.core.media import Codec, Receive, Report
from suite.rtc.packets.downtrack import Downtrack
from suite.rtc.packets.router import Router
from suite.rtc.packets.track import Track
from tests.rtc.peer import rtp

VP8 = Codec(96, "video/vp8", 90000, rtx_payload_type=97)
SUBSCRIBED = Codec(100, "video/vp8", 90000, rtx_payload_type=101)
OPUS = Codec(111, "audio/opus", 48000)
RED = Codec(63, "audio/red", 48000, fmtp="111/111")
MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
RRID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
TRANSPORT = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
DEPENDENCY = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
PUBLISHED = {MID: 1, RID: 2, RRID: 3, LEVEL: 4, TRANSPORT: 5, DEPENDENCY: 12}


class Line:
    """Keeps what would be sent."""

    def __init__(self) -> None:
        self.arena = bytearray(2048)
        self.transport_sequence = 0
        self.rtp: list[bytes] = []
        self.rtcp: list[bytes] = []

    def direct(self) -> None:
        return None

    def send_rtp(self, length: int, *, numbered: int, turns: int) -> None:
        self.rtp.append(bytes(self.arena[:length]))
        if numbered:
            self.transport_sequence = (self.transport_sequence + 1) & 0xFFFF

    def send_rtcp(self, packet: bytes) -> None:
        self.rtcp.append(packet)


class Bench:
    """One publisher, any number of tracks and subscribers; the clock is the test's."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.counts: Counter[str] = Counter()
        self.reports: list[Report] = []
        self.up = Line()
        self.router = Router(line=self.up, sender=1, count=self._count)
        self.tracks: dict[str, Track] = {}
        self.downs: dict[int, tuple[Line, Router, Downtrack, Track]] = {}

    def _count(self, name: str) -> None:
        self.counts[name] += 1

    def publish(
        self, sid: str, *codecs: Codec, layers: tuple[str, ...] = (), mid: str = "0", ssrcs: tuple[int, ...] = (),
        rtx_ssrcs: Mapping[int, int] | None = None, kind: str = "video",
    ) -> Track:  # fmt: skip
        wanted = Receive("p", mid, sid, kind, codecs, layers, ssrcs, rtx_ssrcs or {}, PUBLISHED)
        if sid not in self.tracks:
            self.tracks[sid] = Track(wanted=wanted, line=self.up, sender=1, report=self.reports.append)
        self.router.receive(self.tracks[sid], wanted)
        return self.tracks[sid]

    def subscribe(
        self, track: Track, *codecs: Codec, number: int = 1, extensions: Mapping[str, int] | None = None, layer: int | None = 0
    ) -> Line:
        line = Line()
        router = Router(line=line, sender=2, count=self._count)
        down = Downtrack(number=number, kind=track.kind, ssrc=5000 + number, rtx_ssrc=6000 + number)
        down.negotiated(codecs, extensions or {})
        track.add(down, line)
        track.arrange()
        router.downtracks[down.ssrc] = (down, track)
        self.downs[number] = (line, router, down, track)
        if layer is not None:
            self.select(number, layer)
        return line

    def select(self, number: int, layer: int | None, temporal: int | None = None) -> None:
        _, _, down, track = self.downs[number]
        track.select(down, layer, temporal, self.now)

    def send(self, **fields: object) -> None:
        packet = rtp(**fields)
        buffer = bytearray(2048)
        buffer[: len(packet)] = packet
        self.router.rtp(buffer, len(packet), self.now)

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        for track in self.tracks.values():
            track.tick(self.now, 0.0)

    def ask_again(self, packet: bytes, *, number: int = 1) -> None:
        self.downs[number][1].rtcp(packet, self.now, reports=self.downs[number][1].quiet)


def header(packet: bytes) -> tuple[int, int, int, int, int]:
    """Marker, payload type, sequence number, timestamp, SSRC."""
    _, second, sequence, timestamp, ssrc = struct.unpack_from("!BBHII", packet)
    return second >> 7, second & 127, sequence, timestamp, ssrc


def body(packet: bytes) -> bytes:
    """What follows the header and its extensions."""
    at = 12
    if packet[0] & 0x10:
        at += 4 + 4 * int.from_bytes(packet[14:16], "big")
    return packet[at:]


def extensions(packet: bytes) -> dict[int, bytes]:
    """Header extensions by id, one- or two-byte."""
    found: dict[int, bytes] = {}
    if not packet[0] & 0x10:
        return found
    profile, words = struct.unpack_from("!HH", packet, 12)
    at, end = 16, 16 + 4 * words
    while at < end:
        if packet[at] == 0:
            at += 1
            continue
        if profile == 0xBEDE:
            key, size, at = packet[at] >> 4, (packet[at] & 15) + 1, at + 1
        else:
            key, size, at = packet[at], packet[at + 1], at + 2
        found[key] = packet[at : at + size]
        at += size
    return found


def vp8(
    *,
    key: bool,
    picture: int,
    zero: int,
    start: bool = True,
    tail: bytes = b"data",
    temporal: int = 0,
    synchronous: bool = False,
) -> bytes:
    """A VP8 payload with picture id, TL0PICIDX and temporal layer."""
    number = (0x8000 | picture).to_bytes(2, "big")
    layer = temporal << 6 | synchronous << 5
    return bytes((0x80 | (0x10 if start else 0), 0xE0)) + number + bytes((zero & 0xFF, layer, 0x00 if key else 0x01)) + tail


def picture_of(packet: bytes) -> tuple[int, int]:
    """The picture id (15 bits) and TL0PICIDX of a packet of `vp8`."""
    payload = body(packet)
    return int.from_bytes(payload[2:4], "big") & 0x7FFF, payload[4]
