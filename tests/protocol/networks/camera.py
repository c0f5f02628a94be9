"""A publisher: three layers of VP8 and a microphone, keyframes and retransmissions when asked, layers off when told."""

from __future__ import annotations

import struct
from collections.abc import Callable
from random import Random

from suite.rtc.packets import rtcp
from tests.rtc.packets.bench import vp8
from tests.rtc.peer import rtp
from tests.rtc.sound import red

RATES = {"q": 150_000, "h": 450_000, "f": 1_500_000}  # bit/s, as announced
MID_ID, RID_ID, REPAIRED_ID = 4, 10, 11
PACKET = 1000  # bytes at most
SOUND = 20e-3  # s of a packet


class Layer:
    def __init__(self, chance: Random, *, rid: str, ssrc: int) -> None:
        self.rid, self.ssrc = rid, ssrc
        # Every counter wraps within the first half minute.
        self.sequence, self.timestamp = 0xF800 + chance.randrange(0x800), 0xFFF00000 + chance.randrange(0x100000)
        self.picture, self.zero, self.rtx = 0x7E00 + chance.randrange(0x200), chance.randrange(256), chance.randrange(65536)
        self.key = True
        self.key_asked = -1.0
        self.on = True
        self.frames = 0
        self.sent: dict[int, tuple[bytes, int, bool]] = {}


class Camera:
    """`send` puts a packet on the way to the server."""

    def __init__(self, chance: Random, send: Callable[[bytes], None], *, now: float, sound_mid: str = "") -> None:
        self.send, self.mid, self.sound_mid = send, b"0", sound_mid.encode()
        self.base = chance.randrange(1, 2**20) << 8
        self.layers = {rid: Layer(chance, rid=rid, ssrc=self.base + number) for number, rid in enumerate(RATES)}
        self.started = now + chance.random() / 30
        self.frame = 0
        self.sounds = 0
        self.sound_sequence = chance.randrange(65536)
        self.stopped: set[str] = set()  # by the encoder itself, for want of a line
        self.resumed_at: dict[str, float] = {}

    def tick(self, now: float) -> None:
        while self.started + self.frame / 30 <= now:
            for layer in self.layers.values():
                if layer.on and layer.rid not in self.stopped:
                    self._picture(layer, now)
                layer.timestamp = (layer.timestamp + 3000) & 0xFFFFFFFF
            self.frame += 1
        while self.sound_mid and self.started + self.sounds * SOUND <= now:
            self._sound()

    def _picture(self, layer: Layer, now: float) -> None:
        key, layer.key = layer.key, False
        size = int(RATES[layer.rid] * 0.9 / 8 / 30) * (4 if key else 1)
        sizes = [PACKET] * (size // PACKET) + [max(40, size % PACKET)]
        for number, part in enumerate(sizes):
            tail = struct.pack("!dI", now, layer.picture).ljust(part, b"v")
            payload = vp8(key=key and number == 0, picture=layer.picture, zero=layer.zero, start=number == 0, tail=tail)
            last = number == len(sizes) - 1
            data = rtp(
                ssrc=layer.ssrc, sequence=layer.sequence, timestamp=layer.timestamp, payload=payload, marker=last,
                extensions={MID_ID: self.mid, RID_ID: layer.rid.encode()},
            )  # fmt: skip
            layer.sent[layer.sequence] = (payload, layer.timestamp, last)
            layer.sent.pop((layer.sequence - 2000) & 0xFFFF, None)
            layer.sequence = (layer.sequence + 1) & 0xFFFF
            self.send(data)
        layer.picture, layer.zero = (layer.picture + 1) & 0x7FFF, (layer.zero + 1) & 0xFF
        layer.frames += 1

    def _sound(self) -> None:
        """RED with one repetition, as libwebrtc sends it; a payload says its number."""
        primary, before = (struct.pack("!I", max(0, number)) * 20 for number in (self.sounds, self.sounds - 1))
        self.send(
            rtp(
                ssrc=self.base + 9, sequence=self.sound_sequence, timestamp=self.sounds * 960, payload_type=63,
                payload=red(primary, repeated=[(960, before)] if self.sounds else []), extensions={MID_ID: self.sound_mid},
            )
        )  # fmt: skip
        self.sounds += 1
        self.sound_sequence = (self.sound_sequence + 1) & 0xFFFF

    def rtcp(self, compound: bytes, now: float) -> None:
        for kind, form, body in rtcp.packets(compound):
            media = int.from_bytes(body[4:8], "big") if len(body) >= 8 else 0
            layer = next((one for one in self.layers.values() if one.ssrc == media), None)
            if layer is None:
                continue
            if kind == rtcp.PAYLOAD_FEEDBACK and form == rtcp.PLI and now - layer.key_asked > 0.3:
                layer.key, layer.key_asked = True, now
            elif kind == rtcp.TRANSPORT_FEEDBACK and form == rtcp.NACK:
                for sequence in rtcp.lost_sequences(body):
                    self._again(layer, sequence)

    def _again(self, layer: Layer, sequence: int) -> None:
        if sequence not in layer.sent:
            return
        payload, timestamp, marker = layer.sent[sequence]
        marks = {MID_ID: self.mid, REPAIRED_ID: layer.rid.encode()}
        data = struct.pack("!H", sequence) + payload
        self.send(
            rtp(
                ssrc=layer.ssrc + 100, sequence=layer.rtx, timestamp=timestamp, payload_type=97, payload=data, marker=marker,
                extensions=marks,
            )
        )  # fmt: skip
        layer.rtx = (layer.rtx + 1) & 0xFFFF

    def enable(self, qualities: list[bool], now: float) -> None:
        """What the server says is shown, from the smallest picture to the largest (dynacast)."""
        for layer, on in zip(self.layers.values(), qualities, strict=True):
            if on and not layer.on:
                layer.key = True
                self.resumed_at[layer.rid] = now
            layer.on = on
