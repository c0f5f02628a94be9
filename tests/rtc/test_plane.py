"""The plane end to end: a real peer on loopback connects, publishes, subscribes, and exchanges data."""

from __future__ import annotations

import gc
import struct

from suite.rtc.core.media import (
    AddDowntrack,
    Channel,
    ChannelOpened,
    Codec,
    DataReceived,
    LayerStarted,
    Receive,
    RemoveDowntrack,
    SelectLayer,
    SendData,
    TransportConnected,
)
from suite.rtc.packets import rtcp
from suite.rtc.transport.plane import MediaPlane
from tests.rtc.peer import MID, OPUS, Control, Join, rtp, until

RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
VP8 = Codec(96, "video/vp8", 90000, rtx_payload_type=97)
KEY = b"\x10\x00\x9d\x01\x2a" + bytes(50)
DELTA = b"\x10\x01" + bytes(50)


async def test_a_peer_connects_by_ice_dtls_and_srtp(plane: MediaPlane, control: Control, join: Join) -> None:
    peer = await join("a")
    assert peer.dtls.state == "connected"
    assert peer.dtls._ssl.get_selected_srtp_profile() == b"SRTP_AEAD_AES_128_GCM"
    await control.wait(lambda report: report == TransportConnected("a"))
    assert plane.candidates() == [f"candidate:1 1 udp 2130706431 127.0.0.1 {plane.port} typ host"]


async def test_data_goes_both_ways_on_channels_of_either_side(plane: MediaPlane, control: Control, join: Join) -> None:
    served = await join(
        "v0", Channel("_reliable", ordered=True, max_retransmits=None), Channel("_lossy", ordered=False, max_retransmits=0)
    )
    await control.wait(lambda report: report == ChannelOpened("v0", "_reliable"))
    await control.wait(lambda report: report == ChannelOpened("v0", "_lossy"))
    plane.apply(SendData("v0", "_lossy", b"to v0"))
    await until(lambda: ("_lossy", b"to v0") in served.messages)

    client = await join("v1")
    channel = client.create_channel("_reliable")
    await control.wait(lambda report: report == ChannelOpened("v1", "_reliable"))
    await until(lambda: channel.readyState == "open")
    channel.send(bytes(range(256)) * 200)
    received = await control.wait(lambda report: isinstance(report, DataReceived))
    assert received == DataReceived("v1", "_reliable", bytes(range(256)) * 200)


async def test_sound_and_picture_are_forwarded(plane: MediaPlane, control: Control, join: Join) -> None:
    publisher, subscriber = await join("p"), await join("s")
    await control.wait(lambda report: report == TransportConnected("s"))
    plane.apply(Receive("p", "0", "TR_a", "audio", (OPUS,), extensions={MID: 1}))
    plane.apply(Receive("p", "1", "TR_v", "video", (VP8,), extensions={MID: 1, RID: 2}, layers=("q",)))
    plane.apply(AddDowntrack(1, "s", "TR_a", "audio", "0", 5001, None, (Codec(110, "audio/opus", 48000),)))
    plane.apply(AddDowntrack(2, "s", "TR_v", "video", "1", 5002, 5003, (Codec(100, "video/vp8", 90000, rtx_payload_type=101),)))
    for number in (1, 2):
        plane.apply(SelectLayer(number, 0))
    publisher.send_rtp(rtp(ssrc=10, sequence=7, payload_type=111, payload=b"sound", extensions={1: b"0"}))
    publisher.send_rtp(rtp(ssrc=20, sequence=65535, timestamp=900, payload=KEY, extensions={1: b"1", 2: b"q"}))
    publisher.send_rtp(rtp(ssrc=20, sequence=0, timestamp=3900, payload=DELTA, marker=True))
    await until(lambda: len(subscriber.rtp) == 3)
    sound, first, second = subscriber.rtp
    assert (sound[1], sound[8:12], sound[12:]) == (110, struct.pack("!I", 5001), b"sound")
    assert (first[1], second[1]) == (100, 0x80 | 100)
    one, two = struct.unpack("!HII", first[2:12]), struct.unpack("!HII", second[2:12])
    assert (two[0] - one[0], two[1] - one[1], two[2]) == (1, 3000, 5002)
    assert first[12:] == KEY
    await control.wait(lambda report: report == LayerStarted("TR_v", 0, VP8))


async def test_commands_that_come_together_are_sorted_out_at_their_end(plane: MediaPlane, control: Control, join: Join) -> None:
    publisher, gone, stays, new = await join("p"), await join("gone"), await join("stays"), await join("new")
    for name in ("p", "gone", "stays", "new"):
        await control.wait(lambda report, name=name: report == TransportConnected(name))
    plane.apply(Receive("p", "0", "TR_a", "audio", (OPUS,), extensions={MID: 1}))
    for number, name in enumerate(("gone", "stays")):
        plane.apply(AddDowntrack(number, name, "TR_a", "audio", "0", 5001 + number, None, (OPUS,)))
        plane.apply(SelectLayer(number, 0))
    publisher.send_rtp(rtp(ssrc=10, sequence=7, payload_type=111, payload=b"first", extensions={1: b"0"}))
    await until(lambda: len(gone.rtp) == len(stays.rtp) == 1)
    with plane.together():
        plane.apply(RemoveDowntrack(0))
        plane.apply(AddDowntrack(2, "new", "TR_a", "audio", "0", 5003, None, (OPUS,)))
        plane.apply(AddDowntrack(3, "gone", "TR_a", "audio", "0", 5004, None, (OPUS,)))
        plane.apply(SelectLayer(2, 0))
        plane.apply(RemoveDowntrack(3))  # which the kernel has not been told of
    gc.collect()
    publisher.send_rtp(rtp(ssrc=10, sequence=8, payload_type=111, payload=b"second", extensions={1: b"0"}))
    await until(lambda: len(stays.rtp) == 2 and len(new.rtp) == 1)
    assert [packet[12:] for packet in gone.rtp] == [b"first"]


