"""A track recorded through LiveKit's own API: the file holds what was said."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from livekit import api

from suite.rtc.egress.ogg import RATE, pages
from tests.protocol.conftest import DEADLINE, DEV_KEY, DEV_SECRET, ROOT, running_server, until

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


@pytest.fixture
def egress(tmp_path: Path) -> Iterator[Path]:
    """The process that writes recordings below `out`; its socket."""
    with tempfile.TemporaryDirectory(prefix="rtc-") as short:  # a socket's path is limited to 107 bytes
        socket = Path(short) / "egress.sock"
        environment = {**os.environ, "LIVEKIT_API_KEY": DEV_KEY, "LIVEKIT_API_SECRET": DEV_SECRET, "LIVEKIT_WEBHOOK_URLS": ""}
        command = [sys.executable, "-m", "suite.rtc.egress", "--socket", str(socket), "--root", str(tmp_path / "out")]
        process = subprocess.Popen(command, cwd=ROOT, env=environment)
        yield socket
        process.terminate()
        process.wait(10)


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

        async def became(status: Any) -> None:
            async with asyncio.timeout(DEADLINE):
                while True:
                    listed = await livekit.egress.list_egress(api.ListEgressRequest(egress_id=egress_id))
                    if listed.items[0].status == status:
                        return
                    await asyncio.sleep(0.1)

        await became(api.EgressStatus.EGRESS_ACTIVE)
        partial = tmp_path / "out" / "meeting" / ".a.ogg.partial"
        await until(lambda: written(partial) >= 2)
        await livekit.egress.stop_egress(api.StopEgressRequest(egress_id=egress_id))
        await became(api.EgressStatus.EGRESS_COMPLETE)
        took = time.monotonic() - asked
        await livekit.aclose()
        await a.leave()
        await b.leave()
    peak, seconds = loudness(tmp_path / "out" / "meeting" / "a.ogg")
    assert peak > 0.1
    assert 1.9 < seconds < took + BUFFERED
