"""Data: large messages, a reader that does not read, a writer that never finishes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiortc.rtcsctptransport import DataChunk

from suite.rtc.core.media import Channel, ChannelOpened, DataReceived, Report, SendData, TransportFailed
from suite.rtc.sctp import channels as sctp_channels
from suite.rtc.sctp.receiving import WINDOW
from suite.rtc.transport import channels, pressure
from suite.rtc.transport.plane import MediaPlane
from tests.rtc.peer import Control, Join, Peer, until

RELIABLE = Channel("_reliable", ordered=True, max_retransmits=None)
LOSSY = Channel("_lossy", ordered=False, max_retransmits=0)


async def test_many_messages_arrive_in_order_and_whole(plane: MediaPlane, control: Control, join: Join) -> None:
    peer = await join("a", RELIABLE)
    await control.wait(lambda report: report == ChannelOpened("a", "_reliable"))
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    sent = [chance.randbytes(chance.choice((0, 1, 100, 5000, 60000))) for _ in range(60)]
    for message in sent:
        plane.apply(SendData("a", "_reliable", message))
    await until(lambda: len(peer.messages) == len(sent))
    assert [message for _, message in peer.messages] == sent
    for message in sent:
        peer.channels["_reliable"].send(message)
    await until(lambda: len(control.of(DataReceived)) == len(sent))
    assert [report.payload for report in control.of(DataReceived)] == sent


async def test_a_reader_that_does_not_read_loses_messages_and_costs_bounded_memory(
    plane: MediaPlane, control: Control, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "BEHIND_UNSET", 100_000)
    monkeypatch.setattr(channels, "RELIABLE_BUFFER", 300_000)
    peer = await join("a", RELIABLE, LOSSY)
    for label in ("_reliable", "_lossy"):
        await control.wait(lambda report, label=label: report == ChannelOpened("a", label))
    peer.loop.remove_reader(peer.socket.fileno())
    for _ in range(100):
        plane.apply(SendData("a", "_lossy", bytes(10_000)))
    assert plane.statistics()["data_dropped"] >= 80
    for number in range(100):
        plane.apply(SendData("a", "_reliable", number.to_bytes(1, "big") * 10_000))
    assert 50 <= plane.statistics()["data_slow_reader"] <= 70
    peer.loop.add_reader(peer.socket.fileno(), peer._readable)
    sender = plane.association("a").channels._sctp.sender
    await until(lambda: sender.idle)
    await until(lambda: len([one for one in peer.messages if one[0] == "_reliable"]) > 29)
    assert [one[1][0] for one in peer.messages if one[0] == "_reliable"] == list(range(31))
    assert not control.of(TransportFailed)


@asynccontextmanager
async def relayed(
    plane: MediaPlane, control: Control, *, every: float, threshold: int
) -> AsyncIterator[tuple[Peer, Peer, Peer]]:
    """A writer, a reader with room for 1,500 bytes who reads `every` so many seconds, and one who reads at once."""
    writer, slow, fast = Peer(plane, "writer"), Peer(plane, "slow"), Peer(plane, "fast")
    slow.window, slow.slow_reader = 1500, threshold
    await writer.connect()
    await slow.connect(RELIABLE)
    await fast.connect(RELIABLE)
    writer.create_channel("_reliable")
    for name in ("slow", "fast", "writer"):
        await control.wait(lambda report, name=name: report == ChannelOpened(name, "_reliable"))
    before = plane._to_control

    def told(report: Report) -> None:
        before(report)
        if isinstance(report, DataReceived):
            for reader in ("slow", "fast"):
                plane.apply(SendData(reader, "_reliable", report.payload, "writer"))

    plane._to_control = told
    slow.loop.remove_reader(slow.socket.fileno())
    reading = asyncio.create_task(_read(slow, every))
    yield writer, slow, fast
    reading.cancel()
    for peer in (writer, slow, fast):
        await peer.close()


async def _read(peer: Peer, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        peer._readable()


async def test_a_reader_above_the_threshold_holds_the_writer_up_and_loses_nothing(plane: MediaPlane, control: Control) -> None:
    async with relayed(plane, control, every=0.01, threshold=20_000) as (writer, slow, fast):
        sent = [number.to_bytes(4, "big") * 200 for number in range(200)]
        for message in sent:
            writer.channels["_reliable"].send(message)
        sctp = plane.association("writer").channels._sctp
        await until(lambda: sctp.paused)
        queue, waiting = plane.association("slow").channels._sctp.sender.queue, [0]

        def arrived() -> bool:
            waiting.append(queue.waiting)
            return len(slow.messages) == len(fast.messages) == len(sent)

        await until(arrived)
        assert max(waiting) <= pressure.BEHIND + 2 * channels.SLICE * len(sent[0])
        assert [message for _, message in slow.messages] == [message for _, message in fast.messages] == sent
        assert not sctp.paused
        assert "data_slow_reader" not in plane.statistics()


async def test_a_reader_below_the_threshold_loses_messages_and_holds_nobody_up(plane: MediaPlane, control: Control) -> None:
    async with relayed(plane, control, every=0.02, threshold=5_000_000) as (writer, _, fast):
        sent = [number.to_bytes(4, "big") * 200 for number in range(1500)]
        for message in sent:
            writer.channels["_reliable"].send(message)
        await until(lambda: len(fast.messages) == len(sent))
        assert [message for _, message in fast.messages] == sent
        assert plane.statistics()["data_slow_reader"] > 0
        assert not plane.association("writer").channels._sctp.paused


async def test_a_writer_without_measure_is_slowed_down(
    plane: MediaPlane, control: Control, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = await join("a")
    channel = peer.create_channel("_reliable")
    await until(lambda: channel.readyState == "open")
    monkeypatch.setattr(pressure, "WRITER_MESSAGES", 100)
    begun = asyncio.get_running_loop().time()
    sent = [number.to_bytes(4, "big") for number in range(250)]
    for message in sent:
        channel.send(message)
    await until(lambda: len(control.of(DataReceived)) == len(sent))
    assert asyncio.get_running_loop().time() - begun > 1.0
    assert [report.payload for report in control.of(DataReceived)] == sent


async def test_what_is_said_before_the_peer_opens_its_channel_is_kept(plane: MediaPlane, control: Control, join: Join) -> None:
    peer = await join("a")
    for number in range(300):
        plane.apply(SendData("a", "_reliable", number.to_bytes(2, "big") * 500))
    assert plane.statistics()["data_dropped"] == 300 - channels.EARLY_BYTES // 1000
    peer.create_channel("_reliable")
    kept = [number.to_bytes(2, "big") * 500 for number in range(channels.EARLY_BYTES // 1000)]
    await until(lambda: len(peer.messages) == len(kept))
    assert [message for _, message in peer.messages] == kept


async def test_a_message_larger_than_the_peer_takes_is_dropped(
    plane: MediaPlane, control: Control, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "EARLY_SECONDS", -1.0)
    await join("a", RELIABLE)
    await control.wait(lambda report: report == ChannelOpened("a", "_reliable"))
    plane.apply(SendData("a", "_reliable", bytes(70_000)))
    plane.apply(SendData("a", "unknown", b"x"))
    assert plane.statistics()["data_dropped"] == 2


async def test_a_message_without_an_end_is_bounded(plane: MediaPlane, control: Control, join: Join) -> None:
    peer = await join("a")
    channel = peer.create_channel("_reliable")
    await until(lambda: channel.readyState == "open")
    for _ in range(WINDOW // 1000):
        chunk = DataChunk()
        chunk.flags, chunk.tsn, chunk.stream_id, chunk.stream_seq = 0, peer.sctp._local_tsn, channel.id, 0
        chunk.protocol, chunk.user_data = 53, bytes(1000)
        peer.sctp._local_tsn = (peer.sctp._local_tsn + 1) & 0xFFFFFFFF
        await peer.sctp._send_chunk(chunk)
    failed = await control.wait(lambda report: isinstance(report, TransportFailed))
    assert failed.reason == "too much unfinished data"


async def test_a_peer_cannot_open_channels_without_end(plane: MediaPlane, control: Control, join: Join) -> None:
    peer = await join("a")
    for number in range(sctp_channels.CHANNELS_MOST + 2):
        peer.create_channel(f"c{number}")
    failed = await control.wait(lambda report: isinstance(report, TransportFailed))
    assert failed.reason == "too many data channels"


async def test_a_closed_channel_is_gone_and_its_number_free(plane: MediaPlane, control: Control, join: Join) -> None:
    peer = await join("a")
    for number in range(3):
        channel = peer.create_channel("_reliable")
        await until(lambda channel=channel: channel.readyState == "open")
        channel.send(f"{number}")
        await until(lambda number=number: len(control.of(DataReceived)) == number + 1)
        channel.close()
        await until(lambda channel=channel: channel.readyState == "closed")
    assert not plane.association("a").channels._by_label
