"""A subscriber: tells what arrived, asks for what did not, and decodes what it can, as libwebrtc would."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from suite.rtc.packets import red, rtcp, twcc
from tests.rtc.packets.bench import body, extensions, header, picture_of

OWN_SSRC = 77
TRANSPORT_ID = 5
FEEDBACK = 0.1  # s
LATE = 0.2  # s after which sound is not waited for


@dataclass
class Picture:
    """One track of video as it is received."""

    begin: int = -1
    highest: int = -1
    packets: dict[int, bytes] = field(default_factory=dict)  # extended sequence: payload, marker before
    missing: dict[int, tuple[int, float]] = field(default_factory=dict)
    next_frame: int = -1  # extended sequence that the next frame begins with; -1 for a keyframe
    decoded: list[tuple[float, int]] = field(default_factory=list)  # when, bytes
    asked: float = -1.0
    heard: float = -1.0
    since: float = -1.0  # when the first packet came
    repeated: int = 0


class Viewer:
    """`send` puts RTCP on the way to the server; `video` maps its SSRCs to those of retransmissions."""

    def __init__(self, send: Callable[[bytes], None], *, tells: bool = True) -> None:
        self.send, self.tells = send, tells
        self.pictures: dict[int, Picture] = {}
        self.repairs: dict[int, int] = {}
        self.arrivals = twcc.Arrivals()
        self.feedback_due = 0.0
        self.sounds: dict[int, dict[int, float]] = {}  # SSRC: number of the packet, when it could be heard
        self.primaries: dict[int, list[int]] = {}  # SSRC: numbers in the order in which they came as primaries
        self.red = False

    def rtp(self, packet: bytes, now: float) -> None:
        number = extensions(packet).get(TRANSPORT_ID)
        _, payload_type, sequence, _, ssrc = header(packet)
        if number is not None:
            self.arrivals.add(int.from_bytes(number, "big"), now, ssrc)
        payload = body(packet)
        if packet[0] & 0x20:
            payload = payload[: -packet[-1]]
        if payload_type in {63, 111}:
            self._sound(ssrc, payload_type, payload, now)
            return
        if ssrc in self.repairs:
            if len(payload) < 3:
                return
            sequence, payload, ssrc = int.from_bytes(payload[:2], "big"), payload[2:], self.repairs[ssrc]
        if payload:
            self._video(self.pictures.setdefault(ssrc, Picture()), sequence, packet[1] >> 7, payload, now)

    def _sound(self, ssrc: int, payload_type: int, payload: bytes, now: float) -> None:
        found = red.blocks(payload, 0, len(payload)) if payload_type == 63 else [(111, 0, 0, len(payload))]
        heard = self.sounds.setdefault(ssrc, {})
        for _, _, start, end in found:
            heard.setdefault(struct.unpack_from("!I", payload[start:end])[0], now)
        start = found[-1][2]
        self.primaries.setdefault(ssrc, []).append(struct.unpack_from("!I", payload, start)[0])

    def _video(self, picture: Picture, sequence: int, marker: int, payload: bytes, now: float) -> None:
        picture.heard = now
        if picture.begin < 0:
            picture.since = now
            picture.begin = picture.highest = 0x10000 + sequence
            extended = picture.begin
        else:
            ahead = (sequence - picture.highest) & 0xFFFF
            extended = picture.highest + (ahead if ahead < 0x8000 else ahead - 0x10000)
        for gap in range(picture.highest + 1, extended):
            picture.missing[gap] = (0, now)
        picture.highest = max(picture.highest, extended)
        picture.missing.pop(extended, None)
        if extended in picture.packets:
            picture.repeated += 1
            return
        picture.packets[extended] = bytes((marker,)) + payload
        self._decode(picture, extended, now)

    def _decode(self, picture: Picture, extended: int, now: float) -> None:
        """Decode the next frame while it is whole; a whole keyframe goes before."""
        first = extended
        while first in picture.packets and not picture.packets[first][1] & 0x10:
            first -= 1
        whole = self._frame(picture, first) if first in picture.packets else []
        if whole and not picture.packets[first][7] & 1 and (picture.next_frame < 0 or first > picture.next_frame):
            picture.next_frame = first
        while picture.next_frame >= 0 and (whole := self._frame(picture, picture.next_frame)):
            picture.decoded.append((now, sum(len(picture.packets[one]) for one in whole)))
            picture.next_frame = whole[-1] + 1
        for old in [one for one in picture.packets if one < picture.highest - 3000]:
            del picture.packets[old]

    @staticmethod
    def _frame(picture: Picture, first: int) -> list[int]:
        at, found = first, []
        while at in picture.packets:
            found.append(at)
            if picture.packets[at][0]:
                return found
            at += 1
        return []

    def tick(self, now: float) -> None:
        if self.tells and now >= self.feedback_due:
            self.feedback_due = now + FEEDBACK
            if feedback := self.arrivals.feedback(OWN_SSRC):
                self.send(feedback)
        for ssrc, picture in self.pictures.items():
            self._ask(ssrc, picture, now)

    def _ask(self, ssrc: int, picture: Picture, now: float) -> None:
        due = []
        for sequence, (tries, since) in list(picture.missing.items()):
            if tries >= 10 or sequence < picture.next_frame:
                del picture.missing[sequence]
            elif now >= since + 0.01 + 0.1 * tries:
                picture.missing[sequence] = (tries + 1, since)
                due.append(sequence & 0xFFFF)
        if due:
            self.send(rtcp.nack(OWN_SSRC, ssrc, due[:200]))
        last = picture.decoded[-1][0] if picture.decoded else picture.since
        if now - max(last, picture.asked) > 0.5 and now - picture.heard < 0.3:
            picture.asked = now
            self.send(rtcp.picture_loss(OWN_SSRC, ssrc))


def freezes(times: list[float]) -> list[tuple[float, float]]:
    """Gaps between frames that libwebrtc counts: over three usual gaps and over one and 150 ms; when and how long."""
    found, usual = [], 1 / 30
    for before, after in itertools.pairwise(times):
        gap = after - before
        if gap > max(3 * usual, usual + 0.15):
            found.append((before, gap))
        else:
            usual += (gap - usual) / 30
    return found


def picture_number(packet: bytes) -> tuple[int, int]:
    """Picture id and TL0PICIDX."""
    return picture_of(packet)
