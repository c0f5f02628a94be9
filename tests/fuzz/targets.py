"""What hypothesis and atheris throw bytes at: each target reads them or raises nothing but the one error of its parser.

A target that raises anything else, or that finds the twins apart, has found a fault. `corpus/<target>` keeps what once
did, and what leads into the depth of the parser; each file is one input.
"""

from __future__ import annotations

import base64
import contextlib
import functools
from array import array
from collections.abc import Callable, Iterator
from ctypes import addressof
from pathlib import Path
from typing import Final
from zlib import crc32

from livekit.protocol import rtc

from suite.rtc.core.errors import JoinRefused, RemoteError
from suite.rtc.core.inputs import Signalled
from suite.rtc.core.sdp import description, fragment, policy
from suite.rtc.kernel.library import Kernel, load
from suite.rtc.kernel.rows import DIRECT, LineRow
from suite.rtc.packets import codecs, red, trailer
from suite.rtc.packets.dependency import Dependencies
from suite.rtc.packets.downtrack import Downtrack
from suite.rtc.packets.rtp import Packet, repaired
from suite.rtc.sctp import receiving
from suite.rtc.sctp.association import Association
from suite.rtc.sctp.errors import Malformed
from suite.rtc.sctp.wire import Sealer
from suite.rtc.signalling import messages
from suite.rtc.signalling.joining import plain_request, wrapped_request
from suite.rtc.transport import stun
from suite.rtc.transport.framing import Frames
from suite.rtc.transport.tcp import first_ufrag
from tests.rtc.core.world import World
from tests.rtc.kernel.checks import check_by_both, line_row
from tests.rtc.kernel.twins import KINDS, feedback_of_both, inspect_both, read_both
from tests.rtc.packets import bench
from tests.rtc.packets.bench import Bench
from tests.rtc.sctp.line import Line
from tests.rtc.sctp.line import World as Conversation

CORPUS: Final = Path(__file__).parent / "corpus"
FORMS: Final = [codecs.OTHER, *codecs.FORMS.values()]
_PASSWORD: Final = b"p" * 22


def kept(name: str) -> list[Path]:
    """The inputs that are kept of a target."""
    return sorted((CORPUS / name).glob("*.bin"))


@functools.cache
def _kernel() -> Kernel | None:
    """The compiled twin, where there is one."""
    return load()[0]


# --- STUN and what is in front of it on a TCP connection


def read_stun(data: bytes) -> None:
    """As it came, and with a head and a fingerprint that are right, so that the attributes are read."""
    body = data[: len(data) & ~3]
    head = b"\x00\x01" + (len(body) + 8).to_bytes(2, "big") + b"\x21\x12\xa4\x42" + bytes(12)
    whole = head + body
    whole += b"\x80\x28\x00\x04" + (crc32(whole) ^ 0x5354554E).to_bytes(4, "big")
    for packet in (data, whole):
        found = stun.read(packet)
        if found is not None:
            assert not found.check_message_integrity(_PASSWORD), "nobody has signed it"
            stun.answer(found.transaction_id, ("192.0.2.1", 1), _PASSWORD, conflict=len(data) % 2 == 1)
        first_ufrag(len(packet).to_bytes(2, "big") + packet)
        compiled = _kernel()
        if compiled is not None:
            check_by_both(compiled, line_row(), packet, ("192.0.2.1", 1))
    with contextlib.suppress(RemoteError):
        frames = Frames()
        for at in range(0, len(data), 7):
            frames.feed(data[at : at + 7])


# --- descriptions


def read_sdp(data: bytes) -> None:
    """An offer, read as an answer to it would need it; and a fragment of one."""
    text = data.decode("utf-8", "replace")
    for given in (text, "v=0\r\n" + text):
        with contextlib.suppress(RemoteError):
            found = description.parse(given)
            assert isinstance(found.fingerprint[0], str)
            for section in found.sections:
                enabled = ("opus", "red", "vp8", "vp9", "h264", "av1", "h265")
                offered = policy.accepted_codecs(section, enabled=enabled, first="vp9")
                policy.plane_codecs("video", policy.sound_asked(offered, dtx=True, stereo=True))
                policy.accepted_extensions(section)
                policy.sent_extensions(section)
                assert all(0 <= ssrc < 2**32 for ssrc in [*section.ssrcs, *section.repairs])
                assert all(isinstance(said, str) for said in [section.direction, section.track_cid, *section.rids])
    with contextlib.suppress(RemoteError):
        fragment.parse(text)


# --- packets


def read_rtp(data: bytes) -> None:
    """Both twins read it alike, as every codec; what else looks into a payload looks into it."""
    compiled = _kernel()
    for kinds in (KINDS, bytes(256)):
        for form in FORMS:
            packet = _read(compiled, data[:2048], kinds, form)
            if packet is None:
                break
            repaired(packet, ssrc=1, payload_type=96)
            if packet.payload < packet.end:
                assert packet.payload < trailer.cut(bytearray(packet.buffer), form, packet.payload, packet.end) <= packet.end
            red.blocks(packet.buffer, packet.payload, packet.end)
            red.recovered(packet.buffer, packet.payload, packet.end, missing=3, after=packet.timestamp)


