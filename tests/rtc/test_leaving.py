"""Whoever leaves takes everything along: nothing waits for Python's collector, whose rounds cost everybody milliseconds."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from suite.rtc.core.media import (
    AddDowntrack,
    Channel,
    ChannelOpened,
    CloseTransport,
    Receive,
    SelectLayer,
    SendData,
    TransportFailed,
)
from suite.rtc.transport.plane import MediaPlane
from tests.rtc.peer import MID, OPUS, Control, Join, Peer, rtp, until

CHANNELS = (Channel("_reliable", ordered=True, max_retransmits=None), Channel("_lossy", ordered=False, max_retransmits=0))


pytestmark = pytest.mark.usefixtures("twin")


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def kept(plane: MediaPlane, name: str) -> dict[str, weakref.ref[object]]:
    """What there is for a peer, without keeping it."""
    association = plane.association(name)
    assert association is not None
    assert association.channels is not None
    parts = {
        "association": association, "line": association.line, "router": association.router, "dtls": association._dtls,
        "channels": association.channels, "sctp": association.channels._sctp, "life": association.channels._sctp.life,
    }  # fmt: skip
    return {part: weakref.ref(one) for part, one in parts.items()}


def still(refs: dict[str, weakref.ref[object]]) -> list[str]:
    return [part for part, ref in refs.items() if ref() is not None]


async def met(plane: MediaPlane, control: Control, join: Join) -> Peer:
    """A publisher and a subscriber, between whom sound and data have gone."""
    publisher, subscriber = await join("p", *CHANNELS), await join("s", *CHANNELS)
    for name in ("p", "s"):
        await control.wait(lambda report, name=name: report == ChannelOpened(name, "_reliable"))
    plane.apply(Receive("p", "0", "TR_a", "audio", (OPUS,), extensions={MID: 1}))
    plane.apply(AddDowntrack(1, "s", "TR_a", "audio", "0", 5001, None, (OPUS,)))
    plane.apply(SelectLayer(1, 0))
    publisher.send_rtp(rtp(ssrc=10, sequence=7, payload_type=111, payload=b"sound", extensions={1: b"0"}))
    await until(lambda: subscriber.rtp)
    plane.apply(SendData("s", "_reliable", b"to s", source="p"))
    await until(lambda: subscriber.messages)
    return publisher


@pytest.mark.parametrize("name", ["p", "s"], ids=["who publishes", "who subscribes"])
async def test_whoever_control_lets_go_leaves_nothing(plane: MediaPlane, control: Control, join: Join, name: str) -> None:
    await met(plane, control, join)
    refs = kept(plane, name)
    plane.apply(CloseTransport(name))
    await until(lambda: not still(refs))


async def test_whoever_hangs_up_leaves_nothing(plane: MediaPlane, control: Control, join: Join) -> None:
    peer = await met(plane, control, join)
    refs = kept(plane, "p")
    await peer.dtls.stop()
    await control.wait(lambda report: isinstance(report, TransportFailed))
    plane.apply(CloseTransport("p"))
    await until(lambda: not still(refs))
