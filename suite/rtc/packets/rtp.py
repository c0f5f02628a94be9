"""RTP packets as bytes (RFC 3550, header extensions by RFC 8285), read without an object for each packet."""

from __future__ import annotations

from collections.abc import Mapping
from ctypes import addressof, memset, sizeof
from struct import Struct
from typing import Final

from suite.rtc.kernel.rows import DATAGRAM, PacketRow
from suite.rtc.packets import codecs, dependency, vp8, vp9

HEADER: Final = Struct("!BBHII")  # V P X CC, M PT, sequence, timestamp, SSRC
_EXTENSION: Final = Struct("!HH")
_ONE_BYTE: Final = 0xBEDE
_TWO_BYTE: Final = 0x1000
MAXIMUM: Final = 1472  # bytes of a UDP payload on an Ethernet path; nothing larger is forwarded

# Kinds of header extension that the plane reads or writes: small numbers, so that a packet's own are found in one pass.
MID: Final = 1
RID: Final = 2
REPAIRED_RID: Final = 3
AUDIO_LEVEL: Final = 4
TRANSPORT_SEQUENCE: Final = 5
DEPENDENCY: Final = 6
SEND_TIME: Final = 7
_KINDS: Final = 8
_UNREAD: Final = -1  # of a packet's form

URIS: Final[Mapping[str, int]] = {
    "urn:ietf:params:rtp-hdrext:sdes:mid": MID,
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id": RID,
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id": REPAIRED_RID,
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level": AUDIO_LEVEL,
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01": TRANSPORT_SEQUENCE,
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension": DEPENDENCY,
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time": SEND_TIME,
}


def kinds_by_id(extensions: Mapping[str, int], known: bytes = bytes(256)) -> bytes:
    """A table of 256: header extension id to kind, 0 where the plane has no use for it; added to the table `known`."""
    table = bytearray(known)
    for uri, identifier in extensions.items():
        if 0 < identifier < 256:
            table[identifier] = URIS.get(uri, 0)
    return bytes(table)


def ids_by_kind(extensions: Mapping[str, int]) -> list[int]:
    """Kind to the id that a subscriber negotiated, 0 where it did not."""
    ids = [0] * _KINDS
    for uri, identifier in extensions.items():
        kind = URIS.get(uri)
        if kind is not None and 0 < identifier < 256:
            ids[kind] = identifier
    return ids


