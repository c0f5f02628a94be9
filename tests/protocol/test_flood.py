"""One in ten sends as much as a machine can, authenticated and within its rights: the other nine, and the recorder, go on."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from livekit import api

from tests.protocol.conftest import DEV_KEY, DEV_SECRET, ROOT, Server, running_server, until
from tests.protocol.person import Person
from tests.protocol.test_recording import became, loudness

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
LISTENERS = 6  # who hear the speaker alone
WATCHERS = 2  # who are sent the flood as well; what they lose, their own sockets have lost
SECONDS = 8.0
LOSS_MOST = 0.01
ORDINARY = 250  # packets a second of a camera


async def test_a_flood_of_a_member_costs_the_others_under_one_percent(tmp_path: Path, people: Any, egress: Path) -> None:
    """ASVS 17.2.5 and 17.2.7."""
    await until(egress.exists)
    with running_server(tmp_path, "--egress-socket", str(egress)) as server:
        speaker = await people("speaker", "r", at=server)
        others = [await people(f"listener {number}", "r", at=server, subscribe=False) for number in range(LISTENERS)]
        watchers = [await people(f"watcher {number}", "r", at=server) for number in range(WATCHERS)]
        await speaker.publish(video=False)
        for one in others:
            (await until(lambda one=one: published(one))).set_subscribed(True)
        await until(lambda: all(one.loudest.get("speaker", 0) > 2000 for one in others))
        async with api.LiveKitAPI(server.http, DEV_KEY, DEV_SECRET) as livekit:
            recording = await record(livekit, speaker.publications["mic"].sid, "speaker.ogg")
            await became(livekit, recording, api.EgressStatus.EGRESS_ACTIVE)
            before = [await heard(one) for one in (*others, *watchers)]
            flooding = asyncio.create_task(flood(server))
            await record(livekit, await camera_of(server, "flooder"), "flooder.webm")
            sent = await flooding
            after = [await heard(one) for one in (*others, *watchers)]
            await livekit.egress.stop_egress(api.StopEgressRequest(egress_id=recording))
            await became(livekit, recording, api.EgressStatus.EGRESS_COMPLETE)
    losses = [lost_share(*pair) for pair in zip(before, after, strict=True)]
    peak, length = loudness(tmp_path / "out" / "speaker.ogg")
    print(f"{sent} packets in {SECONDS:.0f} s; lost of the speaker's: {losses}; recorded {length:.2f} s")
    assert sent > 10 * ORDINARY * SECONDS
    assert max(losses[:LISTENERS]) < LOSS_MOST
    assert peak > 0.1
    assert length > SECONDS * (1 - LOSS_MOST)


async def record(livekit: api.LiveKitAPI, track: str, name: str) -> str:
    output = api.DirectFileOutput(filepath=name)
    request = api.TrackEgressRequest(room_name="r", track_id=track, file=output)
    return str((await livekit.egress.start_track_egress(request)).egress_id)


async def camera_of(server: Server, identity: str) -> str:
    """The sid of what somebody publishes, once they do."""
    async with asyncio.timeout(30):
        while True:
            people = (await server.call("ListParticipants", room="r"))["participants"]
            for track in (track for one in people if one["identity"] == identity for track in one["tracks"]):
                return str(track["sid"])
            await asyncio.sleep(0.05)


async def flood(server: Server) -> int:
    """How many packets a process of its own could send."""
    token = server.token("flooder", "r", canPublish=True)
    command = [sys.executable, "-m", "tests.protocol.flooder", server.http, token, str(SECONDS)]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    assert process.returncode == 0
    return int(said)


def published(one: Person) -> Any:
    """The speaker's microphone, where it is announced."""
    speaker = one.room.remote_participants.get("speaker")
    return next(iter(speaker.track_publications.values()), None) if speaker else None


async def heard(one: Person) -> tuple[int, int]:
    """Packets of the speaker's sound: received, lost."""
    track = published(one).track
    stats = [stat.inbound_rtp.received for stat in await track.get_stats() if stat.HasField("inbound_rtp")]
    return sum(stat.packets_received for stat in stats), sum(stat.packets_lost for stat in stats)


def lost_share(before: tuple[int, int], after: tuple[int, int]) -> float:
    received, lost = (now - then for now, then in zip(after, before, strict=True))
    assert received + lost > 20 * SECONDS
    return round(lost / (received + lost), 4)
