"""Recordings of one track: a real egress process writes what a real peer sends, and a decoder hears it at its true time."""

from __future__ import annotations

import asyncio
import base64
import itertools
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import av
import pytest
from livekit.protocol import egress

from suite.rtc.core.media import (
    Codec,
    CopyEnded,
    CopyStarted,
    LayerStarted,
    MuteTrack,
    Receive,
    StartCopy,
    StopCopy,
    TransportConnected,
)
from suite.rtc.transport.copies import GUARD
from suite.rtc.transport.plane import MediaPlane
from tests.rtc.egress import pictures
from tests.rtc.peer import OPUS, Control, Join, Peer, rtp, until
from tests.rtc.receiver import KEY, SECRET, Receiver
from tests.rtc.sound import FRAME, heard, red, tone

pytestmark = pytest.mark.slow  # a recorder's process, and sound in its own time

RED = Codec(63, "audio/red", 48000)
VP8 = Codec(96, "video/vp8", 90000, rtx_payload_type=97)
H264 = Codec(102, "video/h264", 90000, "packetization-mode=1;profile-level-id=42e01f")
SILENT = 0.01
TRAILER = bytes((0xFE, 0xFE, 0xF0, 8 ^ 0xFF)) + b"LKTS"  # tag, length, value: what LiveKit's pages put behind a frame