async def test_sound_of_payload_type_0_is_forwarded(plane: MediaPlane, control: Control, join: Join) -> None:
    publisher, subscriber = await join("p"), await join("s")
    await control.wait(lambda report: report == TransportConnected("s"))
    pcmu = Codec(0, "audio/pcmu", 8000)
    plane.apply(Receive("p", "0", "TR_a", "audio", (pcmu, OPUS), ssrcs=(10,)))
    plane.apply(AddDowntrack(1, "s", "TR_a", "audio", "0", 5001, None, (OPUS, pcmu)))
    plane.apply(AddDowntrack(2, "s", "TR_a", "audio", "1", 5002, None, (OPUS,)))
    for number in (1, 2):
        plane.apply(SelectLayer(number, 0))
    for number in range(5):
        publisher.send_rtp(rtp(ssrc=10, sequence=number, timestamp=160 * number, payload_type=0, payload=b"sound"))
    await until(lambda: len(subscriber.rtp) == 5)
    assert [(one[1], one[8:12], one[12:]) for one in subscriber.rtp] == [(0, struct.pack("!I", 5001), b"sound")] * 5


async def test_a_stream_of_a_silent_track_is_begun_and_goes_on_with_its_media(
    plane: MediaPlane, control: Control, join: Join
) -> None:
    publisher, subscriber = await join("p"), await join("s")
    await control.wait(lambda report: report == TransportConnected("s"))
    plane.apply(Receive("p", "1", "TR_v", "video", (VP8,), ssrcs=(20,)))
    seen = Codec(100, "video/vp8", 90000, rtx_payload_type=101)
    plane.apply(AddDowntrack(2, "s", "TR_v", "video", "1", 5002, 5003, (seen,), begun=True))
    plane.apply(AddDowntrack(3, "s", "TR_v", "video", "2", 5004, 5005, (seen,)))
    plane.apply(SelectLayer(2, 0))
    await until(lambda: len(subscriber.rtp) >= 2)
    publisher.send_rtp(rtp(ssrc=20, sequence=10, payload=KEY))
    last = await until(lambda: next((one for one in subscriber.rtp if one[12:] == KEY), None))
    streams = {struct.unpack("!I", one[8:12])[0] for one in subscriber.rtp}
    numbers = [struct.unpack("!H", one[2:4])[0] for one in subscriber.rtp]
    assert streams == {5002}
    assert last is subscriber.rtp[-1]
    assert [(number - numbers[0]) & 0xFFFF for number in numbers] == list(range(len(numbers)))


async def test_a_lost_packet_is_asked_of_the_publisher_and_resent_to_the_subscriber(
    plane: MediaPlane, control: Control, join: Join
) -> None:
    publisher, subscriber = await join("p"), await join("s")
    await control.wait(lambda report: report == TransportConnected("s"))
    plane.apply(Receive("p", "1", "TR_v", "video", (VP8,), ssrcs=(20,), rtx_ssrcs={21: 20}))
    plane.apply(AddDowntrack(2, "s", "TR_v", "video", "1", 5002, 5003, (Codec(100, "video/vp8", 90000, rtx_payload_type=101),)))
    plane.apply(SelectLayer(2, 0))
    publisher.send_rtp(rtp(ssrc=20, sequence=10, payload=KEY))
    publisher.send_rtp(rtp(ssrc=20, sequence=12, payload=DELTA))
    nack = await until(lambda: next((one for one in publisher.rtcp if one[1] == rtcp.TRANSPORT_FEEDBACK), None))
    assert list(rtcp.lost_sequences(nack[4:])) == [11]
    publisher.send_rtp(rtp(ssrc=21, sequence=1, payload_type=97, payload=struct.pack("!H", 11) + DELTA))
    await until(lambda: len(subscriber.rtp) == 3)
    numbers = [struct.unpack("!H", one[2:4])[0] for one in subscriber.rtp]
    assert numbers == [numbers[0], numbers[0] + 2, numbers[0] + 1]
    assert subscriber.rtp[2][12:] == DELTA
    assert plane.statistics()["rtx_received"] == 1

    subscriber.send_rtcp(rtcp.nack(1, 5002, [numbers[2]]))
    await until(lambda: len(subscriber.rtp) == 4)
    again = subscriber.rtp[3]
    assert (again[1], struct.unpack("!I", again[8:12])[0]) == (101, 5003)
    assert again[12:] == struct.pack("!H", numbers[2]) + DELTA
