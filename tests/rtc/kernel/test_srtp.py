"""SRTP of the compiled kernel against libsrtp: each opens what the other has sealed, and neither takes what is not right."""

from __future__ import annotations

import secrets
import shutil
import struct
from pathlib import Path

import pylibsrtp
import pytest

from suite.rtc.kernel.library import OPENSSLS, Kernel
from suite.rtc.transport.srtp import Buffer, KernelSrtp, session_keys
from tests.rtc.kernel.broken import noticed
from tests.rtc.peer import rtp

PROFILES = {16: pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 32: pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM}
REPORT = struct.pack("!BBHI", 0x80, 201, 1, 99)


class Sides:
    """The kernel and a libsrtp session with the same two keys."""

    def __init__(self, kernel: Kernel, size: int) -> None:
        inbound, outbound = secrets.token_bytes(size + 12), secrets.token_bytes(size + 12)
        self.kernel = KernelSrtp(kernel, inbound, outbound)
        self.sends = self._session(inbound, pylibsrtp.Policy.SSRC_ANY_OUTBOUND, PROFILES[size])
        self.takes = self._session(outbound, pylibsrtp.Policy.SSRC_ANY_INBOUND, PROFILES[size])
        self.buffer = Buffer(2048)

    @staticmethod
    def _session(key: bytes, kind: int, profile: int) -> pylibsrtp.Session:
        policy = pylibsrtp.Policy(key=key, ssrc_type=kind, srtp_profile=profile)
        policy.window_size = 1024
        policy.allow_repeat_tx = True
        return pylibsrtp.Session(policy)

    def seal(self, packet: bytes, turns: int = 0) -> bytes:
        self.buffer.view[: len(packet)] = packet
        return bytes(self.buffer.view[: self.kernel.protect(self.buffer, len(packet), turns)])

    def open(self, sealed: bytes, *, control: bool = False) -> bytes:
        self.buffer.view[: len(sealed)] = sealed
        opens = self.kernel.unprotect_control if control else self.kernel.unprotect
        return bytes(self.buffer.view[: opens(self.buffer, len(sealed))])


@pytest.fixture(params=[OPENSSLS[:1], OPENSSLS[1:]], ids=["pylibsrtp", "interpreter"])
def by(kernel: Kernel, request: pytest.FixtureRequest, tmp_path: Path) -> Kernel:
    """The kernel with each OpenSSL that it may find; a copy, as a library has one set of functions."""
    copied = shutil.copy(kernel._library._name, tmp_path / "kernel.so")
    return Kernel(Path(copied), request.param)


@pytest.fixture(params=[16, 32], ids=["128", "256"])
def sides(by: Kernel, request: pytest.FixtureRequest) -> Sides:
    return Sides(by, request.param)


def packet(sequence: int, ssrc: int = 5) -> bytes:
    return rtp(ssrc=ssrc, sequence=sequence, payload=b"payload of %d" % sequence, extensions={1: b"abc"})


def test_keys_are_derived_as_rfc_3711_derives_them() -> None:
    # RFC 3711, B.3, whose master salt has 14 bytes: AES-CM takes it as it is, AES-GCM's is padded.
    key, salt = bytes.fromhex("E1F97A0D3E018BE0D64FA32C06DE4139"), bytes.fromhex("0EC675AD498AFEEBB6960B3AABE6")
    derived = session_keys(key, salt)
    assert derived[0].hex().upper() == "C61E7A93744F39EE10734AFE3FF7A087"
    assert derived[1].hex().upper() == "30CBBC08863D8C85D49DB34A9AE17AC6"[:24]


def test_each_opens_what_the_other_has_sealed(sides: Sides) -> None:
    assert sides.takes.unprotect(sides.seal(packet(1))) == packet(1)
    assert sides.open(sides.sends.protect(packet(2))) == packet(2)
    sides.buffer.view[: len(REPORT)] = REPORT
    for _ in range(3):
        sides.buffer.view[: len(REPORT)] = REPORT
        sealed = bytes(sides.buffer.view[: sides.kernel.protect_control(sides.buffer, len(REPORT))])
        assert sides.takes.unprotect_rtcp(sealed) == REPORT
        assert sides.open(sides.sends.protect_rtcp(REPORT), control=True) == REPORT


def test_turns_are_counted_on_both_sides(sides: Sides) -> None:
    for number in range(0xFFF0, 3 * 0x10000, 97):
        one = packet(number & 0xFFFF)
        assert sides.takes.unprotect(sides.seal(one, number >> 16)) == one
        assert sides.open(sides.sends.protect(one)) == one
    late = [packet(number & 0xFFFF) for number in (0x10000 - 3, 0x10000 + 2)]
    behind = Sides(sides.kernel._kernel, 16)
    sealed = [behind.sends.protect(one) for one in (packet(0xFFF0), *late)]
    assert [behind.open(sealed[index]) for index in (0, 2, 1)] == [packet(0xFFF0), late[1], late[0]]