def _read(compiled: Kernel | None, data: bytes, kinds: bytes, form: int) -> Packet | None:
    if compiled is not None:
        both = read_both(compiled, data, kinds)
        if both is not None and both[0].payload < both[0].end:
            inspect_both(compiled, both[0], both[1], form)
        return both[0] if both is not None else None
    packet = Packet()
    if not packet.read(data, len(data), kinds):
        return None
    if packet.payload < packet.end:
        packet.inspect(form)
    return packet


def read_rtcp(data: bytes) -> None:
    """A compound from somebody who receives from us; and its bytes as transport-wide feedback, to both twins."""
    table = Bench()
    track = table.publish("TR", bench.VP8, ssrcs=(10,))
    table.subscribe(track, bench.VP8)
    payload = bench.vp8(key=True, picture=1, zero=1)
    for sequence in range(3):
        table.send(ssrc=10, sequence=sequence, timestamp=sequence, payload=payload)
    table.ask_again(data)
    table.router.rtcp(data, table.now, reports=table.router.quiet)
    compiled = _kernel()
    if compiled is not None:
        feedback_of_both(compiled, data)
        _ask_again(compiled, data)


def _ask_again(kernel: Kernel, data: bytes) -> None:
    """The compound as the compiled kernel answers NACKs, of a line on which nothing was sent."""
    downtrack, line = Downtrack(number=1, kind="video", ssrc=5001, rtx_ssrc=6001), LineRow(route=DIRECT)
    rows = array("Q", [addressof(downtrack)])
    line.downtracks, line.downtrack_count = rows.buffer_info()[0], 1
    kernel.nacked(addressof(line), data, len(data), 1.0)
    assert (line.again, line.packets) == (0, 0)


def read_descriptor(data: bytes) -> None:
    """Dependency descriptors of one stream, each behind a byte of its length."""
    known, at = Dependencies(), 0
    while at < len(data):
        size = data[at]
        found = known.read(data[at + 1 : at + 1 + size])
        assert known.spatial_layers >= 1
        if found is not None:
            assert 0 <= found[0] < 64
            assert all(0 <= mask < 0x10000 for mask in found[1])
        at += 1 + size


# --- signalling


def read_signalling(data: bytes) -> None:
    """A request in protobuf and in JSON, and both forms of a join; one that can be read is carried out beside somebody."""
    text = data.decode("utf-8", "replace")
    with contextlib.suppress(JoinRefused):
        wrapped_request(text)
    with contextlib.suppress(JoinRefused):
        wrapped_request(base64.b64encode(data).decode())
    plain_request(dict(pair.partition("=")[::2] for pair in text.split("&")))  # type: ignore[misc]  # pairs
    requests: list[rtc.SignalRequest] = []
    with contextlib.suppress(RemoteError):
        requests.append(messages.signal_request(data))
    with contextlib.suppress(RemoteError):
        requests.append(messages.signal_request(messages.request_of_json(text)))
    for request in requests:
        world = World()
        sender, other = world.join("a"), world.join("b")
        world.put(Signalled(sender.connection, request))
        world.wait(1)
        assert other.closed is None, "nobody else notices"


# --- SCTP


def up(seed: int = 1) -> Conversation:
    """An association that is up, with a channel on which something was sent."""
    world = Conversation(seed, Line(delay=0.001)).up()
    one = world.a.channels.create("one")
    world.a.channels.send(one, b"x" * 3000, now=world.now)
    world.run(lambda: one.opened)
    return world


def sealed(association: Association, body: bytes, *, tag: int | None = None) -> bytes:
    """A packet with the right ports, tag and checksum, so that what is garbage is read."""
    return Sealer(source=5000, destination=5000, tag=association.life.tag if tag is None else tag).seal([body])


def feed(world: Conversation, packet: bytes) -> None:
    """The one error or none; and the association still knows what it counts."""
    association = world.b.association
    with contextlib.suppress(Malformed):
        association.receive(packet, world.now)
    world.b.channels.events()
    association.take(world.now)
    deadline = association.deadline
    if deadline is not None and deadline <= world.now:
        association.timed_out(world.now)
    assert 0 <= association.receiver.held <= receiving.WINDOW + receiving.PIECE_COST + 2000
    assert association.sender.flight >= 0
    assert association.sender.queue.waiting >= 0


def read_sctp(data: bytes) -> None:
    """As it came to a new association and to one that is up, and once more with what makes it genuine."""
    feed(Conversation(1), data)
    world = up()
    feed(world, data)
    for body in _pieces(data):
        feed(world, sealed(world.b.association, body))


def _pieces(data: bytes) -> Iterator[bytes]:
    """Packets out of one input: it is cut where it says so."""
    yield from data.split(b"\xff\xff\xff\xff")


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "stun": read_stun, "sdp": read_sdp, "rtp": read_rtp, "rtcp": read_rtcp, "descriptor": read_descriptor,
    "signalling": read_signalling, "sctp": read_sctp,
}  # fmt: skip
