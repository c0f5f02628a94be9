"""One track as one subscriber receives it: a row of numbers, and how a packet is rewritten by them.

Everything that a packet needs is a number in a slot, so that a compiled kernel can hold the same row as a struct. Widths:
sequence numbers are extended (they count wraps), timestamps 32 bits, picture ids 15, TL0PICIDX 8.
"""

from __future__ import annotations

import random
from array import array
from collections import deque
from collections.abc import Mapping
from typing import Final

from suite.rtc.core.media import Codec, Kind
from suite.rtc.packets import codecs, red, vp8
from suite.rtc.packets.layer import Layer
from suite.rtc.packets.rtp import (
    AUDIO_LEVEL,
    DEPENDENCY,
    HEADER,
    MAXIMUM,
    SEND_TIME,
    TRANSPORT_SEQUENCE,
    Packet,
    ids_by_kind,
    write_extensions,
)

NONE: Final = -1  # of a layer's index
ALL: Final = 7  # temporal layers
HISTORY: Final = 1024  # packets a subscriber may ask for again
_MASK: Final = HISTORY - 1
_STEP: Final = 0x100000000
_UNKNOWN_GAP: Final = 3.0  # s; two layers' clocks that differ by more are not believed


class Downtrack:
    """The row. `write` and `write_again` fill the subscriber's arena with a plain RTP packet and return its length."""

    __slots__ = (
        "_drops", "_form", "_history", "_history_times", "_number_at", "_time_at", "asked", "codecs",
        "current", "dropped_picture", "first_source", "form", "held_until", "ids", "kind", "last_picture",
        "last_sequence", "last_time", "last_timestamp", "last_zero", "number", "octets", "offset", "packets",
        "payload_type", "picture_offset", "plain_extensions", "primary_type", "recent", "reported",
        "rtx_payload_type", "rtx_sequence", "rtx_ssrc", "source_codec", "ssrc", "target", "temporal",
        "temporal_now", "timestamp_offset", "wanted", "zero_offset",
    )  # fmt: skip

    def __init__(self, *, number: int, kind: Kind, ssrc: int, rtx_ssrc: int | None) -> None:
        self.number = number
        self.kind = kind
        self.ssrc = ssrc
        self.rtx_ssrc = rtx_ssrc or 0
        self.codecs: tuple[Codec, ...] = ()
        self.ids: list[int] = []
        self.plain_extensions = True
        self._form = b""
        self._time_at = self._number_at = 0
        # what control wants, what the plane aims at, what flows
        self.wanted = self.target = self.current = NONE
        self.recent = NONE  # the last that flowed, also while paused
        self.temporal = self.temporal_now = ALL  # temporal layers: wanted, and flowing
        self.dropped_picture = NONE
        # the subscriber's payload types for what the publisher sends now; 0 is none
        self.source_codec: Codec | None = None
        self.form = self.payload_type = self.rtx_payload_type = self.primary_type = 0
        # numbering: what is sent is what came plus an offset
        self.offset = 0
        self.first_source = 0
        self.last_sequence = 0x10000 + random.randrange(1, 0x4000)  # noqa: S311 -- SRTP keeps the secret, not the start
        self.timestamp_offset = self.last_timestamp = 0
        self.last_time = -1.0
        self.picture_offset = self.last_picture = 0
        self.zero_offset = self.last_zero = 0
        self.rtx_sequence = random.randrange(0x4000)  # noqa: S311 -- as above
        self.packets = self.octets = 0
        self.held_until = 0.0  # when its first packet may be sent
        self.asked = 0  # keyframes that the subscriber has asked for
        self.reported: tuple[int, float] = (0, -1.0)  # the middle of the NTP time of the last sender report, and when
        self._drops: deque[tuple[int, int, int, int]] = deque(maxlen=32)  # first, last, offsets before: sequence, picture
        # out sequence 16 | source sequence 33 | layer 4, and timestamp 32 | picture 15 | TL0 8
        self._history = array("Q", bytes(8 * HISTORY))
        self._history_times = array("Q", bytes(8 * HISTORY))

    def negotiated(self, offered: tuple[Codec, ...], extensions: Mapping[str, int]) -> None:
        """Take over the subscriber's payload types and extension ids; numbering goes on."""
        self.codecs = offered
        self.ids = ids_by_kind(extensions)
        self.plain_extensions = not (self.ids[DEPENDENCY] or self.ids[AUDIO_LEVEL]) and max(self.ids) < 15
        self.source_codec = None
        # A form for the extensions that every packet has, and where in it the time and the number go.
        always = [(kind, bytes(size)) for kind, size in ((SEND_TIME, 3), (TRANSPORT_SEQUENCE, 2)) if self.ids[kind]]
        self._form = write_extensions(self.ids, always)
        self._time_at = 12 + 5 if self.ids[SEND_TIME] else 0
        self._number_at = (12 + 5 + (4 if self._time_at else 0)) if self.ids[TRANSPORT_SEQUENCE] else 0

    def use(self, codec: Codec) -> None:
        """The publisher sends `codec` from now on: find the subscriber's payload type for it."""
        self.source_codec = codec
        chosen = codecs.matching(codec, self.codecs)
        self.form = codecs.FORMS.get(codec.mime, codecs.OTHER)
        self.primary_type = 0
        if self.form == codecs.RED:
            opus = next((one for one in self.codecs if one.mime == "audio/opus"), None)
            self.primary_type = opus.payload_type if opus else 0
            if chosen is None and opus is not None:
                chosen = opus
                self.form = codecs.OPUS
        self.payload_type = chosen.payload_type if chosen else 0
        self.rtx_payload_type = (chosen.rtx_payload_type or 0) if chosen else 0

    # --- numbering

    def switch(self, layer: Layer, former: Layer | None, packet: Packet, extended: int, now: float) -> None:
        """Go over to `layer` at this packet, so that numbers and times go on without a gap."""
        self.current = self.recent = layer.index
        self.first_source = extended
        self.offset = self.last_sequence + 1 - extended
        self._drops.clear()
        self.temporal_now = self.temporal
        if self.last_time >= 0:
            self._align_timestamp(layer, former, packet.timestamp, now)
        if self.form == codecs.VP8 and self.packets:
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
            apart = (exact - by_time + _STEP // 2) % _STEP - _STEP // 2
            if abs(apart) < _UNKNOWN_GAP * rate:
                chosen = exact
        ahead = (timestamp + chosen - self.last_timestamp) % _STEP
        if not 0 < ahead < _STEP // 2:
            chosen = self.last_timestamp + 1 - timestamp
        self.timestamp_offset = chosen % _STEP

    def skip(self, extended: int, picture: int = NONE) -> None:
        """A packet of the current layer that is not sent (padding, or of `picture`): those after it close up."""
        if self.current == NONE or extended < self.first_source or extended + self.offset <= self.last_sequence:
            return
        drops = self._drops
        if drops and drops[-1][1] == extended - 1:
            first, _, offset, pictures = drops.pop()
            drops.append((first, extended, offset, pictures))
        else:
            drops.append((extended, extended, self.offset, self.picture_offset))
        self.offset -= 1
        if picture not in {NONE, self.dropped_picture}:
            self.dropped_picture = picture
            self.picture_offset -= 1

    def hides(self, packet: Packet) -> bool:
        """Whether the picture is of a temporal layer that this subscriber is not to get.

        Layers are left between two pictures, and taken up at one that needs only the layer below (RFC 7741, Y).
        """
        if packet.begins:
            if self.temporal < self.temporal_now:
                self.temporal_now = self.temporal
            elif self.temporal_now < packet.temporal <= self.temporal and packet.synchronous:
                self.temporal_now = packet.temporal
        return packet.temporal > self.temporal_now

    def _outgoing(self, extended: int) -> tuple[int, int]:
        """The number under which a packet is sent, and what to add to its picture id; number 0 where it is not sent."""
        offset, pictures = self.offset, self.picture_offset
        for first, last, former, former_pictures in reversed(self._drops):
            if extended > last:
                return extended + offset, pictures
            if extended >= first:
                return 0, 0
            offset, pictures = former, former_pictures
        return (0, 0) if len(self._drops) == self._drops.maxlen else (extended + offset, pictures)

    # --- writing

    def write(self, arena: bytearray, layer: Layer, packet: Packet, extended: int, now: float, transport_sequence: int) -> int:
        """Rewrite a packet of the current layer into `arena`; its length, or 0 where nothing is to be sent."""
        if not self.payload_type:
            return 0
        if extended < self.first_source:
            return 0
        sequence, pictures = extended + self.offset, self.picture_offset
        if sequence <= self.last_sequence and self._drops:
            sequence, pictures = self._outgoing(extended)
            if not sequence:
                return 0
        timestamp = (packet.timestamp + self.timestamp_offset) % _STEP
        picture = zero = 0
        if self.form == codecs.VP8:
            picture = (packet.picture + pictures) & 0x7FFF
            zero = (packet.zero + self.zero_offset) & 0xFF
        length = self._fill(
            arena,
            packet,
            sequence & 0xFFFF,
            timestamp,
            picture,
            zero,
            self.payload_type,
            self.ssrc,
            None,
            now,
            transport_sequence,
        )
        if not length:
            return 0
        slot = sequence & _MASK
        self._history[slot] = (sequence & 0xFFFF) << 48 | (extended & 0xFFFFFFFFFFF) << 4 | layer.index
        self._history_times[slot] = timestamp << 23 | picture << 8 | zero
        if sequence > self.last_sequence:
            self.last_sequence = sequence
            self.last_timestamp = timestamp
            self.last_time = now
            self.last_picture = picture
            self.last_zero = zero
        self.packets += 1
        self.octets += packet.end - packet.payload
        return length

    def sent(self, sequence: int) -> tuple[int, int] | None:
        """Which layer and extended source number a packet had that was sent as `sequence`; None where it is forgotten."""
        entry = self._history[sequence & _MASK]
        if not entry or entry >> 48 != sequence:
            return None
        return entry & 15, entry >> 4 & 0xFFFFFFFFFFF

    def write_again(self, arena: bytearray, packet: Packet, sequence: int, now: float, transport_sequence: int) -> int:
        """Write what was sent as `sequence` once more: as a retransmission (RFC 4588) where negotiated, else as it was."""
        times = self._history_times[sequence & _MASK]
        payload_type, ssrc, original, number = self.payload_type, self.ssrc, None, sequence
        if self.rtx_payload_type and self.rtx_ssrc:
            self.rtx_sequence = number = (self.rtx_sequence + 1) & 0xFFFF
            payload_type, ssrc, original = self.rtx_payload_type, self.rtx_ssrc, sequence
        return self._fill(
            arena,
            packet,
            number,
            times >> 23,
            times >> 8 & 0x7FFF,
            times & 0xFF,
            payload_type,
            ssrc,
            original,
            now,
            transport_sequence,
        )

    def _fill(
        self, arena: bytearray, packet: Packet, sequence: int, timestamp: int, picture: int, zero: int,
        payload_type: int, ssrc: int, original: int | None, now: float, transport_sequence: int,
    ) -> int:  # fmt: skip
        buffer, start, end = packet.buffer, packet.payload, packet.end
        extensions = self._form if self.plain_extensions else self._extensions(packet)
        at = 12 + len(extensions)
        HEADER.pack_into(arena, 0, 0x90 if extensions else 0x80, packet.marker | payload_type, sequence, timestamp, ssrc)
        arena[12:at] = extensions
        if self._time_at:
            # 6.18 fixed point seconds, modulo 64
            arena[self._time_at : self._time_at + 3] = (int(now * 262144) & 0xFFFFFF).to_bytes(3, "big")
        if self._number_at:
            arena[self._number_at] = transport_sequence >> 8
            arena[self._number_at + 1] = transport_sequence & 0xFF
        if original is not None:
            arena[at] = original >> 8
            arena[at + 1] = original & 0xFF
            at += 2
        if self.kind == "audio" and self.source_codec is not None and self.source_codec.mime == "audio/red":
            payload = self._audio(bytes(buffer[start:end]))
            if not payload:
                return 0
            buffer, start, end = payload, 0, len(payload)
        stop = at + end - start
        if stop > MAXIMUM:
            return 0
        arena[at:stop] = buffer[start:end]
        if self.form == codecs.VP8:
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

    def _extensions(self, packet: Packet) -> bytes:
        """The form, with what is passed on of this packet; two-byte headers throughout where one of them asks for it."""
        ids = self.ids
        values = [(kind, bytes(size)) for kind, size in ((SEND_TIME, 3), (TRANSPORT_SEQUENCE, 2)) if ids[kind]]
        values += [(kind, bytes(packet.value(kind))) for kind in (AUDIO_LEVEL, DEPENDENCY) if ids[kind] and packet.at[kind]]
        extensions = write_extensions(ids, values)
        wide = extensions[:1] == b"\x10"
        self._time_at = (12 + 5 + wide) if ids[SEND_TIME] else 0
        self._number_at = (12 + 5 + wide + ((4 + wide) if self._time_at else 0)) if ids[TRANSPORT_SEQUENCE] else 0
        return extensions
