"""One who comes and goes, through LiveKit's Python SDK; `python -m benchmarks.endurance.visitor PORT VISIT` until killed."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from typing import IO, Any, Final

import numpy as np
from livekit import rtc

from benchmarks.endurance.plan import Visit
from tests.protocol.conftest import Address
from tests.protocol.person import Person

DEADLINE: Final = 20.0  # seconds for whatever is waited for
BACK: Final = {
    "resumes": rtc.SimulateScenarioKind.SIMULATE_SIGNAL_RECONNECT,
    "restarts": rtc.SimulateScenarioKind.SIMULATE_FULL_RECONNECT,
}
SIZE: Final = (320, 180)  # small: what is asked is the server's, and the browsers need the processor
PICTURES: Final = 10  # a second


class Missed(Exception):
    """What should have happened to a visitor did not; says what."""


class Visitor(Person):
    """Speaks, writes numbers, and looks each second whether every picture that began goes on."""

    def __init__(self, server: Address, visit: Visit) -> None:
        super().__init__(server, visit.identity, visit.room)
        self.visit = visit
        self.tracks: dict[str, tuple[str, Any]] = {}  # by sid: whose it is
        self.pictures: dict[str, int] = {}  # decoded of each until now
        self.watched = Counter[str]()  # seconds looked at, and those in which a picture rose, of those who stay
        self.seen: set[str] = set()
        self.numbers: dict[str, int] = {}
        self.messages = Counter[str]()
        self.gaps: list[str] = []
        self.sid = ""  # as it came: who begins anew gets another
        self.room.on("track_unsubscribed", lambda _track, publication, _who: self.tracks.pop(publication.sid, None))

    def _subscribed(self, track: Any, publication: Any, participant: Any) -> None:
        self.tracks[publication.sid] = (participant.identity, track)

    def _data(self, packet: Any) -> None:
        if packet.participant is None:
            return
        who, number = packet.participant.identity, int(bytes(packet.data))
        last = self.numbers.get(who)
        self.messages["read"] += 1
        if last is not None and number <= last:
            self.messages["doubled"] += 1
        elif last is not None and number > last + 1 and "restarts" not in {who.partition("-")[0], self.visit.kind}:
            self.messages["lost"] += number - last - 1  # what is said while one begins anew is lost by intent
            anew = ", having begun anew" if self.room.local_participant.sid != self.sid else ""
            self.gaps.append(f"{self.identity} read {number} of {who} after {last}{anew}")
        self.numbers[who] = number

    async def publish(self, *, video: bool = True) -> None:
        await super().publish(video=False)
        if video:
            source = rtc.VideoSource(*SIZE)
            self.sources.append(source)
            track = rtc.LocalVideoTrack.create_video_track("cam", source)
            await self._publish("cam", track, rtc.TrackSource.SOURCE_CAMERA)
            self._run(self._pictures(source))

    async def _pictures(self, source: Any) -> None:
        number = 0
        while True:
            number += 1
            picture = np.full((SIZE[1], SIZE[0], 4), number * 5 % 255, np.uint8)
            source.capture_frame(rtc.VideoFrame(*SIZE, rtc.VideoBufferType.RGBA, picture.tobytes()))
            await asyncio.sleep(1 / PICTURES)

    async def _write(self) -> None:
        number = 0
        while True:
            number += 1
            await self.room.local_participant.publish_data(str(number), reliable=True)
            await asyncio.sleep(0.5)

    async def _watch_all(self) -> None:
        while True:
            await asyncio.sleep(1)
            for sid, (who, track) in list(self.tracks.items()):
                if not who.startswith("stayer"):
                    continue
                decoded, got = await _received(track)
                if got:
                    self.seen.add(f"{who}/{'picture' if track.kind == rtc.TrackKind.KIND_VIDEO else 'sound'}")
                if track.kind == rtc.TrackKind.KIND_VIDEO and decoded:
                    before = self.pictures.get(sid)
                    self.pictures[sid] = decoded
                    if before is not None:
                        self.watched["seconds"] += 1
                        self.watched["rose"] += decoded > before

    async def come(self) -> None:
        async with asyncio.timeout(DEADLINE):
            await self.join(single=self.visit.single)
            self.sid = self.room.local_participant.sid
            await self.publish(video=self.visit.kind == "shows")
        self._run(self._write())
        self._run(self._watch_all())

    async def stay(self) -> None:
        """As long as the visit lasts; raises `Missed`."""
        if (scenario := BACK.get(self.visit.kind)) is None:
            await asyncio.sleep(self.visit.stays)
            return
        await asyncio.sleep(self.visit.stays / 2)
        await self.room.simulate_scenario(scenario)
        await self.until("reconnected")
        await asyncio.sleep(self.visit.stays / 2)

    async def until(self, event: str) -> None:
        """Wait for that event of the room; raises `Missed`."""
        for _ in range(int(DEADLINE / 0.1)):
            if self.has(event):
                return
            await asyncio.sleep(0.1)
        raise Missed(f"no {event} within {DEADLINE:.0f} s")

    def told(self) -> dict[str, Any]:
        return {"seen": sorted(self.seen), "watched": dict(self.watched), "messages": dict(self.messages), "gaps": self.gaps}


async def _received(track: Any) -> tuple[int, int]:
    """Frames decoded and packets received of a track that somebody else publishes."""
    for one in await track.get_stats():
        if one.HasField("inbound_rtp"):
            return one.inbound_rtp.inbound.frames_decoded, one.inbound_rtp.received.packets_received
    return 0, 0


async def _until_killed(port: int, visit: Visit) -> None:
    await Visitor(Address(port), visit).come()
    print("there", flush=True)
    await asyncio.Event().wait()


def start(port: int, visit: Visit) -> tuple[subprocess.Popen[str], IO[str]]:
    """The visitor as a process of its own, which can be killed, and what it says: "there" once it is."""
    given = json.dumps([visit.kind, visit.identity, visit.room, visit.at, visit.stays, visit.single])
    command = [sys.executable, "-m", "benchmarks.endurance.visitor", str(port), given]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    return process, process.stdout


if __name__ == "__main__":
    asyncio.run(_until_killed(int(sys.argv[1]), Visit(*json.loads(sys.argv[2]))))