def test_a_packet_is_taken_once_and_whole(sides: Sides) -> None:
    sealed = [sides.sends.protect(packet(number)) for number in range(1, 2000)]
    assert sides.open(sealed[1500])
    assert not sides.open(sealed[1500]), "a replay"
    assert sides.open(sealed[1499]), "a late one"
    assert not sides.open(sealed[100]), "one that is older than the window"
    flipped = bytearray(sealed[1600])
    flipped[-1] ^= 1
    assert not sides.open(bytes(flipped)), "a flipped tag"
    flipped[-1] ^= 1
    flipped[3] ^= 1
    assert not sides.open(bytes(flipped)), "another number"
    assert sides.open(sealed[1600])


def test_a_late_packet_is_taken_where_the_window_has_gone_round(sides: Sides) -> None:
    sealed = [sides.sends.protect(packet(number)) for number in range(1, 1200)]
    assert all(sides.open(one) for one in sealed[:1100])
    assert sides.open(sealed[1103])
    assert all(sides.open(one) for one in sealed[1100:1103]), "where the one of a window before had come"


def test_a_report_is_taken_once_and_whole(sides: Sides) -> None:
    sealed = [sides.sends.protect_rtcp(REPORT) for _ in range(100)]
    assert sides.open(sealed[80], control=True)
    assert not sides.open(sealed[80], control=True), "a replay"
    assert sides.open(sealed[79], control=True), "a late one"
    assert not sides.open(sealed[79], control=True), "the same again"
    assert not sides.open(sealed[5], control=True), "one that is older than the window"
    flipped = bytearray(sealed[90])
    flipped[-5] ^= 1
    assert not sides.open(bytes(flipped), control=True), "a flipped tag"
    assert sides.open(sealed[90], control=True)
    assert not sides.open(sealed[80], control=True), "a replay, after a later one"
    assert not sides.open(REPORT, control=True)


@pytest.mark.parametrize("length", [0, 1, 8, 11, 12, 15, 27, 28])
def test_what_is_too_short_is_refused(sides: Sides, length: int) -> None:
    data = bytes([0x9F]) + bytes(length)
    assert not sides.open(data[:length])
    assert not sides.open(data[:length], control=True)


def test_a_peer_has_so_many_streams_and_no_more(sides: Sides) -> None:
    taken = sum(bool(sides.open(sides.sends.protect(packet(1, ssrc=number)))) for number in range(1, 600))
    assert taken == 512


# What the mutant of crypto.c says, and does instead.
MUTANTS = [
    ("if (replayed(stream, index)) return 0;", "if (replayed(stream, index) && 0) return 0;"),
    ("return cipher_final(cipher, rest, &written) == 1;", "return cipher_final(cipher, rest, &written) == 1 || 1;"),
    ("if (stream->highest - index >= 64 * WINDOW) return 1;", ""),
    ("if (sequence - last > 0x8000 && turns > 0) turns--;", ""),
    ("        turns++;", ""),
    ("stream->control_highest - index >= 64 ||", ""),
    (" || stream->control_seen >> (stream->control_highest - index) & 1", ""),
    ("stream->control_seen << ahead", "0"),
    ("session->control_index + 1", "1"),
    ("iv[2 + i] ^= ssrc[i];", "iv[2 + i] ^= ssrc[i] & 0;"),
    ("session->count >= STREAMS_MOST", "session->count > STREAMS_MOST"),
    ("(uint64_t)turns << 16 |", "(uint64_t)(turns & 0) << 16 |"),
    ("stream->seen[i >> 6 & (WINDOW - 1)] &= ~(1ULL << (i & 63));", ";"),
]


def everything(mutant: Kernel) -> None:
    """What stands above, with a broken kernel."""
    for story in (
        test_each_opens_what_the_other_has_sealed,
        test_turns_are_counted_on_both_sides,
        test_a_packet_is_taken_once_and_whole,
        test_a_late_packet_is_taken_where_the_window_has_gone_round,
        test_a_report_is_taken_once_and_whole,
        test_a_peer_has_so_many_streams_and_no_more,
    ):
        try:
            story(Sides(mutant, 16))
        except pylibsrtp.Error as error:
            raise AssertionError("libsrtp does not take it") from error


@pytest.mark.slow
@pytest.mark.patient
@pytest.mark.parametrize(("before", "after"), MUTANTS)
def test_a_mutant_is_found(tmp_path: Path, objects: Path, before: str, after: str) -> None:
    assert noticed("crypto.c", before, after, objects=objects, folder=tmp_path, by=everything)
