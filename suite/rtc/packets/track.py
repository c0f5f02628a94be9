"""A published track: its layers, who receives it, and which layer each of them gets.

What arrives of a layer is forwarded to who is on it (`fanout.py` sends), and a downtrack joins where a keyframe begins. Which
layer it aims at follows from what control wants of it and from what is live; the publisher is asked for what that takes.
"""

from __future__ import annotations

from collections.abc import Callable
from ctypes import c_char_p, c_void_p, cast
from typing import Any, Final

from suite.rtc.core.media import Codec, Kind, LayerStarted, LayerStopped, Receive, Report
from suite.rtc.packets import codecs, rtcp
from suite.rtc.packets.downtrack import ALL, NONE, Downtrack
from suite.rtc.packets.fanout import Fanout
from suite.rtc.packets.layer import CLOSED, Layer
from suite.rtc.packets.line import Line
from suite.rtc.packets.opening import Opening
from suite.rtc.packets.rtp import DEPENDENCY, Packet

SILENT: Final = {"video": 0.7, "audio": 2.0}  # s without a packet after which a layer counts as stopped
KEYFRAME_EVERY: Final = 0.5  # s between two keyframe requests for one layer, whoever asks
KEYFRAME_EVERY_FRESH: Final = 0.31  # s, for a subscriber's first requests; libwebrtc ignores one within 0.3 s of the last
FRESH: Final = 3  # requests
UNAIDED: Final = 0.3  # s in which a change of layers within one stream comes by itself, where it does without a keyframe
LAYERED: Final = frozenset({codecs.VP9, codecs.AV1})
KEPT: Final = {"video": 512, "audio": 64}  # packets held of each layer


