"""What operators watch: every packet that left is counted once, also when its stream or its reader has gone since."""

from __future__ import annotations

import asyncio

import pytest

from suite.rtc.core.media import (
    AddDowntrack,
    CloseTransport,
    Receive,
    RemoveDowntrack,
    SelectLayer,
    TransportConnected,
)
from suite.rtc.transport.plane import MediaPlane
from tests.rtc.peer import MID, OPUS, Control, Peer, rtp, until

SOUND = b"twenty bytes of sound"


@pytest.mark.slow
@pytest.mark.parametrize("kernel", ["", "python"])
async def test_what_has_left_is_counted_once_for_ever(monkeypatch: pytest.MonkeyPatch, kernel: str) -> None:
    monkeypatch.setenv("RTC_KERNEL", kernel)
    control = Control()
    plane = await MediaPlane.start(host="127.0.0.1", port=0, advertise=None, report=control)
    people = [Peer(plane, name) for name in ("p", "a", "b")]
    for one in people:
        await one.connect(data=False)
        await control.wait(lambda report, name=one.name: report == TransportConnected(name))
    publisher, *readers = people
    plane.apply(Receive("p", "0", "TR_a", "audio", (OPUS,), extensions={MID: 1}))
    for number, reader in enumerate(readers):
        plane.apply(AddDowntrack(number, reader.name, "TR_a", "audio", "0", 5001 + number, None, (OPUS,)))
        plane.apply(SelectLayer(number, 0))

    async def say(first: int, count: int, heard: dict[Peer, int]) -> None:
        for sequence in range(first, first + count):
            publisher.send_rtp(rtp(ssrc=10, sequence=sequence, payload_type=111, payload=SOUND, extensions={1: b"0"}))
        for reader, wanted in heard.items():
            await until(lambda reader=reader, wanted=wanted: len(reader.rtp) >= wanted)

    async def counted() -> tuple[int, int]:
        await asyncio.sleep(1.2)  # each line is looked at once a second
        told = plane.statistics()
        return told["packets_out"], told["bytes_out"]

    a, b = readers
    await say(1, 4, {a: 4, b: 4})
    assert await counted() == (8, 8 * len(SOUND))
    plane.apply(RemoveDowntrack(0))
    await say(5, 3, {b: 7})
    assert await counted() == (11, 11 * len(SOUND))
    plane.apply(CloseTransport("b"))
    assert await counted() == (11, 11 * len(SOUND))
    for one in people:
        await one.close()
    await plane.close()
