"""The worker's loop, whose waiting is the kernel's: what else is on it gets its turn, however much media comes."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable

import pytest

from suite.rtc.core.media import AddDowntrack, Receive, SelectLayer, TransportConnected
from suite.rtc.packets.fanout import Fanout
from suite.rtc.transport.loop import KernelLoop
from suite.rtc.transport.plane import MediaPlane
from tests.rtc.peer import DEADLINE, MID, OPUS, Control, Join, Peer, rtp, until

pytestmark = [pytest.mark.usefixtures("twin"), pytest.mark.parametrize("twin", ["c"], indirect=True)]


async def connected(plane: MediaPlane, control: Control, join: Callable[[str], Awaitable[Peer]]) -> tuple[Peer, Peer]:
    """Somebody who speaks with SSRC 10, and somebody who hears it."""
    speaker, listener = await join("p"), await join("s")
    for name in ("p", "s"):
        await control.wait(lambda report, name=name: report == TransportConnected(name))
    plane.apply(Receive("p", "0", "TR_p", "audio", (OPUS,), ssrcs=(10,), extensions={MID: 1}))
    plane.apply(AddDowntrack(1, "s", "TR_p", "audio", "1", 5001, None, (OPUS,)))
    plane.apply(SelectLayer(1, 0))
    return speaker, listener


def say(speaker: Peer, sequence: int) -> None:
    speaker.send_rtp(rtp(ssrc=10, sequence=sequence, payload_type=111, payload=b"%d" % sequence))


async def test_timers_sockets_and_other_threads_have_their_turn_under_a_flood(
    plane: MediaPlane, control: Control, join: Join
) -> None:
    speaker, listener = await connected(plane, control, join)
    loop, ended = asyncio.get_running_loop(), threading.Event()
    assert isinstance(loop, KernelLoop)

    def flood() -> None:
        while not ended.is_set():
            listener.raw(b"\x80\x60" + bytes(40))

    flooder = threading.Thread(target=flood)
    ours, theirs = socket.socketpair()
    flooder.start()
    try:
        async with asyncio.timeout(DEADLINE):
            await until(lambda: plane.statistics().get("udp_flood"))
            ours.setblocking(False)
            for turn in range(1, 20):
                begun = loop.time()
                await asyncio.sleep(0.01)
                assert loop.time() - begun >= 0.01
                theirs.send(b"x")
                assert await loop.sock_recv(ours, 1) == b"x"
                assert await asyncio.to_thread(threading.get_ident) != threading.get_ident()
                say(speaker, turn)
            await until(lambda: listener.rtp and listener.rtp[-1].endswith(b"19"))
    finally:
        ended.set()
        flooder.join()
        ours.close()
        theirs.close()


async def test_a_second_plane_on_a_loop_is_read_as_well(plane: MediaPlane, control: Control, join: Join) -> None:
    control_of_second = Control()
    second = await MediaPlane.start(host="127.0.0.1", port=0, advertise=None, report=control_of_second)
    peers: list[Peer] = []

    async def join_second(name: str) -> Peer:
        peers.append(peer := Peer(second, name))
        return await peer.connect(data=False)

    pairs = [await connected(plane, control, join), await connected(second, control_of_second, join_second)]
    for turn in range(1, 4):
        for speaker, listener in pairs:
            say(speaker, turn)
            await until(lambda listener=listener, turn=turn: len(listener.rtp) == turn)
    for peer in peers:
        await peer.close()
    await second.close()
    await plane.close()
    begun = asyncio.get_running_loop().time()
    await asyncio.sleep(0.02)  # the loop waits by itself again
    assert 0.02 <= asyncio.get_running_loop().time() - begun < DEADLINE


async def test_a_fault_of_ours_does_not_end_the_loop(
    plane: MediaPlane, control: Control, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, listener = await connected(plane, control, join)
    with monkeypatch.context() as patch:
        patch.setattr(Fanout, "flush", lambda _: 1 / 0)
        say(speaker, 1)
        await until(lambda: plane.statistics().get("faults"))
    say(speaker, 2)
    await until(lambda: listener.rtp and listener.rtp[-1].endswith(b"2"))
