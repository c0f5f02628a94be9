"""One track as one subscriber receives it: a row of numbers, and how a packet is rewritten by them.

Everything that a packet needs is a number in the row, which the compiled kernel has as a struct and works on as well
(`suite/rtc/kernel/downtrack.c` is this module's twin). Widths: sequence numbers are extended (they count wraps),
timestamps 32 bits, picture ids 15, TL0PICIDX 8.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Mapping
from ctypes import memset
from struct import Struct
from typing import Final

from suite.rtc.core.media import Codec, Kind
from suite.rtc.kernel.rows import DROPS, DowntrackRow, span
from suite.rtc.packets import codecs, dependency, red, trailer, vp8
from suite.rtc.packets.flowing import STEP, Flowing
from suite.rtc.packets.layer import Layer
from suite.rtc.packets.rtp import (
    AUDIO_LEVEL,
    DEPENDENCY,
    HEADER,
    MAXIMUM,
    SEND_TIME,
    TRANSPORT_SEQUENCE,
    Head,
    Packet,
    Source,
    ids_by_kind,
    write_extensions,
)

_FRAMES: Final = frozenset({codecs.VP9, codecs.AV1})  # that keep the dependency descriptor
_PICTURES: Final = _FRAMES | {codecs.VP8}  # whose pictures are numbered
NONE: Final = -1  # of a layer's index
ALL: Final = 7  # temporal layers
HISTORY: Final[Mapping[Kind, int]] = {"video": 1024, "audio": 128}  # packets a subscriber may ask for again
# What is remembered of a packet that was sent, three 64-bit words (`struct rtc_kept`), in the pieces that are at hand:
# layer 4 | source sequence 44 | out sequence 16; TL0 8 | picture 16 | timestamp 32 | marker 1; number 16 | time 24 | turns 24
_KEPT, _WORDS = Struct("<IHHBHIBHIH"), Struct("<3Q")
_KEPT_BYTES: Final = _KEPT.size
_TURN: Final = 0x10000  # numbers begin one turn above zero, so that none is negative
_READ, _READ_AT = span(
    DowntrackRow,
    "offset first_source picture_offset zero_offset last_sequence packets octets ssrc timestamp_offset drop_count form "
    "payload_type trailers",
)
_WRITTEN, _WRITTEN_AT = span(
    DowntrackRow, "last_sequence written packets octets last_time last_timestamp last_picture last_zero"
)
_WRITTEN_LATE, _WRITTEN_LATE_AT = span(DowntrackRow, "written packets octets")
_UNKNOWN_GAP: Final = 3.0  # s; two layers' clocks that differ by more are not believed


class Downtrack(Flowing):
    """The row. `write` and `write_again` fill the subscriber's arena with a plain RTP packet and return its length.

    | fields | what they say |
    | --- | --- |
    | wanted, target, current, recent | the layer that control wants, the plane aims at, that flows, that flowed last |
    | temporal, temporal_now | temporal layers: wanted, and flowing |
    | spatial, pair_now | of layers within one stream: the spatial layer wanted, and the pair that flows (`dependency.py`) |
    | pair_before, turned_at, turned_time | the pair that flowed before, and with which packet the present one began |
    | latest | the latest packet that was looked at for its layer |
    | offset, first_source, last_sequence, written | sent is what came plus the offset; the latest, and the last written |
    | picture_offset, zero_offset, timestamp_offset | the same of picture ids, TL0PICIDX and timestamps |
    | drops | what closes up: first, last, and the offsets before, of sequence numbers and of picture ids |
    | form, payload_type, rtx_payload_type, primary_type | the subscriber's, for what the publisher sends now; 0 or `NONE` |
    | held_until | when its first packet may be sent |
    | trailers | whether frames lose their trailer (`trailer.py`) |
    """

    def __init__(self, *, number: int, kind: Kind, ssrc: int, rtx_ssrc: int | None) -> None:
        super().__init__()
        self.number = number
        self.kind = kind
        self.audio = kind == "audio"
        self.ssrc = ssrc
        self.rtx_ssrc = rtx_ssrc or 0
        self.codecs: tuple[Codec, ...] = ()
        self.ids: list[int] = []
        self.numbered = 0  # the id of the transport-wide number, where packets have one
        self._template = b""
        self._head = Head(b"", timed=False, numbered=False)
        self._plain = False  # whether packets go out as they came, but for numbers
        self.wanted = self.target = self.current = self.recent = self.payload_type = NONE
        self.temporal = self.temporal_now = ALL
        self.spatial = dependency.DEEPEST
        self.pair_now = self.pair_wanted()
        self.dropped_picture = NONE
        self.source_codec: Codec | None = None
        self.last_sequence = _TURN + random.randrange(1, 0x4000)  # noqa: S311 -- SRTP keeps the secret, not the start
        self.rtx_sequence = _TURN + random.randrange(0x4000)  # noqa: S311 -- SRTP keeps the secret, not the start
        self.last_time = -1.0
        self.aimed_at = 0.0  # when control last chose its layers
        self.asked = 0  # keyframes that the subscriber has asked for
        self.reported: tuple[int, float] = (0, -1.0)  # the middle of the NTP time of the last sender report, and when
        self.reports = 0  # how many there were since the clock of what is sent changed
        self.reported_offset = -1  # of that clock
        self.report_due = 0.0  # when the next one is, where the clock does not change
        self.history_mask = self._mask = HISTORY[kind] - 1
        self._kept = array("Q", bytes(_KEPT_BYTES * HISTORY[kind]))
        self.history = self._kept.buffer_info()[0]

    def negotiated(self, offered: tuple[Codec, ...], extensions: Mapping[str, int]) -> None:
        """Take over the subscriber's payload types and extension ids; numbering goes on."""
        before = (self.codecs, self.ids)
        self.codecs = offered
        self.ids = ids_by_kind(extensions)
        self.numbered = self.ids[TRANSPORT_SEQUENCE]
        self.plain_extensions = not (self.ids[DEPENDENCY] or self.ids[AUDIO_LEVEL]) and max(self.ids) < 15
        self.row_ids[:] = self.ids
        # What the extensions of every packet are, and where in it the time and the number go.
        always = [(kind, bytes(size)) for kind, size in ((SEND_TIME, 3), (TRANSPORT_SEQUENCE, 2)) if self.ids[kind]]
        self._template = write_extensions(self.ids, always)
        if self.plain_extensions:
            self._head = Head(self._template, timed=bool(self.ids[SEND_TIME]), numbered=bool(self.ids[TRANSPORT_SEQUENCE]))
            self.template_length = len(self._template)
            self.template[: len(self._template)] = list(self._template)
        self.time_at = 12 + 5 if self.ids[SEND_TIME] else 0
        self.number_at = (12 + 5 + (4 if self.time_at else 0)) if self.ids[TRANSPORT_SEQUENCE] else 0
        # What was sent under other numbers is not sent again: the same nonce would cover another header.
        if before != (offered, self.ids):
            memset(self.history, 0, _KEPT_BYTES * (self._mask + 1))
        if self.source_codec is not None:
            self.use(self.source_codec)

    def use(self, codec: Codec) -> None:
        """The publisher sends `codec` from now on: find the subscriber's payload type for it."""
        self.source_codec = codec
        chosen = codecs.matching(codec, self.codecs)
        self.form = self.source_form = codecs.FORMS.get(codec.mime, codecs.OTHER)
        self.primary_type = 0
        if self.form == codecs.RED:
            opus = next((one for one in self.codecs if one.mime == "audio/opus"), None)
            self.primary_type = opus.payload_type if opus else 0
            if chosen is None and opus is not None:
                chosen = opus
                self.form = codecs.OPUS
        self.payload_type = chosen.payload_type if chosen else NONE
        self._plain = self.plain_extensions and not (self.audio and self.source_form == codecs.RED)
        self.rtx_payload_type = (chosen.rtx_payload_type or 0) if chosen else 0

    # --- numbering

    def switch(self, layer: Layer, former: Layer | None, packet: Packet, extended: int, now: float) -> None:
        """Go over to `layer` at this packet, so that numbers and times go on without a gap."""
        self.current = self.recent = layer.index
        self.first_source = extended
        self.offset = self.last_sequence + 1 - extended
        self.drop_count = 0
        self.temporal_now = self.temporal
        self.pair_now = self.pair_before = self.pair_wanted()
        self.turned_at = self.latest = extended
        self.turned_time = packet.timestamp
        if self.last_time >= 0:
            self._align_timestamp(layer, former, packet.timestamp, now)
        if self.form in _PICTURES and self.packets:
            self.picture_offset = self.last_picture + 1 - packet.picture
            self.zero_offset = self.last_zero + 1 - packet.zero

    def _align_timestamp(self, layer: Layer, former: Layer | None, timestamp: int, now: float) -> None:
        """Continue the subscriber's clock: by both layers' sender reports where they came, else by the time that passed."""
        rate = layer.clock_rate
        elapsed = max(1, int((now - self.last_time) * rate))
        by_time = self.last_timestamp + elapsed - timestamp
        shift = former.timestamp_shift(layer) if former is not None and former is not layer else None
        if former is layer:
            shift = 0
        chosen = by_time
        if shift is not None:
            exact = self.timestamp_offset + shift
            apart = (exact - by_time + STEP // 2) % STEP - STEP // 2
            if abs(apart) < _UNKNOWN_GAP * rate:
                chosen = exact
        ahead = (timestamp + chosen - self.last_timestamp) % STEP
        if not 0 < ahead < STEP // 2:
            chosen = self.last_timestamp + 1 - timestamp
        self.timestamp_offset = chosen % STEP

    def skip(self, extended: int, picture: int = NONE) -> None:
        """A packet of the current layer that is not sent (padding, or of `picture`): those after it close up."""
        if self.current == NONE or extended < self.first_source or extended + self.offset <= self.last_sequence:
            return
        drops, count = self.drops, self.drop_count
        if count and drops[count - 1][1] == extended - 1:
            drops[count - 1][1] = extended
        else:
            if count == DROPS:
                count -= 1
                for index in range(count):
                    drops[index][:] = list(drops[index + 1])
            drops[count][:] = [extended, extended, self.offset, self.picture_offset]
            self.drop_count = count + 1
        self.offset -= 1
        if picture not in {NONE, self.dropped_picture}:
            self.dropped_picture = picture
            self.picture_offset -= 1

    def _outgoing(self, extended: int) -> tuple[int, int]:
        """The number under which a packet is sent, and what to add to its picture id; number 0 where it is not sent."""
        offset, pictures = self.offset, self.picture_offset
        for index in range(self.drop_count - 1, -1, -1):
            first, last, former, former_pictures = self.drops[index]
            if extended > last:
                return extended + offset, pictures
            if extended >= first:
                return 0, 0
            offset, pictures = former, former_pictures
        return (0, 0) if self.drop_count == DROPS else (extended + offset, pictures)

    # --- writing

    def write(self, arena: bytearray, source: Source, transport_sequence: int) -> int:
        """Rewrite a packet of the current layer into `arena`; its length, or 0 where nothing is to be sent."""
        extended = source.extended
        (
            offset, first, pictures, zeros, last, packets, octets, ssrc, clock, dropped, form, payload_type, trailers,
        ) = _READ.unpack_from(self, _READ_AT)  # fmt: skip
        if payload_type == NONE or extended < first:
            return 0
        sequence = extended + offset
        if sequence <= last and dropped:
            sequence, pictures = self._outgoing(extended)
            if not sequence:
                return 0
        number = sequence & 0xFFFF
        timestamp = (source.timestamp + clock) & 0xFFFFFFFF
        picture = zero = 0
        if form == codecs.VP8 or source.picture_at or source.zero_at:
            picture = (source.picture + pictures) & 0x7FFF
            zero = (source.zero + zeros) & 0xFF
        elif form in _FRAMES:
            picture = (source.picture + pictures) & 0xFFFF
        marker = 0x80 if source.ends and source.packet.tops >> self.pair_of(source.packet, extended) & 1 else 0
        second = source.marker | marker | payload_type
        if self._plain and not trailers:
            length = self._fill_plain(arena, source, second, number, timestamp, ssrc, picture, zero, transport_sequence)
        else:
            length = self._fill(
                arena, source.packet, number, timestamp, picture, zero, payload_type, ssrc, None, source.send_time,
                transport_sequence, source.marker | marker,
            )  # fmt: skip
        if not length:
            return 0
        turns = sequence >> 16
        _KEPT.pack_into(
            self._kept, _KEPT_BYTES * (sequence & self._mask), source.key, source.key_above, number, zero, picture, timestamp,
            marker >> 7, transport_sequence, source.send_time | (turns & 0xFF) << 24, turns >> 8 & 0xFFFF,
        )  # fmt: skip
        packets, octets = packets + 1, octets + source.size
        if sequence > last:
            _WRITTEN.pack_into(self, _WRITTEN_AT, sequence, sequence, packets, octets, source.now, timestamp, picture, zero)
        else:
            _WRITTEN_LATE.pack_into(self, _WRITTEN_LATE_AT, sequence, packets, octets)
        return length

    def turns(self) -> int:
        """SRTP's rollover counter of the packet that was written last."""
        return (self.written - _TURN) >> 16

    def sends_again_as_rtx(self) -> bool:
        """Whether retransmissions have a stream of their own (RFC 4588)."""
        return bool(self.rtx_payload_type and self.rtx_ssrc)

    @property
    def template_of_all(self) -> bytes:
        """The header extensions that every packet has."""
        return self._template

    def sent(self, sequence: int) -> tuple[int, int] | None:
        """Which layer and extended source number a packet had that was sent as `sequence`; None where it is forgotten."""
        entry = _WORDS.unpack_from(self._kept, _KEPT_BYTES * (sequence & self._mask))[0]
        if not entry or entry >> 48 != sequence:
            return None
        return entry & 15, entry >> 4 & 0xFFFFFFFFFFF

    def write_again(self, arena: bytearray, packet: Packet, sequence: int, now: float, transport_sequence: int) -> int:
        """Write what was sent as `sequence` once more: as a retransmission (RFC 4588) where negotiated, else byte for byte."""
        _, times, stamps = _WORDS.unpack_from(self._kept, _KEPT_BYTES * (sequence & self._mask))
        payload_type, ssrc, original, number = self.payload_type, self.ssrc, None, sequence
        send_time, transport = stamps >> 16 & 0xFFFFFF, stamps & 0xFFFF
        self.written = (stamps >> 40) << 16 | sequence
        if self.sends_again_as_rtx():
            self.rtx_sequence += 1
            self.written = self.rtx_sequence
            number = self.written & 0xFFFF
            payload_type, ssrc, original = self.rtx_payload_type, self.rtx_ssrc, sequence
            send_time, transport = int(now * 262144) & 0xFFFFFF, transport_sequence
        return self._fill(
            arena, packet, number, times >> 24 & 0xFFFFFFFF, times >> 8 & 0xFFFF, times & 0xFF, payload_type, ssrc, original,
            send_time, transport, packet.marker | (times >> 56 & 1) << 7,
        )  # fmt: skip

    def _fill_plain(
        self, arena: bytearray, source: Source, second: int, sequence: int, timestamp: int, ssrc: int, picture: int, zero: int,
        transport_sequence: int,
    ) -> int:  # fmt: skip
        """`_fill` where the payload goes out as it came, but for VP8's numbers: most packets."""
        head = self._head
        at = head.length
        stop = at + source.size
        if stop > MAXIMUM:
            return 0
        head.write(arena, second, sequence, timestamp, ssrc, source.send_time, transport_sequence)
        arena[at:stop] = source.payload
        if source.picture_at:
            vp8.write_picture(arena, at + source.picture_at, source.picture_width, picture)
        if source.zero_at:
            arena[at + source.zero_at] = zero
        return stop

    def _fill(
        self, arena: bytearray, packet: Packet, sequence: int, timestamp: int, picture: int, zero: int,
        payload_type: int, ssrc: int, original: int | None, send_time: int, transport_sequence: int,
        marker: int,
    ) -> int:  # fmt: skip
        buffer, start, end = packet.buffer, packet.payload, packet.end
        extensions = self._template if self.plain_extensions else self._extensions(packet, picture)
        at = 12 + len(extensions)
        HEADER.pack_into(arena, 0, 0x90 if extensions else 0x80, marker | payload_type, sequence, timestamp, ssrc)
        arena[12:at] = extensions
        time_at, number_at = self.time_at, self.number_at
        if time_at:  # 6.18 fixed point seconds, modulo 64
            arena[time_at : time_at + 3] = send_time.to_bytes(3, "big")
        if number_at:
            arena[number_at] = transport_sequence >> 8
            arena[number_at + 1] = transport_sequence & 0xFF
        if original is not None:
            arena[at] = original >> 8
            arena[at + 1] = original & 0xFF
            at += 2
        if self.audio and self.source_form == codecs.RED:
            payload = self._audio(bytes(buffer[start:end]))
            if not payload:
                return 0
            buffer, start, end = payload, 0, len(payload)
        stop = at + end - start
        if stop > MAXIMUM:
            return 0
        arena[at:stop] = buffer[start:end]
        if self.trailers and not self.audio and (packet.marker or packet.ends):
            stop = trailer.cut(arena, self.form, at, stop)
        if packet.picture_at:
            vp8.write_picture(arena, at + packet.picture_at, packet.picture_width, picture)
        if packet.zero_at:
            arena[at + packet.zero_at] = zero
        return stop

    def _audio(self, payload: bytes) -> bytes:
        """RED for who negotiated it (with his payload type for Opus), else the primary alone."""
        if self.form == codecs.RED:
            return red.with_payload_type(payload, self.primary_type) if self.primary_type else payload
        found = red.blocks(payload, 0, len(payload))
        return payload[found[-1][2] : found[-1][3]] if found else b""

    def _extensions(self, packet: Packet, frame: int) -> bytes:
        """The form, with what is passed on of this packet; two-byte headers throughout where one of them asks for it."""
        ids = self.ids
        values = [(kind, bytes(size)) for kind, size in ((SEND_TIME, 3), (TRANSPORT_SEQUENCE, 2)) if ids[kind]]
        if ids[AUDIO_LEVEL] and packet.at[AUDIO_LEVEL]:
            values.append((AUDIO_LEVEL, bytes(packet.value(AUDIO_LEVEL))))
        # Of other codecs the frames of two layers are numbered without regard to each other.
        if ids[DEPENDENCY] and packet.at[DEPENDENCY] and self.form in _FRAMES:
            value = bytes(packet.value(DEPENDENCY))
            values.append((DEPENDENCY, value[:1] + frame.to_bytes(2, "big") + value[3:] if len(value) >= 3 else value))
        extensions = write_extensions(ids, values)
        wide = extensions[:1] == b"\x10"
        self.time_at = (12 + 5 + wide) if ids[SEND_TIME] else 0
        self.number_at = (12 + 5 + wide + ((4 + wide) if self.time_at else 0)) if ids[TRANSPORT_SEQUENCE] else 0
        return extensions