class Packet(PacketRow):
    """What was read of a datagram. One instance is filled again and again; the compiled kernel fills the same fields.

    Offsets count from the first byte; `at[kind]` is where an extension's value begins, 0 where it is absent. `end` leaves
    padding out. `picture`, `zero`, `temporal`, `synchronous` (the picture needs only the layer below it), `begins` (the
    first packet of its picture), `ends` (its last) and `keyframe` (somebody can begin to watch or listen here) are of
    `inspect`. `present`, `switches` and `tops` say of a `layered` packet what its frame is to each layer (`dependency.py`).
    """

    buffer: bytes | bytearray = b""

    def read(self, buffer: bytes | bytearray, length: int, kinds: bytes) -> bool:
        """Read the packet in `buffer[:length]`; False where it is none, and then nothing of it may be used."""
        if not 12 <= length <= DATAGRAM:
            return False
        first, second, sequence, timestamp, ssrc = HEADER.unpack_from(buffer)
        if first >> 6 != 2:
            return False
        memset(addressof(self), 0, _SIZE)
        self.sequence, self.timestamp, self.ssrc = sequence, timestamp, ssrc
        self.buffer = buffer
        self.length = length
        self.form = _UNREAD
        self.marker = second & 0x80
        self.payload_type = second & 0x7F
        payload: int = 12 + 4 * (first & 15)
        if first & 0x10:
            payload = self._read_extensions(buffer, payload, length, kinds)
        end = length
        if first & 0x20:
            padding = buffer[length - 1]
            if padding == 0:
                return False
            end -= padding
        self.payload = payload
        self.end = end
        return 12 <= payload <= end

    def _read_extensions(  # noqa: C901 -- one pass over hostile bytes without a call for each extension
        self, buffer: bytes | bytearray, at: int, length: int, kinds: bytes
    ) -> int:
        """Note where the known extensions are; where the payload begins, or 0 where they do not fit."""
        if at + 4 > length:
            return 0
        profile, words = _EXTENSION.unpack_from(buffer, at)
        at += 4
        stop: int = at + 4 * words
        if stop > length:
            return 0
        ats, sizes = self.at, self.size
        one = profile == _ONE_BYTE
        if not one and profile & 0xFFF0 != _TWO_BYTE:
            return stop  # a profile that nobody negotiated: passed over
        while at < stop:
            head = buffer[at]
            at += 1
            if head == 0:
                continue
            if one:
                identifier, size = head >> 4, (head & 15) + 1
                if identifier == 15:
                    break
            else:
                if at >= stop:
                    return 0
                identifier, size = head, buffer[at]
                at += 1
            if at + size > stop:
                return 0
            kind = kinds[identifier]
            if kind:
                ats[kind] = at
                sizes[kind] = size
            at += size
        return stop

    def inspect(self, form: int) -> None:
        """Read what rewriting and switching need of the payload, which is of the codec `form`."""
        self.form = form
        if form == codecs.VP8:
            self._read_vp8()
        elif form in {codecs.VP9, codecs.AV1} and self.at[DEPENDENCY] and self.size[DEPENDENCY] >= 3:
            self._read_frame()
        elif form == codecs.VP9 and not self.at[DEPENDENCY]:
            self._read_vp9()
        self.keyframe = (
            form in {codecs.OPUS, codecs.RED}
            or codecs.is_keyframe(form, self.buffer, self.payload, self.end)
            or (self.at[DEPENDENCY] > 0 and dependency.starts_sequence(self.value(DEPENDENCY)))
        )

    def _read_frame(self) -> None:
        """Note where the frame begins and ends, and its number (AV1 RTP, A.8.2, mandatory_descriptor_fields)."""
        buffer, at = self.buffer, self.at[DEPENDENCY]
        self.begins, self.ends = buffer[at] >> 7, buffer[at] >> 6 & 1
        self.picture = (buffer[at + 1] << 8) | buffer[at + 2]

    def _read_vp8(self) -> None:
        """Note the picture id, TL0PICIDX and temporal layer, and where in the payload they stand."""
        buffer, at = self.buffer, self.payload
        picture_at, zero_at, layer_at, width = vp8.locate(buffer, at, self.end)
        self.picture_at, self.zero_at, self.picture_width = picture_at, zero_at, width
        if picture_at:
            self.picture = vp8.read_picture(buffer, at + picture_at, width)
        if zero_at:
            self.zero = buffer[at + zero_at]
        if layer_at:
            self.temporal = buffer[at + layer_at] >> 6
            self.synchronous = bool(buffer[at + layer_at] & 0x20)
            self.begins = buffer[at] & 0x17 == 0x10

    def _read_vp9(self) -> None:
        """Note the picture id and TL0PICIDX and where they stand, and which layer of its picture the frame is."""
        buffer, at = self.buffer, self.payload
        found = vp9.locate(buffer, at, self.end)
        if found is None:
            return
        picture_at, layers_at, zero_at, width = found
        first = buffer[at]
        self.picture_at, self.zero_at, self.picture_width = picture_at, zero_at, width
        self.begins, self.ends, self.predicted = (bool(first & flag) for flag in (vp9.BEGINS, vp9.ENDS, vp9.PREDICTED))
        if picture_at:
            self.picture = vp8.read_picture(buffer, at + picture_at, width)
        if zero_at:
            self.zero = buffer[at + zero_at]
        if layers_at:
            told = buffer[at + layers_at]
            self.layered = vp9.BY_DESCRIPTOR
            self.spatial, self.temporal = min(told >> 1 & 7, dependency.DEEPEST), min(told >> 5, dependency.DEEPEST)
            self.synchronous = bool(told & 0x10)
            self.present, self.tops = vp9.PRESENT[self.spatial][self.temporal], vp9.TOPS[self.spatial]

    def value(self, kind: int) -> bytes | bytearray:
        """The bytes of an extension; empty where it is absent."""
        at = self.at[kind]
        return self.buffer[at : at + self.size[kind]] if at else b""

    def text(self, kind: int) -> str:
        """An extension's ASCII value (mid, rid); empty where it is absent or is none."""
        try:
            return self.value(kind).decode("ascii")
        except UnicodeDecodeError:
            return ""


_SIZE: Final = sizeof(Packet)


