"""The two twins side by side: the same packets, downtracks and feedback by chance from a seed, each byte and field compared."""

from __future__ import annotations

import random
import struct
from ctypes import addressof
from typing import Any

from suite.rtc.core.media import Codec, Receive
from suite.rtc.kernel.library import Kernel, of_buffer
from suite.rtc.kernel.rows import DigestRow, DowntrackRow, LayerRow, LineRow, PacketRow
from suite.rtc.packets import codecs, twcc, vp9
from suite.rtc.packets.downtrack import Downtrack
from suite.rtc.packets.layer import Layer
from suite.rtc.packets.router import Router
from suite.rtc.packets.rtp import URIS, Packet, Source, kinds_by_id
from suite.rtc.packets.track import Track
from tests.rtc.packets.vp9 import describe
from tests.rtc.peer import rtp

VIDEO = [
    Codec(96, "video/vp8", 90000, rtx_payload_type=97), Codec(98, "video/vp9", 90000, rtx_payload_type=99),
    Codec(102, "video/h264", 90000), Codec(45, "video/av1", 90000, rtx_payload_type=46),
    Codec(116, "video/h265", 90000),
]  # fmt: skip
SOUND = [Codec(111, "audio/opus", 48000), Codec(63, "audio/red", 48000, fmtp="111/111")]
PUBLISHED = {uri: index + 1 for index, uri in enumerate(URIS)}
KINDS = kinds_by_id(PUBLISHED)
POINTERS = {
    "line_row", "history", "data", "layers", "tracks", "ring", "ring_numbers", "ring_lengths", "kinds_row",
}  # fmt: skip


class Difference(AssertionError):
    """The twins do not agree."""


def fields(row: Any, kind: type[Any]) -> dict[str, Any]:
    """A row's values, without the pointers."""
    found = {}
    for name, _ in kind._fields_:
        value = getattr(row, name)
        if name == "drops":
            value = [list(one) for one in value[: row.drop_count]]
        elif hasattr(value, "__len__"):
            value = list(value)
        if name not in POINTERS:
            found[name] = value
    return found


def agree(said: str, python: Any, compiled: Any) -> None:
    if python != compiled:
        raise Difference(f"{said}:\nPython   {python}\ncompiled {compiled}")


def ended(chance: random.Random, payload: bytes) -> bytes:
    """The payload, of any codec, with LiveKit's trailer behind it, or nearly."""
    inside = chance.randbytes(chance.choice([0, 2, 10, 16, 250]))
    size = len(inside) + 5 + chance.choice([0, 0, 0, 0, 1, -1, 200])
    trailer = inside + bytes([size & 255 ^ 255]) + chance.choice([b"LKTS", b"LKTS", b"LKTS", b"LKTs"])
    if chance.random() < 0.3:  # H264's aggregates: sizes before units
        units = [chance.randbytes(chance.randrange(30)), chance.randbytes(chance.randrange(9)) + trailer]
        return b"\x78" + b"".join((len(unit) + (chance.random() < 0.1)).to_bytes(2, "big") + unit for unit in units)
    if chance.random() < 0.5:  # a payload descriptor that ends near the trailer, if it is one
        steps = [0, 1, 2, 3, 4, 8, 0x10, 0x18, 0x38, 0x50, 0x80, 255]
        return bytes([chance.randrange(256), *chance.choices(steps, k=chance.randrange(24))]) + trailer
    return payload[: chance.choice([1, 2, 3, 5, 8, 13, 1500])] + trailer


