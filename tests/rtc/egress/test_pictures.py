"""Recordings of one picture: a real egress process writes what a real peer sends, and a decoder sees it."""

from __future__ import annotations

import asyncio
import base64
import itertools
import time
from dataclasses import replace
from pathlib import Path

import av
import pytest
from livekit.protocol import egress

from suite.rtc.core.media import Codec, CopyEnded, CopyStarted, LayerStarted, Receive, StartCopy, StopCopy, TransportConnected
from suite.rtc.transport.copies import GUARD
from suite.rtc.transport.plane import MediaPlane
from tests.rtc.egress import pictures
from tests.rtc.egress.recorder import names, recorder
from tests.rtc.peer import Control, Join, Peer, rtp, until
from tests.rtc.receiver import Receiver

pytestmark = pytest.mark.slow  # a recorder's process, and pictures in their own time

VP8 = Codec(96, "video/vp8", 90000, rtx_payload_type=97)
H264 = Codec(102, "video/h264", 90000, "packetization-mode=1;profile-level-id=42e01f")
TRAILER = bytes((0xFE, 0xFE, 0xF0, 8 ^ 0xFF)) + b"LKTS"  # tag, length, value: what LiveKit's pages put behind a frame


class Camera:
    """Sends a picture's frames in real time."""

    def __init__(self, peer: Peer, *, ssrc: int = 10, codec: Codec = VP8) -> None:
        self.peer = peer
        self.ssrc = ssrc
        self.codec = codec
        self.sequence = 0
        self.since = time.monotonic()

    async def show(self, frames: list[bytes]) -> None:
        for frame in frames:
            payloads, timestamp = pictures.packets(self.codec.mime, frame), int((time.monotonic() - self.since) * 90_000)
            for payload in payloads:
                ends = payload is payloads[-1]
                self.send(payload + TRAILER * ends, timestamp, marker=ends)
            self.send(b"", timestamp, padding=9)
            await asyncio.sleep(1 / 30)

    def send(self, payload: bytes, timestamp: int, *, marker: bool = False, padding: int = 0) -> None:
        self.peer.send_rtp(
            rtp(
                ssrc=self.ssrc, sequence=self.sequence & 0xFFFF, timestamp=timestamp, payload_type=self.codec.payload_type,
                payload=payload, marker=marker, padding=padding,
            )
        )  # fmt: skip
        self.sequence += 1


async def film(plane: MediaPlane, control: Control, join: Join, *codecs: Codec) -> Camera:
    """Somebody who shows a picture, of the first codec at first."""
    offered = codecs or (VP8,)
    camera = Camera(await join("p", data=False), codec=offered[0])
    await control.wait(lambda report: report == TransportConnected("p"))
    plane.apply(Receive("p", "0", "TR_a", "video", offered, ssrcs=(10,)))
    await camera.show(pictures.encoded(camera.codec.mime, frames=1, every=1))
    await control.wait(lambda report: isinstance(report, LayerStarted))
    return camera


async def test_the_largest_picture_that_flows_is_recorded(
    plane: MediaPlane, control: Control, join: Join, tmp_path: Path
) -> None:
    small = Camera(await join("p", data=False))
    large = Camera(small.peer, ssrc=11)
    await control.wait(lambda report: report == TransportConnected("p"))
    plane.apply(Receive("p", "0", "TR_a", "video", (VP8,), layers=("q", "h"), ssrcs=(10, 11)))
    little = pictures.encoded("video/vp8", frames=90, every=10, width=160, height=96)
    await small.show(little[:1])
    await control.wait(lambda report: isinstance(report, LayerStarted))
    async with Receiver() as receiver, recorder(folder=tmp_path, webhook=receiver.url):
        plane.apply(StartCopy("EG_1", "TR_a", str(tmp_path / "s"), "m/film", "video/vp8", "room", "RM_1"))
        await small.show(little[1:30])
        both = asyncio.gather(small.show(little[30:]), large.show(pictures.encoded("video/vp8", frames=20, every=20)))
        await both  # the large one ends before the small one
        plane.apply(StopCopy("EG_1"))
        await control.wait(lambda report: isinstance(report, CopyEnded))
    with av.open(str(tmp_path / "out" / "m" / "film")) as found:
        widths = [width for width, _ in itertools.groupby(frame.width for frame in found.decode(video=0))]
    assert widths == [160, 320, 160]


def pictures_in(path: Path) -> tuple[str, int]:
    """The codec of a film, and how many pictures a player sees."""
    with av.open(str(path)) as found:
        return found.streams.video[0].codec_context.codec.canonical_name, sum(1 for _ in found.decode(video=0))


