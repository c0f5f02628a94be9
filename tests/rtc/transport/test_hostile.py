"""The gate of the UDP front (ASVS V17): strangers, forgers and floods get nothing, and nobody in the meeting notices."""

from __future__ import annotations

import asyncio
import gc
import logging
import random
import secrets
import socket
import struct
import weakref
from collections.abc import Iterator

import pytest
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsTransport
from google_crc32c import value as crc32c

from suite.rtc.core.media import (
    AddDowntrack,
    CloseTransport,
    DataReceived,
    Receive,
    RestartIce,
    SelectLayer,
    SetRemote,
    TransportConnected,
    TransportFailed,
)
from suite.rtc.packets import rtcp
from suite.rtc.transport import association, gate
from suite.rtc.transport.plane import MediaPlane
from tests.rtc.peer import OPUS, Control, Join, Peer, rtp, until


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing that a hostile peer sends is logged as an error."""
    yield
    # `records` has those of the phase that runs, which is the tear-down here.
    assert [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR] == []


def stranger(plane: MediaPlane) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.bind(("127.0.0.1", 0))
    made.connect(("127.0.0.1", plane.port))
    return made


async def counted(plane: MediaPlane, name: str, at_least: int = 1) -> None:
    await until(lambda: plane.statistics().get(name, 0) >= at_least)


async def talk(plane: MediaPlane, control: Control, join: Join) -> tuple[Peer, Peer]:
    """A speaker and a listener, with sound flowing."""
    speaker, listener = await join("p", data=False), await join("s", data=False)
    await control.wait(lambda report: report == TransportConnected("s"))
    plane.apply(Receive("p", "0", "TR_a", "audio", (OPUS,), ssrcs=(10,)))
    plane.apply(AddDowntrack(1, "s", "TR_a", "audio", "0", 5001, None, (OPUS,)))
    plane.apply(SelectLayer(1, 0))
    speaker.send_rtp(rtp(ssrc=10, sequence=1, payload_type=111, payload=b"first"))
    await until(lambda: len(listener.rtp) == 1)
    return speaker, listener


async def test_a_strangers_datagrams_of_any_length_are_dropped(plane: MediaPlane, control: Control, join: Join) -> None:
    speaker, listener = await talk(plane, control, join)
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    with stranger(plane) as other:
        for length in (0, *range(1, 65), 1200, 2048, 9000):
            other.send(chance.randbytes(length))
        other.send(b"")
        await counted(plane, "udp_empty", 2)
        with pytest.raises(BlockingIOError):
            other.recv(100)
    speaker.send_rtp(rtp(ssrc=10, sequence=2, payload_type=111, payload=b"second"))
    await until(lambda: len(listener.rtp) == 2)


async def test_an_empty_datagram_and_junk_of_a_member_end_nothing(plane: MediaPlane, control: Control, join: Join) -> None:
    speaker, listener = await talk(plane, control, join)
    for first in range(256):
        for length in (0, 1, 2, 12, 40, 64):
            speaker.raw(bytes((first,)) * length)
        await asyncio.sleep(0)
    speaker.send_rtp(rtp(ssrc=10, sequence=2, payload_type=111, payload=b"second"))
    await until(lambda: len(listener.rtp) == 2)
    assert control.of(TransportFailed) == []


async def test_a_strangers_client_hello_during_setup_is_not_heard(plane: MediaPlane, control: Control) -> None:
    peer = Peer(plane, "a")
    peer.apply(peer.opening(), peer.remote())
    intruder = Peer(plane, "b")
    intruding = asyncio.create_task(intruder.handshake())
    await counted(plane, "udp_stranger")
    peer.check()
    await until(lambda: peer.answers)
    await peer.handshake()
    await control.wait(lambda report: report == TransportConnected("a"))
    assert intruder.dtls.state == "connecting"
    intruding.cancel()
    await asyncio.gather(intruding, return_exceptions=True)
    await peer.close()
    await intruder.close()


@pytest.mark.parametrize("forged", ["password", "ufrag", "fingerprint", "integrity", "response", "flipped"])
async def test_a_check_that_is_not_the_peers_own_gets_no_answer(plane: MediaPlane, forged: str) -> None:
    peer = Peer(plane, "a")
    peer.apply(peer.opening(), peer.remote())
    sent: list[bytes] = []
    send, peer.raw = peer.raw, sent.append
    peer.check(password="wrong" if forged == "password" else None, ufrag="other" if forged == "ufrag" else None)
    data = bytearray(sent[0])
    if forged == "fingerprint":
        data = data[:-8]
        struct.pack_into("!H", data, 2, len(data) - 20)
    elif forged == "integrity":
        data = data[:-32]
        struct.pack_into("!H", data, 2, len(data) - 20)
    elif forged == "response":
        data[0] = 1
    elif forged == "flipped":
        data[30] ^= 1
    send(bytes(data))
    await counted(plane, "stun_refused")
    assert peer.answers == []
    assert plane.statistics()["addresses"] == 0
    peer.raw = send
    await peer.close()


async def test_stun_is_truncated_and_flipped_at_every_byte_without_harm(plane: MediaPlane) -> None:
    peer = Peer(plane, "a")
    peer.apply(peer.opening(), peer.remote())
    sent: list[bytes] = []
    send, peer.raw = peer.raw, sent.append
    peer.check()
    peer.raw = send
    for at in range(len(sent[0])):
        gate.request_ufrag(sent[0][:at])
        for bit in range(8):
            changed = bytearray(sent[0])
            changed[at] ^= 1 << bit
            gate.request_ufrag(bytes(changed))
    assert gate.request_ufrag(sent[0]) is not None
    await peer.close()


async def test_strangers_checks_are_counted_and_limited(plane: MediaPlane) -> None:
    with stranger(plane) as other:
        for _ in range(20):
            for _ in range(50):
                other.send(secrets.token_bytes(0) + b"\x00\x01\x00\x00\x21\x12\xa4\x42" + bytes(12))
            await asyncio.sleep(0.01)
        await counted(plane, "stun_limited")
        assert plane.statistics()["stun_refused"] <= 2 * 100


async def test_a_wrong_fingerprint_gives_no_keys(plane: MediaPlane, control: Control) -> None:
    peer = Peer(plane, "a")
    other = Peer(plane, "b")
    peer.apply(peer.opening(), SetRemote("a", "sha-256", other.remote().fingerprint))
    peer.check()
    await until(lambda: peer.answers)
    handshake = asyncio.create_task(peer.handshake())
    failed = await control.wait(lambda report: isinstance(report, TransportFailed))
    assert "fingerprint" in failed.reason
    assert control.of(TransportConnected) == []
    await asyncio.wait({handshake}, timeout=1)
    assert plane.association("a").line.srtp is None
    handshake.cancel()
    await asyncio.gather(handshake, return_exceptions=True)
    await peer.close()
    await other.close()


async def test_an_unknown_fingerprint_algorithm_is_a_mismatch(plane: MediaPlane, control: Control) -> None:
    peer = Peer(plane, "a")
    peer.apply(peer.opening(), SetRemote("a", "md5", "00:11"))
    peer.check()
    await until(lambda: peer.answers)
    handshake = asyncio.create_task(peer.handshake())
    failed = await control.wait(lambda report: isinstance(report, TransportFailed))
    assert "fingerprint" in failed.reason
    assert control.of(TransportConnected) == []
    await asyncio.wait({handshake}, timeout=1)
    handshake.cancel()
    await asyncio.gather(handshake, return_exceptions=True)
    await peer.close()


async def test_a_changed_fingerprint_ends_the_transport(plane: MediaPlane, control: Control, join: Join) -> None:
    await join("a")
    plane.apply(SetRemote("a", "sha-256", "00:" * 31 + "00"))
    assert (await control.wait(lambda report: isinstance(report, TransportFailed))).reason == "the fingerprint changed"


async def test_a_handshake_with_cbc_and_sha1_is_refused(plane: MediaPlane, control: Control) -> None:
    class Old(RTCCertificate):
        def _create_ssl_context(self, srtp_profiles: list) -> object:
            context = super()._create_ssl_context(srtp_profiles)
            context.set_cipher_list(b"ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")
            return context

    peer = Peer(plane, "a")
    old = Old(peer.certificate._key, peer.certificate._cert)
    peer.dtls = RTCDtlsTransport(peer, [old])
    peer.dtls._set_role("client")
    peer.apply(peer.opening(), peer.remote())
    peer.check()
    await until(lambda: peer.answers)
    handshake = asyncio.create_task(peer.handshake())
    await control.wait(lambda report: isinstance(report, TransportFailed))
    await asyncio.wait({handshake}, timeout=1)
    assert peer.dtls.state != "connected"
    handshake.cancel()
    await asyncio.gather(handshake, return_exceptions=True)
    await peer.close()


async def test_flipped_tags_replays_and_truncations_are_not_forwarded(plane: MediaPlane, control: Control, join: Join) -> None:
    speaker, listener = await talk(plane, control, join)
    good = speaker.dtls._tx_srtp.protect(rtp(ssrc=10, sequence=2, payload_type=111, payload=b"second"))
    flipped = bytes((*good[:-1], good[-1] ^ 1))
    before = plane.statistics().get("srtp_refused", 0)
    speaker.raw(flipped)
    for length in range(len(good)):
        speaker.raw(good[:length])
    speaker.raw(good)
    speaker.raw(good)
    await until(lambda: len(listener.rtp) == 2)
    control_packet = bytearray(speaker.dtls._tx_srtp.protect_rtcp(rtcp.picture_loss(1, 2)))
    control_packet[-1] ^= 1
    speaker.raw(bytes(control_packet))
    speaker.send_rtp(rtp(ssrc=10, sequence=3, payload_type=111, payload=b"third"))
    await until(lambda: len(listener.rtp) == 3)
    assert [packet[12:] for packet in listener.rtp] == [b"first", b"second", b"third"]
    assert plane.statistics()["srtp_refused"] >= before + 3


async def test_a_member_cannot_take_anothers_address(plane: MediaPlane, control: Control, join: Join) -> None:
    speaker, listener = await talk(plane, control, join)
    mallory = Peer(plane, "m")
    mallory.apply(mallory.opening(), mallory.remote())
    own, mallory.socket = mallory.socket, speaker.socket  # as if the address were forged
    mallory.check()
    await counted(plane, "stun_taken")
    mallory.socket = own
    speaker.send_rtp(rtp(ssrc=10, sequence=2, payload_type=111, payload=b"second"))
    await until(lambda: len(listener.rtp) == 2)
    await mallory.close()


async def test_an_address_follows_a_nominated_check_and_data_keeps_flowing(
    plane: MediaPlane, control: Control, join: Join
) -> None:
    speaker, listener = await talk(plane, control, join)
    listener.loop.remove_reader(listener.socket.fileno())
    listener.socket.close()
    listener.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.socket.setblocking(False)
    listener.socket.bind(("127.0.0.1", 0))
    listener.loop.add_reader(listener.socket.fileno(), listener._readable)
    count = len(listener.answers)
    listener.check(nominate=True)
    await until(lambda: len(listener.answers) > count)
    speaker.send_rtp(rtp(ssrc=10, sequence=2, payload_type=111, payload=b"second"))
    await until(lambda: len(listener.rtp) == 2)


async def test_ice_restarts_under_new_credentials(plane: MediaPlane, control: Control, join: Join) -> None:
    peer = await join("a", data=False)
    old = (peer.ufrag, peer.password)
    plane.apply(RestartIce("a", "fresh", "a-fresh-password"))
    peer.check(ufrag=old[0], password=old[1])
    await until(lambda: len(peer.answers) == 2)
    peer.check(ufrag="fresh", password="a-fresh-password")
    await until(lambda: len(peer.answers) == 3)
    peer.check(ufrag=old[0], password=old[1])
    await counted(plane, "stun_refused")
    assert len(peer.answers) == 3


async def test_a_peer_that_falls_silent_is_given_up(
    plane: MediaPlane, control: Control, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    await join("a", data=False)
    await control.wait(lambda report: report == TransportConnected("a"))
    monkeypatch.setattr(association, "CONSENT", 0.2)
    failed = await control.wait(lambda report: isinstance(report, TransportFailed))
    assert failed == TransportFailed("a", "no consent for 30 s")


async def test_a_flood_of_dtls_records_is_bounded(plane: MediaPlane, control: Control) -> None:
    peer = Peer(plane, "a")
    peer.apply(peer.opening())
    peer.check()
    await until(lambda: peer.answers)
    for _ in range(40):
        for _ in range(50):
            peer.raw(b"\x16" + secrets.token_bytes(1000))
        await asyncio.sleep(0.002)
    assert len(plane.association("a")._pipe._records) == association.QUEUE
    await peer.close()


async def test_a_flood_of_a_member_costs_others_little(plane: MediaPlane, control: Control, join: Join) -> None:
    speaker, listener = await talk(plane, control, join)
    flooder = await join("f", data=False)
    junk = b"\x80\x6f" + secrets.token_bytes(1000)
    for sequence in range(2, 102):
        speaker.send_rtp(rtp(ssrc=10, sequence=sequence, payload_type=111, payload=b"sound"))
        for _ in range(30):
            flooder.raw(junk)
        await asyncio.sleep(0.005)
    await until(lambda: len(listener.rtp) >= 100)


async def test_malformed_sctp_of_a_member_ends_nobody_elses_data(plane: MediaPlane, control: Control, join: Join) -> None:
    hostile, other = await join("h"), await join("o")
    hostile.create_channel("_reliable")
    channel = other.create_channel("_reliable")
    await until(lambda: channel.readyState == "open")
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    for _ in range(200):
        await hostile.dtls._send_data(chance.randbytes(chance.randrange(1, 200)))
    tag = struct.pack("!HHL", 5000, 5000, hostile.sctp._remote_verification_tag)
    for kind in range(0, 256, 3):
        chunk = struct.pack("!BBH", kind, 3, 20) + chance.randbytes(16)
        await hostile.dtls._send_data(tag + struct.pack("<L", crc32c(tag + bytes(4) + chunk)) + chunk)
    channel.send(b"still here")
    received = await control.wait(lambda report: isinstance(report, DataReceived))
    assert received == DataReceived("o", "_reliable", b"still here")


async def test_closing_and_stale_commands_do_nothing_and_raise_nothing(plane: MediaPlane, join: Join) -> None:
    await join("a", data=False)
    plane.apply(CloseTransport("a"))
    for command in (CloseTransport("a"), SelectLayer(9, 0), SetRemote("a", "sha-256", "00"), RestartIce("a", "u", "p")):
        plane.apply(command)
    assert plane.statistics()["commands_stale"] == 4


async def test_people_who_come_and_go_leave_nothing_behind(plane: MediaPlane, control: Control) -> None:
    kept: list[weakref.ref] = []
    for number in range(30):
        peer = Peer(plane, f"p{number}")
        await peer.connect()
        channel = peer.create_channel("_reliable")
        await until(lambda channel=channel: channel.readyState == "open")
        plane.apply(Receive(peer.name, "0", "TR_a", "audio", (OPUS,), ssrcs=(10,)))
        plane.apply(AddDowntrack(number, peer.name, "TR_a", "audio", "0", 5001, None, (OPUS,)))
        kept.append(weakref.ref(plane.association(peer.name)))
        if number % 2:
            plane.apply(CloseTransport(peer.name))
            await peer.close()
        else:
            await peer.close()
            await control.wait(lambda report, name=peer.name: report == TransportFailed(name, "closed by the peer"))
            plane.apply(CloseTransport(peer.name))
    del peer, channel
    await until(lambda: not plane._closing)
    assert plane.statistics()["transports"] == plane.statistics()["addresses"] == 0
    assert not plane._commands.tracks
    assert not plane._commands.downtracks
    await until(lambda: gc.collect() is not None and sum(one() is not None for one in kept) <= 1)
    assert [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith(("dtls", "sctp", "close"))] == []
