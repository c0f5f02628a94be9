"""A track recorded through LiveKit's own API: the file holds what was said."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from livekit import api, rtc

from suite.rtc.egress.ogg import RATE, pages
from tests.protocol.conftest import DEADLINE, DEV_KEY, DEV_SECRET, Server, running_server, until
from tests.protocol.person import SIZE

pytestmark = pytest.mark.slow
BUFFERED = 1.0  # s that the client may have kept before it sent


def loudness(path: Path) -> tuple[float, float]:
    """The peak (0 to 1) and the length (s) of a recording."""
    peak, seconds = 0.0, 0.0
    with av.open(str(path)) as recording:
        for frame in recording.decode(audio=0):
            samples = frame.to_ndarray().astype(np.float64)
            scale = 1.0 if frame.format.name.startswith("flt") else 32_768.0
            peak = max(peak, float(np.abs(samples).max()) / scale)
            seconds += frame.samples / frame.sample_rate
    return peak, seconds


def written(path: Path) -> float:
    """Seconds of sound in the whole pages of a recording that goes on."""
    return max((page.granule for page in pages(path.read_bytes())), default=0) / RATE


async def became(livekit: Any, egress_id: str, status: Any) -> Any:
    """The recording, once it has come to that."""
    async with asyncio.timeout(DEADLINE):
        while True:
            listed = await livekit.egress.list_egress(api.ListEgressRequest(egress_id=egress_id))
            if listed.items[0].status == status:
                return listed.items[0]
            await asyncio.sleep(0.1)


async def test_a_microphone_is_recorded_from_start_to_stop(people: Any, egress: Path, tmp_path: Path) -> None:
    await until(egress.exists)
    with running_server(tmp_path, "--egress-socket", str(egress)) as server:
        a = await people("a", "r", at=server)
        b = await people("b", "r", at=server)
        await a.publish(video=False)
        await until(lambda: b.loudest.get("a", 0) > 2000)
        livekit = api.LiveKitAPI(server.http, DEV_KEY, DEV_SECRET)
        output = api.DirectFileOutput(filepath="meeting/a.ogg")
        request = api.TrackEgressRequest(room_name="r", track_id=a.publications["mic"].sid, file=output)
        asked = time.monotonic()
        egress_id = (await livekit.egress.start_track_egress(request)).egress_id
        await became(livekit, egress_id, api.EgressStatus.EGRESS_ACTIVE)
        partial = tmp_path / "out" / "meeting" / ".a.ogg.partial"
        await until(lambda: written(partial) >= 2)
        await livekit.egress.stop_egress(api.StopEgressRequest(egress_id=egress_id))
        await became(livekit, egress_id, api.EgressStatus.EGRESS_COMPLETE)
        took = time.monotonic() - asked
        await livekit.aclose()
        await a.leave()
        await b.leave()
    peak, seconds = loudness(tmp_path / "out" / "meeting" / "a.ogg")
    assert peak > 0.1
    assert 1.9 < seconds < took + BUFFERED


async def announced(server: Server, sid: str) -> None:
    """Until the first of the track's media has come."""
    async with asyncio.timeout(DEADLINE):
        while True:
            listed = await server.call("ListParticipants", room="r")
            if any(track["sid"] == sid for one in listed["participants"] for track in one["tracks"]):
                return
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("codec", ["VP8", "H264", "VP9", "AV1"])
async def test_a_camera_that_nobody_watches_is_recorded_whole(people: Any, egress: Path, tmp_path: Path, codec: str) -> None:
    await until(egress.exists)
    with running_server(tmp_path, "--egress-socket", str(egress)) as server:
        a = await people("a", "r", at=server)
        await a.publish(codec=getattr(rtc.VideoCodec, codec))
        await announced(server, a.publications["cam"].sid)
        output = api.DirectFileOutput(filepath="meeting/{publisher_identity}")
        request = api.TrackEgressRequest(room_name="r", track_id=a.publications["cam"].sid, file=output)
        async with api.LiveKitAPI(server.http, DEV_KEY, DEV_SECRET) as livekit:
            egress_id = (await livekit.egress.start_track_egress(request)).egress_id
            await became(livekit, egress_id, api.EgressStatus.EGRESS_ACTIVE)
            await asyncio.sleep(5)
            await livekit.egress.stop_egress(api.StopEgressRequest(egress_id=egress_id))
            told = await became(livekit, egress_id, api.EgressStatus.EGRESS_COMPLETE)
        await a.leave()
    made = tmp_path / "out" / "meeting" / ("a.mp4" if codec == "H264" else "a.webm")
    with av.open(str(made)) as film:
        assert film.streams.video[0].codec_context.codec.canonical_name == codec.lower()
        frames = list(film.decode(video=0))
    assert abs(frames[-1].width / frames[-1].height - SIZE[0] / SIZE[1]) < 0.05  # a busy machine's encoder makes it smaller
    assert len({frame.pts for frame in frames}) == len(frames)  # of a picture in layers the largest alone is shown
    assert len({frame.to_ndarray(format="gray").mean().round() for frame in frames}) > 3
    assert 0 < told.file_results[0].duration / 1e9 - frames[-1].time < 2  # as long as the last is shown
    assert frames[-1].time > 2
    assert told.file_results[0].size == made.stat().st_size
