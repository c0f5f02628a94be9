"""Both ends of the DTLS handshake: the peer begins, or waits for us; a wrong certificate ends either."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from suite.rtc.core.media import AddDowntrack, Receive, SelectLayer, TransportConnected, TransportFailed
from suite.rtc.transport.plane import MediaPlane
from tests.rtc.peer import MID, OPUS, Control, Peer, rtp, until

pytestmark = pytest.mark.usefixtures("twin")


@pytest.fixture(params=["client", "server"])
def role(request: pytest.FixtureRequest) -> str:
    """The peer's."""
    return str(request.param)


async def begin(peer: Peer, role: str, *, fingerprint: str | None = None) -> None:
    peer.dtls._set_role(role)
    remote = peer.remote(sctp_port=None, fingerprint=fingerprint)
    peer.apply(peer.opening(), replace(remote, passive=role == "server"))
    peer.check()
    await until(lambda: peer.answers)


async def test_media_flows_whoever_begins(plane: MediaPlane, control: Control, role: str) -> None:
    peers = [Peer(plane, "p"), Peer(plane, "s")]
    for peer in peers:
        await begin(peer, role)
        await peer.handshake()
        await control.wait(lambda report, name=peer.name: report == TransportConnected(name))
    plane.apply(Receive("p", "0", "TR_a", "audio", (OPUS,), extensions={MID: 1}))
    plane.apply(AddDowntrack(1, "s", "TR_a", "audio", "0", 5001, None, (OPUS,)))
    plane.apply(SelectLayer(1, 0))
    peers[0].send_rtp(rtp(ssrc=10, sequence=7, payload_type=111, payload=b"sound", extensions={1: b"0"}))
    await until(lambda: peers[1].rtp)
    assert peers[1].rtp[0][12:] == b"sound"
    for peer in peers:
        await peer.close()


async def test_a_wrong_certificate_ends_it_whoever_begins(plane: MediaPlane, control: Control, role: str) -> None:
    peer = Peer(plane, "p")
    await begin(peer, role, fingerprint=":".join(["00"] * 32))
    shaking = asyncio.create_task(peer.handshake())
    await control.wait(lambda report: isinstance(report, TransportFailed))
    assert not control.of(TransportConnected)
    shaking.cancel()
    await asyncio.gather(shaking, return_exceptions=True)
    await peer.close()


async def test_a_fingerprint_that_changes_meanwhile_ends_it(plane: MediaPlane, control: Control, role: str) -> None:
    peer = Peer(plane, "p")
    await begin(peer, role)
    shaking = asyncio.create_task(peer.handshake())
    await asyncio.sleep(0)
    changed = peer.remote(sctp_port=None, fingerprint=":".join(["00"] * 32))
    plane.apply(replace(changed, passive=role == "server"))
    await asyncio.wait([shaking], timeout=1)
    assert [type(report) for report in control.reports] == [TransportFailed]
    shaking.cancel()
    await asyncio.gather(shaking, return_exceptions=True)
    await peer.close()