async def test_a_picture_goes_on_in_another_file_with_another_codec(
    plane: MediaPlane, control: Control, join: Join, tmp_path: Path
) -> None:
    """A browser whose encoder fails goes on with the next codec of the answer, in the middle of a stream."""
    camera = await film(plane, control, join, VP8, H264)
    async with Receiver() as receiver, recorder(folder=tmp_path, webhook=receiver.url):
        plane.apply(StartCopy("EG_1", "TR_a", str(tmp_path / "s"), "m/film.webm", "video/vp8", "room", "RM_1"))
        await camera.show(pictures.encoded("video/vp8", frames=40, every=10))
        overtaken, camera.sequence = camera.sequence, camera.sequence + 1
        camera.codec = H264
        await camera.show(pictures.encoded("video/h264", frames=20, every=10)[1:])  # the first that comes is no keyframe
        camera.codec, goes_on, camera.sequence = VP8, camera.sequence, overtaken
        camera.send(pictures.packets("video/vp8", pictures.encoded("video/vp8", frames=1, every=1)[0])[0], 0)
        camera.codec, camera.sequence = H264, goes_on
        await camera.show(pictures.encoded("video/h264", frames=20, every=10))
        plane.apply(StopCopy("EG_1"))
        ended = await control.wait(lambda report: isinstance(report, CopyEnded))
        told = (await receiver.wait("egress_ended")).egress_info
    assert ended.reason == "stopped"
    assert (told.status, told.error) == (egress.EGRESS_COMPLETE, "")
    assert [one.filename for one in told.file_results] == ["m/film.webm", "m/film-2.mp4"]
    assert [one.filename for one in (*ended.earlier, ended)] == ["m/film.webm", "m/film-2.mp4"]
    await until(lambda: names(tmp_path / "out" / "m") == ["film-2.mp4", "film.webm"])  # notes go once all has been told
    codec, seen = pictures_in(tmp_path / "out" / "m" / "film.webm")
    assert (codec, 15 <= seen <= 40) == ("vp8", True)
    assert pictures_in(tmp_path / "out" / "m" / "film-2.mp4") == ("h264", 30)
    for one, file in zip(told.file_results, (*ended.earlier, ended), strict=True):
        assert one.size == file.size == (tmp_path / "out" / one.filename).stat().st_size
        assert (one.started_at, one.duration) == (file.started_at, file.duration)
    assert told.file_results[1].started_at > told.file_results[0].ended_at


async def test_h264_whose_parameter_sets_are_in_the_description_alone_is_recorded(
    plane: MediaPlane, control: Control, join: Join, tmp_path: Path
) -> None:
    """RFC 6184, 8.1; GStreamer's payloader does so unless it is told otherwise."""
    frames = pictures.encoded("video/h264", frames=40, every=20)
    units = [unit.removesuffix(b"\0") for unit in frames[0].split(b"\0\0\1")]
    sets = ",".join(base64.b64encode(unit).decode() for unit in units if unit and unit[0] & 31 in {7, 8})
    bare = [b"".join(b"\0\0\1" + u for u in frame.split(b"\0\0\1") if u and u[0] & 31 in {1, 5}) for frame in frames]
    codec = replace(H264, fmtp=f"{H264.fmtp}; sprop-parameter-sets={sets}")
    camera = await film(plane, control, join, codec)
    async with Receiver() as receiver, recorder(folder=tmp_path, webhook=receiver.url):
        plane.apply(StartCopy("EG_1", "TR_a", str(tmp_path / "s"), "m/film.mp4", "video/h264", "room", "RM_1"))
        await asyncio.sleep(GUARD + 0.3)
        await camera.show(bare)
        plane.apply(StopCopy("EG_1"))
        await control.wait(lambda report: isinstance(report, CopyEnded))
    codec_name, seen = pictures_in(tmp_path / "out" / "m" / "film.mp4")
    assert (codec_name, seen in {20, 40}) == ("h264", True)