def datagram(chance: random.Random, *, sequence: int, timestamp: int, audio: bool, payload_type: int) -> bytes:
    """A packet as a publisher would send it, or nearly."""
    extensions = {
        identifier: chance.randbytes(chance.choice([1, 2, 3, 4, 16, 17, 20]))
        for identifier in PUBLISHED.values()
        if chance.random() < 0.4
    }
    wide = any(len(value) > 16 for value in extensions.values()) or chance.random() < 0.3
    size = chance.choice([0, 1, 2, 3, 5, 30, 200, 1100, 1460])
    payload = chance.randbytes(size)
    if chance.random() < 0.7:
        if audio:
            first = struct.pack("!I", 0x80000000 | 111 << 24 | 960 << 10 | 20)
            payload = first + bytes([111]) + chance.randbytes(20 + size // 2)
        else:
            picture = 0x8000 | sequence & 0x7FFF
            flags = 0x90 if chance.random() < 0.5 else 0x80
            layer = chance.randrange(4) << 6 | (chance.random() < 0.5) << 5
            payload = bytes([flags, 0xE0]) + picture.to_bytes(2, "big") + bytes([sequence & 255, layer, chance.randrange(2)])
            payload += chance.randbytes(size)
    if payload_type == 98 and chance.random() < 0.8:
        key, first = chance.random() < 0.05, chance.random() < 0.7
        payload = describe(
            picture=sequence & 0x7FFF, temporal=chance.choice([0, 1, 1, 2, 2, 4]), first=first, last=not first, key=key,
            spatial=0 if key else chance.choice([0, 0, 1, 2, 4]), flexible=chance.random() < 0.5, zero=sequence,
            wide=chance.random() < 0.7, predicted=chance.random() < 0.5 and not key, up=chance.random() < 0.5,
        )  # fmt: skip
        payload = (payload + chance.randbytes(size))[: chance.choice([1, 2, 3, 4, 5, 1500, 1500])]
    if not audio and chance.random() < 0.4:
        payload = ended(chance, payload)
    if chance.random() < 0.2:
        payload = b""
    made = rtp(
        ssrc=7, sequence=sequence, timestamp=timestamp, payload_type=payload_type, payload=payload[:1460],
        marker=chance.random() < 0.4, extensions=extensions, two_byte=wide, padding=chance.choice([0, 0, 0, 4]),
    )  # fmt: skip
    if chance.random() < 0.1:
        spoilt = bytearray(made)
        spoilt[chance.choice([0, 12, 14, 15, 16, 20, -1]) % len(spoilt)] = chance.choice([0, 1, 255, chance.randrange(256)])
        made = bytes(spoilt)
    return made


def read_both(kernel: Kernel, data: bytes, kinds: bytes = KINDS) -> tuple[Packet, Packet, bytearray] | None:
    """The packet as each twin reads it, with its form looked into; None where both refuse it."""
    buffer = bytearray(2048)
    buffer[: len(data)] = data
    mine, theirs = Packet(), Packet()
    theirs.buffer = buffer
    taken = mine.read(buffer, len(data), kinds)
    agree("whether it is a packet", taken, bool(kernel.read(addressof(theirs), of_buffer(buffer), len(data), kinds)))
    if not taken:
        return None
    agree("the packet", fields(mine, PacketRow), fields(theirs, PacketRow))
    return mine, theirs, buffer


def inspect_both(kernel: Kernel, mine: Packet, theirs: Packet, form: int) -> None:
    mine.inspect(form)
    kernel.inspect(addressof(theirs), form)
    agree(f"the payload as {form}", fields(mine, PacketRow), fields(theirs, PacketRow))


def pair(chance: random.Random, *, audio: bool, published: Codec) -> tuple[Downtrack, Downtrack, LineRow]:
    """Two downtracks that are the same to the last number, the second for the kernel."""
    kind = "audio" if audio else "video"
    offered = tuple(
        Codec((one.payload_type + 7) % 128, one.mime, one.clock_rate, one.fmtp, one.rtx_payload_type)
        for one in (SOUND if audio else VIDEO)
        if not audio or one.mime == "audio/opus" or chance.random() < 0.5
    )
    ids = {uri: chance.randrange(1, 15 if chance.random() < 0.8 else 40) for uri in URIS if chance.random() < 0.6}
    rtx = chance.choice([None, 6001])
    made = [Downtrack(number=1, kind=kind, ssrc=5001, rtx_ssrc=rtx) for _ in range(2)]
    start, again = 0x10000 + chance.randrange(0x10000 - 40, 0x10000), 0x10000 + 0xFFF0
    line = LineRow(transport_sequence=0xFFF0)
    trailers = chance.random() < 0.7
    for one in made:
        one.negotiated(offered, ids)
        one.last_sequence, one.rtx_sequence = start, again
        one.use(published)
        one.trailers = trailers
        one.temporal = chance.choice([0, 1, 2, 7]) if one is made[0] else made[0].temporal
    made[1].line_row = addressof(line)
    return made[0], made[1], line


def rewrite(kernel: Kernel, seed: int, *, packets: int = 150) -> int:  # noqa: C901, PLR0912 -- one story
    """A stream with loss, reorder, layers hidden and switches, written by both; how many packets were. Raises `Difference`."""
    chance = random.Random(seed)
    audio = chance.random() < 0.4
    published = chance.choice(SOUND if audio else VIDEO)
    mine, theirs, line = pair(chance, audio=audio, published=published)
    layers = [Layer(index=index, rid=str(index), clock_rate=90000, kept=64) for index in range(3)]
    arenas = bytearray(2048), bytearray(2048)
    where = of_buffer(arenas[1])
    extended, timestamp, now, sequence_number, written = 0x1FFE0, 2**32 - 9000, 1000.5, 0xFFF0, 0
    layered = published.mime in {"video/vp9", "video/av1"} and chance.random() < 0.7
    layer, restless = layers[0], chance.choice([0.05, 0.0])
    sent: list[tuple[int, bytes]] = []
    for turn in range(packets):
        now += chance.random() / 50
        extended += chance.choice([1, 1, 1, 1, 2, 40])
        timestamp = timestamp + chance.choice([0, 3000]) & 0xFFFFFFFF
        number = extended - chance.choice([0, 0, 0, 0, 0, 0, 1, 3, 30, 600])
        data = datagram(chance, sequence=number & 0xFFFF, timestamp=timestamp, audio=audio, payload_type=published.payload_type)
        both = read_both(kernel, data)
        if both is None:
            continue
        one, other, _kept = both
        if one.payload == one.end:
            mine.skip(number)
            kernel.skip(addressof(theirs), number, -1)
        else:
            form = codecs.FORMS[published.mime]
            inspect_both(kernel, one, other, form)
            one.extended = other.extended = number
            if turn == 0 or chance.random() < restless:
                former, layer = layer, chance.choice(layers)
                for row, packet in ((mine, one), (theirs, other)):
                    row.switch(layer, former, packet, number, now)
            if chance.random() < 0.1:
                mine.temporal = theirs.temporal = chance.choice([0, 1, 2, 7])
                mine.spatial = theirs.spatial = chance.randrange(5)
            if layered and one.layered != vp9.BY_DESCRIPTOR and chance.random() < 0.9:
                masks = [chance.randrange(0x10000) for _ in range(3)]
                for packet in (one, other):
                    packet.present, packet.switches, packet.tops = masks
                    packet.layered = True
            hidden = bool(one.temporal or one.layered) and mine.hides(one)
            other_hidden = bool(other.temporal or other.layered) and bool(kernel.hides(addressof(theirs), addressof(other)))
            agree("whether it is hidden", hidden, other_hidden)
            if hidden:
                picture = -1 if one.layered else one.picture
                mine.skip(number, picture)
                kernel.skip(addressof(theirs), number, picture)
            else:
                line.transport_sequence = sequence_number
                length = mine.write(arenas[0], Source(one, layer.index, number, now), sequence_number)
                agree("the length", length, kernel.write(addressof(theirs), addressof(other), where, layer.index, now))
                agree("the bytes", arenas[0][:length].hex(), arenas[1][:length].hex())
                if length:
                    written += 1
                    sent.append((mine.last_sequence & 0xFFFF, data))
                    sequence_number = sequence_number + 1 & 0xFFFF
        agree("the row", fields(mine, DowntrackRow), fields(theirs, DowntrackRow))
        agree("the history", mine._kept, theirs._kept)
        if sent and chance.random() < 0.1:
            _again(kernel, chance.choice(sent[-20:]), (mine, theirs), arenas, now, line)
            agree("the row after a resend", fields(mine, DowntrackRow), fields(theirs, DowntrackRow))
    return written


def _again(
    kernel: Kernel, one: tuple[int, bytes], rows: tuple[Downtrack, Downtrack], arenas: tuple[bytearray, bytearray], now: float,
    line: LineRow,
) -> None:  # fmt: skip
    sequence, data = one
    if rows[0].sent(sequence) is None:
        return
    both = read_both(kernel, data)
    assert both is not None
    inspect_both(kernel, both[0], both[1], rows[0].source_form)
    length = rows[0].write_again(arenas[0], both[0], sequence, now, line.transport_sequence)
    compiled = kernel.write_again(addressof(rows[1]), addressof(both[1]), of_buffer(arenas[1]), sequence, now)
    agree("the length of a resend", length, compiled)
    agree("the bytes of a resend", arenas[0][:length].hex(), arenas[1][:length].hex())


def feedback_of_both(kernel: Kernel, body: bytes) -> None:
    """Any bytes as transport-wide feedback of what was sent a moment ago."""
    sent, line = twcc.Sent(), LineRow(transport_sequence=0xFFF8)
    for number in range(16):
        sent.add(0xFFF8 + number & 0xFFFF, 500 + number / 100, 1000)
        kernel.sent(addressof(line), 1000, 500 + number / 100)
    told, digest = twcc.digest(body, sent), DigestRow()
    kernel.feedback(addressof(line), body, len(body), 0.0, addressof(digest))
    agree("the digest", fields(told, DigestRow), fields(digest, DigestRow))


def feedback(kernel: Kernel, seed: int) -> int:
    """Transport-wide feedback of a lossy receiver, and garbage like it, summed up by both; how many packets were received."""
    chance = random.Random(seed)
    sent, line = twcc.Sent(), LineRow(transport_sequence=0xFF80)
    arrivals, number, now, received = twcc.Arrivals(), 0xFF80, 500.0, 0
    for _ in range(30):
        for _ in range(chance.randrange(40)):
            now += chance.random() / 100
            size = chance.randrange(40, 1400)
            sent.add(number, now, size)
            kernel.sent(addressof(line), size, now)
            if chance.random() < 0.8:
                arrivals.add(number, now + 0.02 + chance.random() * chance.choice([0.001, 0.3]), 5)
            number = number + 1 & 0xFFFF
        body = arrivals.feedback(1)[4:]
        if body and chance.random() < 0.2:
            broken = bytearray(body[: chance.randrange(len(body) + 1)])
            if broken:
                broken[chance.randrange(len(broken))] = chance.randrange(256)
            body = bytes(broken)
        told, digest = twcc.digest(body, sent), DigestRow()
        kernel.feedback(addressof(line), body, len(body), 0.0, addressof(digest))
        agree("the digest", fields(told, DigestRow), fields(digest, DigestRow))
        received += told.received
    return received


def arrival(kernel: Kernel, seed: int, *, packets: int = 120) -> int:
    """A publisher's stream with loss and reorder, taken by Python alone, and by the kernel where it takes a packet; how many
    the kernel took. Raises `Difference` where the layers or what they hold differ."""
    chance = random.Random(seed)
    audio = chance.random() < 0.5
    codec = chance.choice(SOUND[:1] if audio else VIDEO)
    form = codecs.FORMS[codec.mime]
    mine, theirs = (_published(codec, audio=audio, kernel=one) for one in (None, kernel))
    sequence, timestamp, now, taken = 0xFFF0, 2**32 - 50_000, 1000.0, 0
    for _ in range(packets):
        now += chance.random() / 30
        sequence, timestamp = sequence + chance.choice([1] * 9 + [2, 7]) & 0xFFFF, timestamp + 960 & 0xFFFFFFFF
        number = sequence - chance.choice([0] * 12 + [1, 2]) & 0xFFFF
        data = datagram(chance, sequence=number, timestamp=timestamp, audio=audio, payload_type=codec.payload_type)
        both = read_both(kernel, data)
        if both is None:
            continue
        one, other, _kept = both
        inspect_both(kernel, one, other, form)
        mine.take(one, now)
        if kernel.take(addressof(_layer(theirs)), addressof(other), now):
            taken += 1
        else:
            theirs.take(other, now)
        agree("the layer", _state(mine), _state(theirs))
    return taken


def _published(codec: Codec, *, audio: bool, kernel: Kernel | None) -> Router:
    line = Silence()
    router = Router(line=line, sender=1, count=lambda _: None, kernel=kernel)
    wanted = Receive("p", "0", "TR_a", "audio" if audio else "video", (codec,), (), (7,), {}, PUBLISHED)
    track = Track(wanted=wanted, line=line, sender=1, report=lambda _: None, kernel=kernel)
    router.receive(track, wanted)
    return router


class Silence:
    """A line on which nobody hears anything."""

    arena = bytearray(2048)
    transport_sequence = 0

    def direct(self) -> None:
        return None

    def send_rtp(self, length: int, *, numbered: int, turns: int) -> None:
        del length, numbered, turns

    def send_rtcp(self, packet: bytes) -> None:
        del packet


def _layer(router: Router) -> Layer:
    return router.tracks["0"].layers[0]


def _state(router: Router) -> dict[str, Any]:
    layer = _layer(router)
    found = {name: value for name, value in fields(layer, LayerRow).items() if name not in {"passed", "open"}}
    ring = [layer.kept(number).hex() for number in range(layer.highest - layer.ring_mask, layer.highest + 1)]
    return {**found, "ring": ring, "missing": layer.missing, "report": layer.report(1000.0)}
