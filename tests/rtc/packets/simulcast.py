"""A camera that sends three layers of VP8, each a stream of its own."""

from __future__ import annotations

import random

from tests.rtc.packets.bench import Bench, vp8

SSRC = {"q": 10, "h": 11, "f": 12}


class Camera:
    """Three layers of VP8, a picture of two packets each, every layer with numbers and timestamps of its own."""

    def __init__(self, table: Bench, *, seed: int = 0) -> None:
        chance = random.Random(seed)
        self.table = table
        self.state = {
            rid: [chance.randrange(65536), chance.randrange(2**32), chance.randrange(0x8000), chance.randrange(256)]
            for rid in SSRC
        }

    def picture(self, rid: str, *, key: bool = False, lost: bool = False, halves: int = 2) -> None:
        state = self.state[rid]
        for half in range(halves):
            if not lost:
                payload = vp8(key=key and half == 0, picture=state[2], zero=state[3], start=half == 0, tail=bytes((half,)) * 20)
                marks = {1: b"0", 2: rid.encode()}
                last = half == halves - 1
                self.table.send(
                    ssrc=SSRC[rid], sequence=state[0], timestamp=state[1], marker=last, extensions=marks, payload=payload
                )
            state[0] = (state[0] + 1) & 0xFFFF
        state[2] = (state[2] + 1) & 0x7FFF
        state[3] = (state[3] + 1) & 0xFF

    def frame_time(self, seconds: float = 1 / 30) -> None:
        for state in self.state.values():
            state[1] = (state[1] + round(seconds * 90000)) & 0xFFFFFFFF
        self.table.pass_time(seconds)
