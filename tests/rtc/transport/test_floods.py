"""What one member may send: so much that nobody needs more, and never in another's name; with the kernel and without."""

from __future__ import annotations

import asyncio

import pytest

from suite.rtc.core.media import AddDowntrack, Receive, SelectLayer, TransportConnected
from suite.rtc.kernel.rows import HEARD_A_SECOND, HEARD_AT_ONCE
from suite.rtc.transport.plane import MediaPlane
from tests.rtc.peer import MID, OPUS, Control, Join, Peer, rtp, until

pytestmark = pytest.mark.usefixtures("twin")


async def heard(plane: MediaPlane, control: Control, join: Join, *names: str) -> Peer:
    """Somebody who hears each of `names`, who speak with SSRC 10 each."""
    listener = await join("s", data=False)
    await control.wait(lambda report: report == TransportConnected("s"))
    for number, name in enumerate(names, start=1):
        await control.wait(lambda report, name=name: report == TransportConnected(name))
        plane.apply(Receive(name, "0", f"TR_{name}", "audio", (OPUS,), ssrcs=(number * 10,), extensions={MID: 1}))
        plane.apply(AddDowntrack(number, "s", f"TR_{name}", "audio", str(number), 5000 + number, None, (OPUS,)))
        plane.apply(SelectLayer(number, 0))
    return listener


async def test_what_is_beyond_measure_is_not_opened(plane: MediaPlane, control: Control, join: Join) -> None:
    flooder, speaker = await join("f", data=False), await join("p", data=False)
    listener = await heard(plane, control, join, "f", "p")
    loop = asyncio.get_running_loop()
    begun, sent = loop.time(), 0
    while plane.statistics().get("udp_flood", 0) < 500:
        assert sent < 100_000
        for _ in range(100):
            sent += 1
            flooder.send_rtp(rtp(ssrc=10, sequence=sent, payload_type=111, payload=b"flood"))
        await asyncio.sleep(0)
    speaker.send_rtp(rtp(ssrc=20, sequence=1, payload_type=111, payload=b"sound"))
    await until(lambda: any(packet.endswith(b"sound") for packet in listener.rtp))
    took = loop.time() - begun
    passed = sum(packet.endswith(b"flood") for packet in listener.rtp)
    assert passed <= HEARD_AT_ONCE + took * HEARD_A_SECOND
    assert passed + plane.statistics()["udp_flood"] <= sent
    # and whoever keeps to it again is heard again
    await asyncio.sleep(0.05)
    flooder.send_rtp(rtp(ssrc=10, sequence=sent + 1, payload_type=111, payload=b"again"))
    await until(lambda: any(packet.endswith(b"again") for packet in listener.rtp))


async def test_a_member_cannot_speak_for_another(plane: MediaPlane, control: Control, join: Join) -> None:
    mallory, speaker = await join("m", data=False), await join("p", data=False)
    listener = await heard(plane, control, join, "p", "m")
    for sequence in range(1, 6):
        speaker.send_rtp(rtp(ssrc=10, sequence=sequence, payload_type=111, payload=b"sound"))
        for extensions in (None, {1: b"0"}):  # the SSRC of another, and the name of a section that both have
            mallory.send_rtp(rtp(ssrc=10, sequence=sequence, payload_type=111, payload=b"forged", extensions=extensions))
        mallory.send_rtp(rtp(ssrc=99, sequence=sequence, payload_type=111, payload=b"forged", extensions={1: b"1"}))
    mallory.send_rtp(rtp(ssrc=20, sequence=1, payload_type=111, payload=b"mine"))
    await until(lambda: any(packet.endswith(b"mine") for packet in listener.rtp))
    await until(lambda: sum(packet.endswith(b"sound") for packet in listener.rtp) == 5)
    of_speaker = [packet for packet in listener.rtp if int.from_bytes(packet[8:12]) == 5001]
    assert [packet[-5:] for packet in of_speaker] == [b"sound"] * 5
