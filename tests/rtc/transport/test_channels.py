"""Data: large messages, a reader that does not read, a writer that never finishes."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable

import pytest
from aiortc.rtcsctptransport import DataChunk

from suite.rtc.core.media import Channel, ChannelOpened, DataReceived, SendData, TransportFailed
from suite.rtc.transport import channels
from suite.rtc.transport.plane import MediaPlane
from tests.rtc.peer import Control, Peer, until

Join = Callable[..., Awaitable[Peer]]
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


async def test_a_slow_reader_loses_lossy_messages_and_at_last_its_transport(
    plane: MediaPlane, control: Control, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = await join("a", RELIABLE, LOSSY)
    for label in ("_reliable", "_lossy"):
        await control.wait(lambda report, label=label: report == ChannelOpened("a", label))
    monkeypatch.setattr(channels, "RELIABLE_BUFFER", 300_000)
    peer.loop.remove_reader(peer.socket.fileno())
    for _ in range(100):
        plane.apply(SendData("a", "_lossy", bytes(10_000)))
    assert plane.statistics()["data_dropped"] >= 80
    for _ in range(100):
        plane.apply(SendData("a", "_reliable", bytes(10_000)))
    failed = await control.wait(lambda report: isinstance(report, TransportFailed))
    assert failed.reason == "a reader of reliable data is too slow"
    peer.loop.add_reader(peer.socket.fileno(), peer._readable)


async def test_a_message_larger_than_the_peer_takes_is_dropped(plane: MediaPlane, control: Control, join: Join) -> None:
    await join("a", RELIABLE)
    await control.wait(lambda report: report == ChannelOpened("a", "_reliable"))
    plane.apply(SendData("a", "_reliable", bytes(70_000)))
    plane.apply(SendData("a", "unknown", b"x"))
    assert plane.statistics()["data_dropped"] == 2


async def test_a_message_without_an_end_is_bounded(
    plane: MediaPlane, control: Control, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = await join("a")
    channel = peer.create_channel("_reliable")
    await until(lambda: channel.readyState == "open")
    monkeypatch.setattr(channels, "UNFINISHED_MOST", -900_000)
    for _ in range(200):
        chunk = DataChunk()
        chunk.flags, chunk.tsn, chunk.stream_id, chunk.stream_seq = 0, peer.sctp._local_tsn, channel.id, 0
        chunk.protocol, chunk.user_data = 53, bytes(1000)
        peer.sctp._local_tsn = (peer.sctp._local_tsn + 1) & 0xFFFFFFFF
        await peer.sctp._send_chunk(chunk)
    failed = await control.wait(lambda report: isinstance(report, TransportFailed))
    assert failed.reason == "too much unfinished data"


async def test_a_peer_cannot_open_channels_without_end(plane: MediaPlane, control: Control, join: Join) -> None:
    peer = await join("a")
    for number in range(channels.CHANNELS_MOST + 2):
        peer.create_channel(f"c{number}")
    failed = await control.wait(lambda report: isinstance(report, TransportFailed))
    assert failed.reason == "too many data channels"