class Source:
    """What of a packet everybody's rewriting of it needs, read once."""

    __slots__ = (
        "ends",
        "extended",
        "key",
        "key_above",
        "marker",
        "now",
        "packet",
        "payload",
        "picture",
        "picture_at",
        "picture_width",
        "send_time",
        "size",
        "timestamp",
        "zero",
        "zero_at",
    )

    def __init__(self, packet: Packet, layer: int, extended: int, now: float) -> None:
        """Of the layer with this index, numbered `extended`; `now` is when it is sent, monotonic seconds."""
        self.packet, self.extended, self.now = packet, extended, now
        key = extended << 4 | layer  # what a downtrack's history knows it by
        self.key, self.key_above = key & 0xFFFFFFFF, key >> 32 & 0xFFFF
        at, end = packet.payload, packet.end
        self.payload = bytearray(packet.buffer[at:end])  # copied from one byte array to another fastest
        self.size = end - at
        self.timestamp = packet.timestamp
        self.picture, self.picture_at, self.picture_width = packet.picture, packet.picture_at, packet.picture_width
        self.zero, self.zero_at = packet.zero, packet.zero_at
        self.marker, self.ends = packet.marker, packet.ends
        self.send_time = int(now * 262144) & 0xFFFFFF  # 6.18 fixed point seconds, modulo 64


class Head:
    """How each packet to a subscriber begins: the fixed header, and the extensions that all have, when and as what it left.

    `template` is those extensions with nothing in them (`write_extensions`), with one-byte headers.
    """

    __slots__ = ("_number", "_pack", "_profile", "_time", "length")

    def __init__(self, template: bytes, *, timed: bool, numbered: bool) -> None:
        self.length = 12 + len(template)
        self._profile = int.from_bytes(template[:4], "big")
        self._time = template[4] << 24 if timed else 0
        self._number = template[8 if timed else 4] if numbered else 0
        kinds = ("I" if template else "") + ("I" if timed else "") + ("BHx" if numbered else "")
        self._pack = Struct("!BBHII" + kinds).pack_into

    def write(
        self, arena: bytearray, second: int, sequence: int, timestamp: int, ssrc: int, send_time: int, number: int
    ) -> None:
        """Write it into `arena`, with the marker and the payload type as `second`."""
        if self._time and self._number:
            self._pack(
                arena, 0, 0x90, second, sequence, timestamp, ssrc, self._profile, self._time | send_time, self._number, number
            )
        elif self._time:
            self._pack(arena, 0, 0x90, second, sequence, timestamp, ssrc, self._profile, self._time | send_time)
        elif self._number:
            self._pack(arena, 0, 0x90, second, sequence, timestamp, ssrc, self._profile, self._number, number)
        else:
            self._pack(arena, 0, 0x80, second, sequence, timestamp, ssrc)


def repaired(packet: Packet, *, ssrc: int, payload_type: int) -> bytes:
    """The original packet out of a retransmission (RFC 4588); empty where it carries none (padding that probes a line)."""
    if packet.end - packet.payload < 3:
        return b""
    buffer, at = packet.buffer, packet.payload
    header = bytearray(buffer[:at])
    header[0] &= 0xDF
    header[1] = packet.marker | payload_type
    header[2:4] = buffer[at : at + 2]
    header[8:12] = ssrc.to_bytes(4, "big")
    return bytes(header) + buffer[at + 2 : packet.end]


def write_extensions(ids: list[int], values: list[tuple[int, bytes]]) -> bytes:
    """Header extensions for a subscriber: `values` are (kind, value); those that it did not negotiate are left out.

    Two-byte headers are used where a value or an id asks for them (RFC 8285, 4.3; `a=extmap-allow-mixed`).
    """
    chosen = [(ids[kind], value) for kind, value in values if ids[kind]]
    if not chosen:
        return b""
    if all(identifier < 15 and 0 < len(value) <= 16 for identifier, value in chosen):
        body = b"".join(bytes(((identifier << 4) | (len(value) - 1),)) + value for identifier, value in chosen)
        profile = _ONE_BYTE
    else:
        body = b"".join(bytes((identifier, len(value))) + value for identifier, value in chosen if len(value) < 256)
        profile = _TWO_BYTE
    body += bytes(-len(body) % 4)
    return _EXTENSION.pack(profile, len(body) // 4) + body
