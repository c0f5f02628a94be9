"""Who writes a track's packets for those who receive it: the compiled kernel, or Python.

Packets for the kernel wait until they leave in one call, at `flush` (`suite/rtc/kernel/fanout.c`); Python rewrites and
sends each at once. Neither decides who receives: whose `current` layer the packet is of gets it.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from ctypes import addressof
from typing import Any, Final

from suite.rtc.packets.downtrack import NONE, Downtrack
from suite.rtc.packets.layer import Layer
from suite.rtc.packets.line import Line
from suite.rtc.packets.rtp import Packet, Source

TOGETHER: Final = 64  # packets of a layer that wait for one call, as many as one read brings


class Fanout:
    """The downtracks of one track, sorted by who writes for them."""

    def __init__(self, kernel: Any) -> None:
        """`kernel` is the compiled one, or None."""
        self.slow: list[tuple[Downtrack, Line]] = []  # those that Python writes
        self.fast = array("Q")  # the rows of those that the kernel writes
        self._kernel = kernel
        self._layers = array("Q")  # the rows of the layers
        self._pending = array("Q", bytes(8 * TOGETHER))  # packets that wait for the kernel
        self._waiting: list[Packet] = []
        self._pending_layer = NONE
        self._pending_since = 0.0

    def arrange(self, downtracks: Sequence[tuple[Downtrack, Line]], layers: Sequence[Layer]) -> None:
        """Sort them anew, and let the rows of all point at each other."""
        self.flush()
        self.slow, fast = [], []
        for downtrack, line in downtracks:
            row = line.direct() if self._kernel is not None else None
            if row is None:
                self.slow.append((downtrack, line))
            else:
                downtrack.line_row = addressof(row)
                fast.append(addressof(downtrack))
        self.fast = array("Q", fast)
        self._layers = array("Q", [addressof(layer) for layer in layers])
        for downtrack, _ in downtracks:
            downtrack.layers, downtrack.layer_count = self._layers.buffer_info()[0], len(self._layers)
        for layer in layers:
            layer.tracks, layer.track_count = self.fast.buffer_info()[0], len(fast)

    def is_awaited(self, layer: Layer) -> bool:
        """Whether somebody aims at the layer and is not on it yet."""
        fast, index = self.fast, layer.index
        if fast and self._kernel.waiting(fast.buffer_info()[0], len(fast), index):
            return True
        return bool(self.slow) and any(downtrack.target == index != downtrack.current for downtrack, _ in self.slow)

    def enqueue(self, layer: Layer, packet: Packet, now: float) -> None:
        """Leave a packet to the kernel."""
        waiting = self._waiting
        if waiting and (self._pending_layer != layer.index or len(waiting) >= TOGETHER):
            self.flush()
        self._pending_layer, self._pending_since = layer.index, now
        self._pending[len(waiting)] = addressof(packet)
        waiting.append(packet)

    def flush(self) -> None:
        """Let the kernel send what waits for it, in one call. The packets' buffers may be filled anew afterwards."""
        waiting = self._waiting
        if waiting:
            fast = self.fast
            self._kernel.fanout(
                fast.buffer_info()[0],
                len(fast),
                self._pending.buffer_info()[0],
                len(waiting),
                self._pending_layer,
                self._pending_since,
            )
            waiting.clear()

    def write(self, layer: Layer, packet: Packet, extended: int, now: float) -> None:
        """Rewrite and send where Python does it."""
        index, source = layer.index, Source(packet, layer.index, extended, now)
        may_hide = bool(packet.temporal or packet.layered)
        for downtrack, line in self.slow:
            if downtrack.current != index:
                continue
            if may_hide and downtrack.hides(packet):
                downtrack.skip(extended, NONE if packet.layered else packet.picture)
                continue
            length = downtrack.write(line.arena, source, line.transport_sequence)
            if length:
                line.send_rtp(length, numbered=downtrack.numbered, turns=downtrack.turns())

    def catch_up(self, downtrack: Downtrack, line: Line, layer: Layer, packet: Packet, now: float) -> None:
        """Send one downtrack a packet that was kept."""
        if self._kernel is not None and line.direct() is not None:
            row, packets = array("Q", (addressof(downtrack),)), array("Q", (addressof(packet),))
            self._kernel.fanout(row.buffer_info()[0], 1, packets.buffer_info()[0], 1, layer.index, now)
            return
        if (packet.temporal or packet.layered) and downtrack.hides(packet):
            downtrack.skip(packet.extended, NONE if packet.layered else packet.picture)
            return
        source = Source(packet, layer.index, packet.extended, now)
        length = downtrack.write(line.arena, source, line.transport_sequence)
        if length:
            line.send_rtp(length, numbered=downtrack.numbered, turns=downtrack.turns())