async def test_a_killed_recorder_s_second_file_is_finished_with_the_first(
    plane: MediaPlane, control: Control, join: Join, tmp_path: Path
) -> None:
    camera = await film(plane, control, join, VP8, H264)
    async with Receiver() as receiver:
        async with recorder(folder=tmp_path, webhook=receiver.url) as process:
            plane.apply(StartCopy("EG_1", "TR_a", str(tmp_path / "s"), "m/film.webm", "video/vp8", "room", "RM_1"))
            await camera.show(pictures.encoded("video/vp8", frames=40, every=10))
            camera.codec = H264
            await camera.show(pictures.encoded("video/h264", frames=120, every=10))
            process.kill()
            await control.wait(lambda report: isinstance(report, CopyEnded))
        async with recorder(folder=tmp_path, webhook=receiver.url):
            told = (await receiver.wait("egress_ended")).egress_info
        assert sum(one.event == "egress_ended" for one in receiver.events) == 1
    assert [one.filename for one in told.file_results] == ["m/film.webm", "m/film-2.mp4"]
    assert pictures_in(tmp_path / "out" / "m" / "film-2.mp4")[1] > 30


async def test_a_codec_that_is_not_recorded_fails_a_recording_with_a_sentence(
    plane: MediaPlane, control: Control, join: Join, tmp_path: Path
) -> None:
    strange = Codec(110, "video/theora", 90000)
    camera = await film(plane, control, join, VP8, strange)
    async with Receiver() as receiver, recorder(folder=tmp_path, webhook=receiver.url):
        plane.apply(StartCopy("EG_1", "TR_a", str(tmp_path / "s"), "m/film.webm", "video/vp8", "room", "RM_1"))
        await camera.show(pictures.encoded("video/vp8", frames=40, every=10))
        camera.codec = strange
        camera.send(b"anything", 0)
        ended = await control.wait(lambda report: isinstance(report, CopyEnded))
        told = (await receiver.wait("egress_ended")).egress_info
    assert ended.reason == told.error == "the codec has changed to video/theora"
    assert told.status == egress.EGRESS_FAILED
    assert pictures_in(tmp_path / "out" / "m" / "film.webm")[1] >= 15


async def test_a_killed_recorder_leaves_a_film_that_the_next_one_finishes(
    plane: MediaPlane, control: Control, join: Join, tmp_path: Path
) -> None:
    camera = await film(plane, control, join)
    async with Receiver() as receiver:
        async with recorder(folder=tmp_path, webhook=receiver.url) as process:
            plane.apply(StartCopy("EG_1", "TR_a", str(tmp_path / "s"), "m/film", "video/vp8", "room", "RM_1"))
            await camera.show(pictures.encoded("video/vp8", frames=120, every=15))
            started = await control.wait(lambda report: isinstance(report, CopyStarted))
            process.kill()
            await control.wait(lambda report: isinstance(report, CopyEnded))
        async with recorder(folder=tmp_path, webhook=receiver.url):
            told = await receiver.wait("egress_ended")
    result = told.egress_info.file_results[0]
    assert (told.egress_info.status, told.egress_info.details) == (egress.EGRESS_COMPLETE, "finished after a restart")
    assert result.started_at == started.started_at
    with av.open(str(tmp_path / "out" / "m" / "film")) as found:
        times = [frame.time for frame in found.decode(video=0)]
    assert len(times) > 40
    assert times[-1] > 1.5
    assert b"LKTS" not in (tmp_path / "out" / "m" / "film").read_bytes()
    assert abs(times[-1] - result.duration / 1e9) < 0.5


@pytest.mark.parametrize(("largest", "begins"), [(10, False), (100_000, True)])
async def test_a_disk_without_room_ends_a_recording_with_a_sentence(
    plane: MediaPlane, control: Control, join: Join, tmp_path: Path, largest: int, begins: bool
) -> None:
    camera = await film(plane, control, join)
    async with Receiver() as receiver, recorder(folder=tmp_path, webhook=receiver.url, largest=largest):
        plane.apply(StartCopy("EG_1", "TR_a", str(tmp_path / "s"), "m/film", "video/vp8", "room", "RM_1"))
        await camera.show(pictures.encoded("video/vp8", frames=60, every=15))
        ended = await control.wait(lambda report: isinstance(report, CopyEnded))
        told = await receiver.wait("egress_ended")
        assert told.egress_info.status == egress.EGRESS_FAILED
        assert "File too large" in told.egress_info.error
        assert "File too large" in ended.reason
        assert names(tmp_path / "out" / "m") == ["film"] * begins
        plane.apply(StartCopy("EG_2", "TR_a", str(tmp_path / "s"), "m/other", "video/vp8", "room", "RM_1"))
        await camera.show(pictures.encoded("video/vp8", frames=5, every=5))  # and the recorder is still there
        plane.apply(StopCopy("EG_2"))
        again = await control.wait(lambda report: isinstance(report, CopyEnded) and report.egress_id == "EG_2")
        assert again.reason == "stopped" if begins else "File too large" in again.reason
