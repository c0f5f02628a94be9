"""What arrives on one transport: which stream a packet belongs to, and what a subscriber's RTCP asks for."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from ctypes import addressof, c_char_p, c_int64, c_void_p, cast
from operator import add
from typing import Any, Final

from suite.rtc.core.media import Receive
from suite.rtc.kernel.rows import HEADERS, LineRow
from suite.rtc.packets import codecs, red, rtcp
from suite.rtc.packets.downtrack import Downtrack
from suite.rtc.packets.layer import Layer
from suite.rtc.packets.line import Line
from suite.rtc.packets.rtp import AUDIO_LEVEL, MID, REPAIRED_RID, RID, TRANSPORT_SEQUENCE, Packet, kinds_by_id, repaired
from suite.rtc.packets.track import Track
from suite.rtc.packets.twcc import Arrivals, KernelArrivals

_NO_KINDS: Final = bytes(256)
RESENT_AT_MOST: Final = 64  # packets resent for one NACK
RESENT_A_SECOND: Final = 1000  # packets resent to one subscriber


class RtcpReader:
    """What RTCP tells of a subscriber's line; the transport overrides what it wants to know."""

    def loss(self, fraction: float, round_trip: float | None) -> None:
        """A receiver report came."""

    def estimate(self, bit_rate: int) -> None:
        """A REMB came."""

    def transport_feedback(self, body: bytes, now: float) -> None:
        """A transport-wide feedback came."""


def carried_by(downtrack: Downtrack) -> tuple[int, int, int]:
    """Packets, bytes of their payloads, and bytes of packets without a transport-wide number, which no feedback tells of."""
    silent = downtrack.ids and not downtrack.numbered
    unnumbered = downtrack.octets + HEADERS * downtrack.packets if silent else 0
    return downtrack.packets, downtrack.octets, unnumbered


