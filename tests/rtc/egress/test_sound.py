"""Recordings of one sound: a real egress process writes what a real peer sends, and a decoder hears it at its true time."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

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
from tests.rtc.egress.recorder import names, recorder
from tests.rtc.peer import OPUS, Control, Join, Peer, rtp, until
from tests.rtc.receiver import Receiver
from tests.rtc.sound import FRAME, heard, red, tone

pytestmark = pytest.mark.slow  # a recorder's process, and sound in its own time

RED = Codec(63, "audio/red", 48000)
SILENT = 0.01


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


async def test_a_recorder_that_is_told_to_end_as_it_tells_of_an_end_has_told_it(
    plane: MediaPlane, control: Control, join: Join, tmp_path: Path
) -> None:
    """With the note of what it had told, the next process would tell it again."""
    async with Receiver(slow=0.5) as receiver, recorder(folder=tmp_path, webhook=receiver.url) as process:
        speaker = await publish(plane, control, join)
        await copy(plane, speaker, folder=tmp_path)
        for packet in tone(seconds=1)[:25]:
            speaker.say(packet)
            await asyncio.sleep(0.02)
        await speaker.arrived(plane)
        plane.apply(StopCopy("EG_1"))
        await receiver.wait("egress_ended")
        process.terminate()
        assert await process.wait() == 0
        assert names(tmp_path / "out" / "m") == ["track.ogg"]


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