@asynccontextmanager
async def recorder(
    *, folder: Path, webhook: str, largest: int | str = "unlimited"
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The egress process on `folder`/s, writing below `folder`/out, files of `largest` bytes at most."""
    process = await asyncio.create_subprocess_exec(
        "prlimit", f"--fsize={largest}", sys.executable, "-m", "suite.rtc.egress", "--socket", str(folder / "s"),
        "--root", str(folder / "out"), "--webhook", webhook,
        env={**os.environ, "LIVEKIT_API_KEY": KEY, "LIVEKIT_API_SECRET": SECRET},
    )  # fmt: skip
    try:
        await until((folder / "s").is_socket)
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


class Speaker:
    """Sends Opus in real time, as far as a test wants it."""

    def __init__(self, peer: Peer, *, ssrc: int = 10) -> None:
        self.peer = peer
        self.ssrc = ssrc
        self.sequence = 65530
        self.timestamp = 0xFFFFFF00
        self.said = 0
        self.began = time.monotonic()
        self.first = self.timestamp

    def skip(self, packets: int, *, sent: bool = True) -> None:
        """Time passes: packets that were `sent` and lost, or that were never sent."""
        self.sequence += packets if sent else 0
        self.timestamp += packets * FRAME

    def catch_up(self) -> None:
        """The microphone's clock ran on while the machine was busy with other things."""
        passed = int((time.monotonic() - self.began) * 48000)
        self.timestamp = max(self.timestamp, self.first + passed // FRAME * FRAME)

    async def arrived(self, plane: MediaPlane) -> None:
        """Wait until the plane has taken all that was said."""
        await until(lambda: plane._commands.tracks["TR_a"][0].layers[0].received >= self.said)

    def say(self, payload: bytes, *, payload_type: int = 111) -> None:
        self.said += 1
        self.peer.send_rtp(
            rtp(ssrc=self.ssrc, sequence=self.sequence, timestamp=self.timestamp, payload_type=payload_type, payload=payload)
        )
        self.skip(1)


async def copy(plane: MediaPlane, speaker: Speaker, *, folder: Path, mime: str = "audio/opus") -> None:
    """Start a copy, and wait until its guard is over: what is said next is the first written."""
    plane.apply(StartCopy("EG_1", "TR_a", str(folder / "s"), "m/track.ogg", mime, "room", "RM_1"))
    await asyncio.sleep(GUARD + 0.3)
    speaker.catch_up()


async def publish(plane: MediaPlane, control: Control, join: Join, codec: Codec = OPUS) -> Speaker:
    speaker = Speaker(await join("p", data=False))
    await control.wait(lambda report: report == TransportConnected("p"))
    plane.apply(Receive("p", "0", "TR_a", "audio", (codec, OPUS), ssrcs=(10,)))
    for packet in tone(seconds=0.1):
        speaker.catch_up()
        speaker.say(packet if codec is OPUS else red(packet, repeated=[]), payload_type=codec.payload_type)
        await asyncio.sleep(0.02)
    await control.wait(lambda report: isinstance(report, LayerStarted))
    return speaker


async def test_a_recording_keeps_time_over_gaps_and_is_told_by_webhooks(
    plane: MediaPlane, control: Control, join: Join, tmp_path: Path
) -> None:
    async with Receiver() as receiver, recorder(folder=tmp_path, webhook=receiver.url):
        speaker = await publish(plane, control, join)
        packets = tone(seconds=3)
        await copy(plane, speaker, folder=tmp_path)
        for packet in packets[:25]:
            speaker.say(packet)
            await asyncio.sleep(0.02)
        speaker.skip(2)  # lost
        speaker.say(packets[25])
        speaker.skip(50, sent=False)  # silence that was not sent (DTX)
        await asyncio.sleep(1.0)
        for packet in packets[25:50]:
            speaker.say(packet)
            await asyncio.sleep(0.02)
        started = await control.wait(lambda report: isinstance(report, CopyStarted))
        await speaker.arrived(plane)
        plane.apply(StopCopy("EG_1"))
        speaker.say(packets[50])
        ended = await control.wait(lambda report: isinstance(report, CopyEnded))
        assert ended.reason == "stopped"
        assert ended.dropped == 0
        assert ended.duration == 103 * 20_000_000
        assert ended.started_at == started.started_at
        path = tmp_path / "out" / "m" / "track.ogg"
        assert path.stat().st_size == ended.size
        loud = heard(path) > SILENT
        assert len(loud) == 103
        assert loud[1:25].all()
        assert not loud[34:77].any()
        assert loud[80:].all()
        told = await receiver.wait("egress_ended")
        assert [one.event for one in receiver.events] == ["egress_started", "egress_updated", "egress_ended"]
        info = told.egress_info
        assert (info.egress_id, info.room_name, info.room_id, info.status) == ("EG_1", "room", "RM_1", egress.EGRESS_COMPLETE)
        assert (info.track.track_id, info.file_results[0].filename) == ("TR_a", "m/track.ogg")
        assert info.file_results[0].started_at == started.started_at
        await until(lambda: names(path.parent) == ["track.ogg"])


async def test_red_repairs_what_was_lost_but_brings_nothing_from_before_the_command(
    plane: MediaPlane, control: Control, join: Join, tmp_path: Path
) -> None:
    async with Receiver() as receiver, recorder(folder=tmp_path, webhook=receiver.url):
        speaker = await publish(plane, control, join, RED)
        packets = tone(seconds=1)
        await copy(plane, speaker, folder=tmp_path, mime="audio/red")
        loud, former = packets[10], packets[9]
        speaker.say(red(loud, repeated=[(FRAME, former)]), payload_type=63)
        speaker.skip(1)  # lost, and repeated by the next
        speaker.say(red(loud, repeated=[(FRAME, loud)]), payload_type=63)
        await control.wait(lambda report: isinstance(report, CopyStarted))
        await speaker.arrived(plane)
        plane.apply(StopCopy("EG_1"))
        ended = await control.wait(lambda report: isinstance(report, CopyEnded))
        assert ended.duration == 3 * 20_000_000
        assert (heard(tmp_path / "out" / "m" / "track.ogg")[1:] > SILENT).all()


async def test_what_came_before_the_command_or_was_held_up_on_its_way_is_not_written(
    plane: MediaPlane, control: Control, join: Join, tmp_path: Path
) -> None:
    async with Receiver() as receiver, recorder(folder=tmp_path, webhook=receiver.url):
        speaker = await publish(plane, control, join)
        packets = tone(seconds=1)
        plane.apply(StartCopy("EG_1", "TR_a", str(tmp_path / "s"), "m/track.ogg", "audio/opus", "room"))
        speaker.say(packets[0])  # under way when the command came
        await asyncio.sleep(GUARD + 0.3)
        for packet in packets[1:3]:  # their clock says: just after it; held up by the line
            speaker.say(packet)
        await speaker.arrived(plane)
        plane.apply(StopCopy("EG_1"))
        ended = await control.wait(lambda report: isinstance(report, CopyEnded))
        assert (ended.duration, ended.size, ended.started_at) == (0, 0, 0)
        told = await receiver.wait("egress_ended")
        assert told.egress_info.file_results[0].size == 0
        await until(lambda: not list((tmp_path / "out").rglob("*.ogg*")))


async def test_a_muted_track_is_not_written(plane: MediaPlane, control: Control, join: Join, tmp_path: Path) -> None:
    async with Receiver() as receiver, recorder(folder=tmp_path, webhook=receiver.url):
        speaker = await publish(plane, control, join)
        packets = tone(seconds=1)
        await copy(plane, speaker, folder=tmp_path)
        plane.apply(MuteTrack("TR_a", muted=True))
        for packet in packets[:5]:
            speaker.say(packet)
        await until(lambda: plane.statistics().get("rtp_muted") == 5)
        plane.apply(StopCopy("EG_1"))
        assert (await control.wait(lambda report: isinstance(report, CopyEnded))).duration == 0


async def test_a_killed_recorder_leaves_a_file_that_the_next_one_finishes(
    plane: MediaPlane, control: Control, join: Join, tmp_path: Path
) -> None:
    async with Receiver() as receiver:
        async with recorder(folder=tmp_path, webhook=receiver.url) as process:
            speaker = await publish(plane, control, join)
            packets = tone(seconds=3)
            await copy(plane, speaker, folder=tmp_path)
            for packet in packets:
                speaker.say(packet)
                await asyncio.sleep(0.02)
            process.kill()
            ended = await control.wait(lambda report: isinstance(report, CopyEnded))
            assert ended.reason == "the recorder went away"
        async with recorder(folder=tmp_path, webhook=receiver.url):
            told = await receiver.wait("egress_ended")
            assert told.egress_info.status == egress.EGRESS_COMPLETE
            assert told.egress_info.details == "finished after a restart"
            result = told.egress_info.file_results[0]
            loud = heard(tmp_path / "out" / result.filename)
            assert len(loud) * 20_000_000 == result.duration
            assert result.duration >= 1_900_000_000
            assert result.started_at == ended.started_at


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


async def test_a_worker_that_dies_leaves_a_finished_file(
    plane: MediaPlane, control: Control, join: Join, tmp_path: Path
) -> None:
    async with Receiver() as receiver, recorder(folder=tmp_path, webhook=receiver.url):
        speaker = await publish(plane, control, join)
        await copy(plane, speaker, folder=tmp_path)
        for packet in tone(seconds=0.5):
            speaker.say(packet)
        await control.wait(lambda report: isinstance(report, CopyStarted))
        await speaker.arrived(plane)
        plane._commands._copies["EG_1"]._writer.transport.abort()
        told = await receiver.wait("egress_ended")
        assert (told.egress_info.status, told.egress_info.details) == (egress.EGRESS_COMPLETE, "the media worker went away")
        assert len(heard(tmp_path / "out" / "m" / "track.ogg")) * 20_000_000 == told.egress_info.file_results[0].duration


@pytest.mark.parametrize("name", ["../out.ogg", "/etc/out.ogg", "", "a/../../b", "x\0y", "link/z.ogg"])
async def test_a_destination_outside_the_root_is_refused(
    plane: MediaPlane, control: Control, join: Join, tmp_path: Path, name: str
) -> None:
    async with Receiver() as receiver, recorder(folder=tmp_path, webhook=receiver.url):
        (tmp_path / "out" / "link").symlink_to(tmp_path)
        await publish(plane, control, join)
        plane.apply(StartCopy("EG_1", "TR_a", str(tmp_path / "s"), name, "audio/opus"))
        ended = await control.wait(lambda report: isinstance(report, CopyEnded))
        assert ended.reason not in {"", "stopped", "track ended"}
        assert names(tmp_path) == ["out", "s"]


async def test_a_recorder_that_is_not_there_ends_the_copy_with_a_reason(
    plane: MediaPlane, control: Control, join: Join, tmp_path: Path
) -> None:
    await publish(plane, control, join)
    plane.apply(StartCopy("EG_1", "TR_a", str(tmp_path / "none"), "a.ogg", "audio/opus"))
    ended = await control.wait(lambda report: isinstance(report, CopyEnded))
    assert ended.reason == "the recorder cannot be reached"
    plane.apply(StartCopy("EG_2", "TR_gone", str(tmp_path / "none"), "a.ogg", "audio/opus"))
    assert (
        await control.wait(lambda report: report.egress_id == "EG_2" if isinstance(report, CopyEnded) else False)
    ).reason == "the track is gone"