class Router:
    """The tables of one transport. Payload types and extension ids are the transport's own, as its SDP numbered them."""

    def __init__(self, *, line: Line, sender: int, count: Callable[[str], None], kernel: Any = None) -> None:
        """`count` adds one to a named counter; `sender` is our SSRC in RTCP to this peer."""
        self.line = line
        self.sender = sender
        self.count = count
        self.tracks: dict[str, Track] = {}  # by mid
        self.downtracks: dict[int, tuple[Downtrack, Track]] = {}  # by SSRC and by the SSRC of retransmissions
        self.arrivals: Arrivals | KernelArrivals = Arrivals()
        self.round_trip = 0.0
        self._kinds = _NO_KINDS
        self._layers: dict[int, tuple[Track, Layer]] = {}
        self._repairs: dict[int, tuple[Track, Layer]] = {}
        self._rows = array("Q")  # of the layers, for the compiled kernel
        self._sent_rows = array("Q")  # of the downtracks
        self.row: LineRow | None = None  # of the line, where the compiled kernel reads
        self.kernel = kernel
        self._gone: tuple[int, ...] = (0, 0, 0)  # what downtracks that are no more had carried
        self._sums = (c_int64 * 3)()
        self.quiet = RtcpReader()  # for who wants to know nothing
        self._resent_in = self._resent = 0
        self._packet = Packet()
        self._again = Packet()
        self._restored = Packet()

    # --- tables

    def receive(self, track: Track, wanted: Receive) -> None:
        """Bind a section to a track; SSRCs that the SDP named are bound now, others when they arrive."""
        self._kinds = kinds_by_id(wanted.extensions, self._kinds)
        former = self.tracks.get(wanted.mid)
        if former is not None and former is not track:
            self.forget(former)
        self.tracks[wanted.mid] = track
        for one in self.tracks.values():
            one.kinds = self._kinds
        self._tell_kernel()
        for ssrc, layer in zip(wanted.ssrcs, track.layers, strict=False):
            self._bind(track, layer, ssrc)
        for repair, ssrc in wanted.rtx_ssrcs.items():
            bound = self._layers.get(ssrc)
            if bound is not None:
                self._repairs[repair] = bound
                bound[1].repair = repair

    def _tell_kernel(self) -> None:
        """What the kernel must know to read a packet: kinds of extensions by id, forms of codecs by payload type."""
        if self.row is None:
            return
        self.row.kinds[:] = list(self._kinds)
        forms = [-1] * 128
        for track in self.tracks.values():
            for payload_type, codec in track.codecs.items():
                forms[payload_type & 127] = codecs.FORMS.get(codec.mime, codecs.OTHER)
        self.row.forms[:] = forms
        if self.numbers_packets() and not self.row.arrivals:
            self.arrivals = KernelArrivals(self.kernel, self.row)

    def _tell_layers(self) -> None:
        """Which streams the kernel may take packets of."""
        if self.row is not None:
            self._rows = array("Q", [addressof(layer) for _, layer in self._layers.values()])
            self.row.layers, self.row.layer_count = self._rows.buffer_info()[0], len(self._rows)
            for _, layer in self._layers.values():
                layer.kinds_row = addressof(self.row) + LineRow.kinds.offset

    def send(self, downtrack: Downtrack, track: Track) -> None:
        """A downtrack goes out on this transport, once it is arranged."""
        for ssrc in (downtrack.ssrc, downtrack.rtx_ssrc):
            if ssrc:
                self.downtracks[ssrc] = (downtrack, track)

    def send_no_more(self, downtrack: Downtrack) -> None:
        """It does no longer."""
        if downtrack.ssrc in self.downtracks:
            self._gone = tuple(map(add, self._gone, carried_by(downtrack)))
        for ssrc in (downtrack.ssrc, downtrack.rtx_ssrc):
            self.downtracks.pop(ssrc, None)

    def carried(self) -> tuple[int, ...]:
        """What this transport has carried so far: packets, bytes of their payloads, and bytes that no feedback tells of."""
        if self.row is not None:
            self.kernel.carried(addressof(self.row), self._sums)
            return tuple(map(add, self._gone, self._sums))
        now = [carried_by(downtrack) for ssrc, (downtrack, _) in self.downtracks.items() if ssrc == downtrack.ssrc]
        return tuple(map(sum, zip(self._gone, *now, strict=True)))

    def arrange(self) -> None:
        """Tell the kernel which streams a subscriber may ask for again."""
        if self.row is not None:
            self._sent_rows = array("Q", {addressof(downtrack): None for downtrack, _ in self.downtracks.values()})
            self.row.downtracks, self.row.downtrack_count = self._sent_rows.buffer_info()[0], len(self._sent_rows)

    def _bind(self, track: Track, layer: Layer, ssrc: int) -> None:
        if layer.ssrc != ssrc:
            self._layers.pop(layer.ssrc, None)
            if layer.started:
                track.restarted(layer)
            layer.restart(ssrc)
        self._layers[ssrc] = (track, layer)
        self._tell_layers()

    def forget(self, track: Track) -> None:
        """Unbind all of a track's streams."""
        self.tracks = {mid: one for mid, one in self.tracks.items() if one is not track}
        self._layers = {ssrc: bound for ssrc, bound in self._layers.items() if bound[0] is not track}
        self._repairs = {ssrc: bound for ssrc, bound in self._repairs.items() if bound[0] is not track}
        self._tell_layers()

    def numbers_packets(self) -> bool:
        """Whether the publisher numbers its packets for transport-wide feedback."""
        return TRANSPORT_SEQUENCE in self._kinds

    def layers(self) -> list[tuple[Track, Layer]]:
        """Every stream that has been heard on this transport."""
        return [bound for bound in self._layers.values() if bound[1].started]

    # --- packets

    def rtp(self, buffer: bytearray, length: int, now: float) -> Track | None:
        """Take a decrypted RTP packet; the track that it was of."""
        packet = self._packet
        if not packet.read(buffer, length, self._kinds):
            self.count("rtp_malformed")
            return None
        at = packet.at[TRANSPORT_SEQUENCE]
        if at and packet.size[TRANSPORT_SEQUENCE] >= 2:
            self.arrivals.add((buffer[at] << 8) | buffer[at + 1], now, packet.ssrc)
        return self.take(packet, now)

    def take(self, packet: Packet, now: float) -> Track | None:  # noqa: C901 -- the hot path: no call for each step
        """Take a packet that has been read: bind, undo retransmission, keep it once, forward it.

        The track that it was of is returned: the compiled kernel sends at its fanout's `flush`.
        """
        buffer = packet.buffer
        ssrc = packet.ssrc
        bound = self._layers.get(ssrc)
        data = b""
        if bound is None:
            bound = self._repairs.get(ssrc) or self._bind_new(packet)
            if bound is None:
                self.count("rtp_unbound")
                return None
            track, layer = bound
            if ssrc != layer.ssrc:
                data = self._repaired(track, layer, packet)
                if not data:
                    return None
                packet = self._restored
        track, layer = bound
        if track.muted:
            self.count("rtp_muted")
            track.silenced = True
            return None
        if layer.form == codecs.RED and 1 < (packet.sequence - layer.highest) & 0xFFFF <= red.DEEPEST + 1 and layer.started:
            self._recover(track, layer, packet, now)
        track.silenced = False
        before = layer.highest
        extended = layer.accept(packet.sequence, packet.timestamp, now)
        if extended < 0:
            self.count("rtp_repeated")
            return None
        length = packet.length
        layer.octets += length
        if packet.end > packet.payload:
            layer.keep(extended, data or memoryview(buffer)[:length])
        if packet.at[AUDIO_LEVEL]:
            layer.hear(127 - (buffer[packet.at[AUDIO_LEVEL]] & 0x7F))
        track.forward(layer, packet, extended, now)
        if data:
            track.fanout.flush()
        if layer.missing and extended > before + 1:
            track.ask_missing(layer, now, self.round_trip)
        elif layer.outage:
            layer.outage = False
            track.ask_keyframe(layer, now)
        return track

    def _recover(self, track: Track, layer: Layer, packet: Packet, now: float) -> None:
        """Take in what a packet of redundant sound repeats of those that were lost just before it, each as if it had come.

        Nothing that was said while the track was muted is.
        """
        codec = track.codecs.get(packet.payload_type)
        if track.silenced or codec is None or codec.mime != "audio/red":
            return
        missing = ((packet.sequence - layer.highest) & 0xFFFF) - 1
        latest = int.from_bytes(layer.kept(layer.highest)[4:8], "big")
        for data in red.recovered(packet.buffer, packet.payload, packet.end, missing=missing, after=latest):
            restored = self._restored
            if restored.read(data, len(data), self._kinds):
                if self.kernel is not None:
                    restored.data = cast(c_char_p(data), c_void_p).value
                self.count("red_recovered")
                layer.received -= 1  # of the publisher's line it was lost
                self.take(restored, now)
                track.fanout.flush()

    def _repaired(self, track: Track, layer: Layer, packet: Packet) -> bytes:
        """Turn a retransmission back into the packet that was lost, in `_restored`; empty where it is padding or too late."""
        payload_type = track.repairs.get(packet.payload_type)
        data = repaired(packet, ssrc=layer.ssrc, payload_type=payload_type) if payload_type is not None else b""
        if not data or not layer.started:
            self.count("rtx_padding")
            return b""
        restored = self._restored
        if not restored.read(data, len(data), self._kinds) or restored.payload == restored.end:
            self.count("rtp_malformed")
            return b""
        if self.kernel is not None:
            restored.data = cast(c_char_p(data), c_void_p).value
        extended = layer.place(restored.sequence)
        if extended > layer.highest or layer.kept(extended):
            self.count("rtx_useless")
            return b""
        self.count("rtx_received")
        return data

    def _bind_new(self, packet: Packet) -> tuple[Track, Layer] | None:
        """Bind an SSRC by what its packets say of themselves: mid with rid, or with the rid that they repair (RFC 8852)."""
        track = self.tracks.get(packet.text(MID)) if packet.at[MID] else None
        if track is None:
            return None
        if packet.payload_type in track.repairs:
            rid = packet.text(REPAIRED_RID) or packet.text(RID)
            layer = track.layer_by_rid(rid) if rid else track.layers[0]
            if layer is None or not layer.started:
                return None
            self._repairs.pop(layer.repair, None)
            layer.repair = packet.ssrc
            self._repairs[packet.ssrc] = (track, layer)
            return track, layer
        if packet.payload_type not in track.codecs:
            return None
        layer = track.layer_by_rid(packet.text(RID)) or (track.layers[0] if len(track.layers) == 1 else None)
        if layer is None:
            return None
        self._bind(track, layer, packet.ssrc)
        return track, layer

    # --- RTCP

    def rtcp(self, compound: bytes, now: float, *, reports: RtcpReader) -> None:
        """Take a decrypted RTCP compound; what it says of a line goes to `reports`."""
        for kind, form, body in rtcp.packets(compound):
            if kind == rtcp.SENDER_REPORT and len(body) >= 24:
                bound = self._layers.get(int.from_bytes(body[:4], "big"))
                if bound is not None:
                    bound[1].sender_report(int.from_bytes(body[4:12], "big"), int.from_bytes(body[12:16], "big"), now)
                self._blocks(body, form, reports, now, sender=True)
            elif kind == rtcp.RECEIVER_REPORT and len(body) >= 4:
                self._blocks(body, form, reports, now, sender=False)
            elif kind == rtcp.PAYLOAD_FEEDBACK:
                self._payload_feedback(form, body, now, reports)
            elif kind == rtcp.TRANSPORT_FEEDBACK and len(body) >= 8:
                if form == rtcp.NACK:
                    self._nacked(body, now)
                elif form == rtcp.TRANSPORT_WIDE:
                    reports.transport_feedback(body, now)

    def _blocks(self, body: bytes, count: int, reports: RtcpReader, now: float, *, sender: bool) -> None:
        for ssrc, fraction, _, _, last, delay in rtcp.report_blocks(body, count, sender=sender):
            bound = self.downtracks.get(ssrc)
            if bound is None or ssrc != bound[0].ssrc:
                continue
            round_trip = None
            middle, sent = bound[0].reported
            if last and last == middle:
                round_trip = max(0.0, now - sent - delay / 65536)
                self.round_trip = round_trip
            reports.loss(fraction / 256, round_trip)

    def _payload_feedback(self, form: int, body: bytes, now: float, reports: RtcpReader) -> None:
        if form in {rtcp.PLI, rtcp.FIR}:
            for ssrc in rtcp.keyframe_targets(form, body):
                bound = self.downtracks.get(ssrc)
                if bound is not None:
                    self.count("keyframe_requests")
                    bound[1].asked_keyframe(bound[0], now)
        elif form == rtcp.APPLICATION:
            rate = rtcp.remb_rate(body)
            if rate is not None:
                reports.estimate(rate)

    def _nacked(self, body: bytes, now: float) -> None:
        """Resend what a subscriber lost, out of the publisher's kept packets."""
        bound = self.downtracks.get(int.from_bytes(body[4:8], "big"))
        if bound is None:
            return
        downtrack, track = bound
        if int(now) != self._resent_in:
            self._resent_in, self._resent = int(now), 0
        for number, sequence in enumerate(rtcp.lost_sequences(body)):
            if number >= RESENT_AT_MOST or self._resent >= RESENT_A_SECOND:
                self.count("nack_limited")
                return
            self._resent += 1
            self.resend(downtrack, track, sequence, now)

    def resend(self, downtrack: Downtrack, track: Track, sequence: int, now: float) -> int:
        """Send the packet again that this subscriber got as `sequence`; its length, 0 where it cannot be."""
        source = downtrack.sent(sequence)
        if source is None or source[0] >= len(track.layers):
            self.count("nack_forgotten")
            return 0
        data = track.layers[source[0]].kept(source[1])
        if not data:
            self.count("nack_forgotten")
            return 0
        numbered = downtrack.numbered and downtrack.sends_again_as_rtx()
        if self.line.direct() is not None:
            where = cast(c_char_p(data), c_void_p)
            if self.kernel.again(addressof(downtrack), where, len(data), track.kinds, sequence, now):
                self.count("rtx_sent")
                return len(data)
            return 0
        again = self._again
        if not again.read(data, len(data), track.kinds):
            self.count("nack_forgotten")
            return 0
        again.inspect(downtrack.source_form)
        length = downtrack.write_again(self.line.arena, again, sequence, now, self.line.transport_sequence)
        if length:
            self.count("rtx_sent")
            self.line.send_rtp(length, numbered=numbered, turns=downtrack.turns())
        return length