class Track:
    """One track of a publisher."""

    def __init__(
        self, *, wanted: Receive, line: Line, sender: int, report: Callable[[Report], None], kernel: Any = None
    ) -> None:
        """`sender` is the SSRC under which we speak RTCP to the publisher; `kernel` is the compiled one, or None."""
        self.sid = wanted.track
        self.kind: Kind = wanted.kind
        self.line = line
        self.sender = sender
        self.report = report
        self.muted = False
        self.silenced = False  # the last packet was dropped for it
        self.kinds = bytes(256)  # header extension ids of the publisher's transport
        self.layers: list[Layer] = []
        self.downtracks: list[tuple[Downtrack, Line]] = []
        self.copies: list[Callable[[Layer, Packet, int, float], None]] = []
        self.codecs: dict[int, Codec] = {}
        self.repairs: dict[int, int] = {}
        self.fanout = Fanout(kernel)
        self.opening = Opening()
        self._kernel = kernel
        self._unsettled: dict[int, Downtrack] = {}  # those on which what flows may not be what is aimed at
        self._late = Packet()
        self._rated_at = 0.0
        self._rates_told: dict[int, int] = {}
        self.negotiated(wanted)

    def negotiated(self, wanted: Receive) -> None:
        """Take over what a new round of negotiation says; layers that are there stay."""
        self.mid = wanted.mid
        self.codecs = {codec.payload_type: codec for codec in wanted.codecs}
        self.repairs = {
            codec.rtx_payload_type: codec.payload_type for codec in wanted.codecs if codec.rtx_payload_type is not None
        }
        rids = wanted.layers or ("",)
        rate = wanted.codecs[0].clock_rate if wanted.codecs else 90000
        if [layer.rid for layer in self.layers] != list(rids):
            known = {layer.rid: layer for layer in self.layers}
            self.layers = [
                known.get(rid) or Layer(index=index, rid=rid, clock_rate=rate, kept=KEPT[self.kind], audio=self.kind == "audio")
                for index, rid in enumerate(rids[:8])
            ]
            for index, layer in enumerate(self.layers):
                layer.index = index
        self._close()
        self.arrange()

    def add(self, downtrack: Downtrack, line: Line) -> None:
        """Forward to `line` by `downtrack` once it is arranged."""
        self.downtracks.append((downtrack, line))
        self._unsettled[id(downtrack)] = downtrack

    def remove(self, downtrack: Downtrack) -> None:
        """Forward by it no longer, once it is arranged: until then the downtrack has to be kept."""
        self.downtracks = [one for one in self.downtracks if one[0] is not downtrack]
        self._unsettled.pop(id(downtrack), None)
        self.opening.remove(downtrack)

    def arrange(self) -> None:
        """Sort those who receive by who writes for them: a downtrack or the way of one has come, gone or changed."""
        self.fanout.arrange(self.downtracks, self.layers)
        if self.fanout.slow:
            self._close()

    def _close(self) -> None:
        """Let Python take every packet, until one has been taken after which there is nothing for it to do."""
        for layer in self.layers:
            layer.open = CLOSED

    def _may_open(self, layer: Layer, packet: Packet) -> None:
        """Let the compiled kernel take what follows this packet, where it only has to be sent."""
        if self._kernel is not None and not (self.fanout.slow or self.copies or self.muted):
            layer.open = packet.payload_type

    def copy(self, take: Callable[[Layer, Packet, int, float], None]) -> None:
        """Hand each packet to `take` as well, from now on."""
        self.copies.append(take)
        self._close()

    def copy_no_more(self, take: Callable[[Layer, Packet, int, float], None]) -> None:
        """Hand `take` no packet any more."""
        if take in self.copies:
            self.copies.remove(take)

    def mute(self, *, muted: bool) -> None:
        """Drop the packets at the door, or let them in again: then everyone joins anew, and no gap is left behind."""
        self.muted = muted
        self._close()
        for downtrack, _ in self.downtracks:
            downtrack.current = NONE
            self._unsettled[id(downtrack)] = downtrack

    def restarted(self, layer: Layer) -> None:
        """The layer begins anew under another SSRC: who is on it joins again at a keyframe, by the clock on the wall."""
        for downtrack, _ in self.downtracks:
            if downtrack.recent == layer.index:
                downtrack.current = downtrack.recent = NONE
                self._unsettled[id(downtrack)] = downtrack

    def layer_by_rid(self, rid: str) -> Layer | None:
        """The layer of a rid; a track of one layer answers to an empty one as well."""
        for layer in self.layers:
            if layer.rid == rid:
                return layer
        return None

    def rates(self, now: float) -> dict[int, int] | None:
        """Bit/s of the layers that are live, smoothed over some calls a second apart; None where little has changed."""
        passed, self._rated_at = now - self._rated_at, now
        found: dict[int, int] = {}
        for layer in self.layers:
            octets, layer.octets = layer.octets, 0
            if len(self.layers) == 1 and layer.spatial_layers > 1:
                found |= layer.spatial_rates(passed)
            elif layer.live and 0.5 < passed < 5:
                rate = 8 * octets / passed
                layer.rate = rate if not layer.rate else layer.rate + 0.4 * (rate - layer.rate)
                found[layer.index] = int(layer.rate)
            else:
                layer.rate = 0.0
        told = self._rates_told
        if told.keys() == found.keys() and all(abs(rate - told[index]) <= told[index] / 20 for index, rate in found.items()):
            return None
        self._rates_told = found
        return found

    # --- packets

    def forward(  # noqa: C901 -- the hot path: no call for each step
        self, layer: Layer, packet: Packet, extended: int, now: float
    ) -> None:
        """Send a packet of `layer` to everyone who is on it, or who waits for its keyframe.

        Where the kernel sends, it does so at the fanout's next `flush`.
        """
        layer.heard = now
        codec = self.codecs.get(packet.payload_type)
        if codec is None:
            return
        if codec is not layer.codec or not layer.live:
            self._started(layer, codec)
        if packet.payload == packet.end:
            self._pass_over(layer, packet, extended, now)
            return
        if packet.form != layer.form:
            packet.inspect(layer.form)
        if (packet.at[DEPENDENCY] or packet.layered) and layer.form in LAYERED and layer.describe(packet):
            self.ask_keyframe(layer, now)  # a layer has ended, and those below may not be whole without one
        packet.extended = extended
        fanout = self.fanout
        if (packet.keyframe or self.kind == "audio") and fanout.is_awaited(layer):
            fanout.flush()
            for downtrack, line in self.downtracks:
                if downtrack.current != layer.index:
                    self._switch(downtrack, line, layer, packet, extended, now)
        if fanout.fast:
            fanout.enqueue(layer, packet, now)
        if fanout.slow:
            fanout.write(layer, packet, extended, now)
        for copy in self.copies:
            copy(layer, packet, extended, now)
        if layer.open != packet.payload_type:
            self._may_open(layer, packet)

    def _pass_over(self, layer: Layer, packet: Packet, extended: int, now: float) -> None:
        """Padding alone is not forwarded, what follows closes up; a copy sees its number."""
        self.fanout.flush()
        for downtrack, _ in self.downtracks:
            if downtrack.current == layer.index:
                downtrack.skip(extended)
        for copy in self.copies:
            copy(layer, packet, extended, now)

    def _started(self, layer: Layer, codec: Codec) -> None:
        """A layer has begun, or goes on in another codec. Sound that changes between RED and Opus is still the same sound."""
        self.fanout.flush()
        known = layer.live and (self.kind == "audio" or codec == layer.codec)
        layer.codec = codec
        layer.form = codecs.FORMS.get(codec.mime, codecs.OTHER)
        layer.live = True
        for downtrack, _ in self.downtracks:
            self._unsettled[id(downtrack)] = downtrack
            if downtrack.current == layer.index:
                downtrack.use(codec)
        if not known:
            self.report(LayerStarted(track=self.sid, layer=layer.index, codec=codec))
            self.aim_all(layer.heard)

    def _switch(self, downtrack: Downtrack, line: Line, layer: Layer, packet: Packet, extended: int, now: float) -> None:
        """Let a downtrack join at this keyframe, unless it aims elsewhere or the packet comes too late.

        What has overtaken it within its picture is sent after it.
        """
        if downtrack.target != layer.index or layer.codec is None or now < downtrack.held_until:
            return
        overtaken = layer.overtakers(packet, extended) if extended != layer.highest else []
        if overtaken is None:
            return
        former = self.layers[downtrack.recent] if 0 <= downtrack.recent < len(self.layers) else None
        downtrack.use(layer.codec)
        downtrack.switch(layer, former, packet, extended, now)
        for number, data in overtaken:
            self._catch_up(downtrack, line, layer, number, data, now)

    def _catch_up(self, downtrack: Downtrack, line: Line, layer: Layer, number: int, data: bytes, now: float) -> None:
        """Send one downtrack a packet that was kept."""
        late = self._late
        if late.read(data, len(data), self.kinds) and late.payload != late.end:
            late.inspect(layer.form)
            late.extended = number
            late.data = cast(c_char_p(data), c_void_p).value
            self.fanout.catch_up(downtrack, line, layer, late, now)

    # --- layer choice

    def select(self, downtrack: Downtrack, wanted: int | None, temporal: int | None, now: float) -> None:
        """What control asks of a downtrack; None pauses it."""
        downtrack.temporal = ALL if temporal is None else temporal
        downtrack.aimed_at = now
        self._unsettled[id(downtrack)] = downtrack
        if len(self.layers) == 1 and wanted is not None:
            downtrack.spatial = wanted
        if wanted is None:
            downtrack.wanted = downtrack.target = downtrack.current = NONE
            return
        downtrack.wanted = min(max(wanted, 0), len(self.layers) - 1)
        self.aim(downtrack, now)

    def aim(self, downtrack: Downtrack, now: float) -> None:
        """Aim at the wanted layer, or the best live one below it, or the next above; ask for the keyframe that it takes."""
        if downtrack.wanted == NONE:
            return
        wanted = downtrack.wanted
        order = [*range(wanted, -1, -1), *range(wanted + 1, len(self.layers))]
        downtrack.target = next((index for index in order if self.layers[index].live), wanted)
        if downtrack.target != downtrack.current:
            self._unsettled[id(downtrack)] = downtrack
            if now >= downtrack.held_until:
                self.ask_keyframe(self.layers[downtrack.target], now)

    def aim_all(self, now: float) -> None:
        """Aim every downtrack anew: a layer has come or gone."""
        for downtrack, _ in self.downtracks:
            self.aim(downtrack, now)

    def ask_keyframe(self, layer: Layer, now: float, *, every: float = KEYFRAME_EVERY) -> None:
        """Ask the publisher for a keyframe, now or once `every` seconds have passed since the last request."""
        if self.kind == "video" and layer.started and layer.may_ask_keyframe(now, every=every):
            self.line.send_rtcp(layer.keyframe_request(self.sender, now))

    def asked_keyframe(self, downtrack: Downtrack, now: float) -> None:
        """A subscriber asks for a keyframe. One that has just come to the track need not wait for the others' turn.

        Its first keyframe is sent as soon as control selects a layer, and is lost where the subscriber's SDP is under way.
        """
        if downtrack.target == NONE:
            return
        downtrack.asked += 1
        every = KEYFRAME_EVERY if downtrack.asked > FRESH else KEYFRAME_EVERY_FRESH
        self.ask_keyframe(self.layers[downtrack.target], now, every=every)

    def tick(self, now: float, round_trip: float) -> None:
        """Ask for what is missing and still awaited, and notice layers that have fallen silent."""
        for layer in self.layers:
            if layer.keyframe_due and now >= layer.keyframe_due:
                self.ask_keyframe(layer, now, every=0.0)
            if layer.missing:
                self.ask_missing(layer, now, round_trip)
            if layer.live and now - layer.heard > SILENT[self.kind]:
                layer.live = False
                layer.open = CLOSED
                self.report(LayerStopped(track=self.sid, layer=layer.index))
                self.aim_all(now)
        if self.opening and (sent := self.layers[0].codec or next(iter(self.codecs.values()), None)):
            self.opening.tick(sent, now)
        for downtrack in tuple(self._unsettled.values()):
            self._pursue(downtrack, now)
            if downtrack.target in {NONE, downtrack.current} and not self._is_layered(downtrack.current):
                self._unsettled.pop(id(downtrack), None)

    def _is_layered(self, index: int) -> bool:
        """Whether there are layers within the stream, which come and go by themselves."""
        layer = self.layers[index] if index != NONE else None
        return layer is not None and (layer.described > 0 or layer.dependencies.structure is not None)

    def _pursue(self, downtrack: Downtrack, now: float) -> None:
        """Ask again for the keyframe that a downtrack waits for."""
        if downtrack.target not in {NONE, downtrack.current} and now >= downtrack.held_until:
            layer = self.layers[downtrack.target]
            if layer.live:
                self.ask_keyframe(layer, now)
        elif downtrack.current != NONE and now - downtrack.aimed_at > UNAIDED:
            layer = self.layers[downtrack.current]
            if layer.live and not downtrack.is_layered(layer):
                self.ask_keyframe(layer, now)

    def ask_missing(self, layer: Layer, now: float, round_trip: float) -> int:
        """Send a NACK for what is due; how many packets it names."""
        due = layer.requests(now, round_trip)
        if due and self.kind == "video":
            self.line.send_rtcp(rtcp.nack(self.sender, layer.ssrc, due))
        return len(due)
