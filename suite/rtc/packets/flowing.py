"""Which layers flow to one subscriber, of those that a stream carries within it: left and taken up picture by picture.

Temporal layers of VP8, spatial and temporal ones of VP9 and AV1; `suite/rtc/kernel/downtrack.c` is this module's twin.
"""

from __future__ import annotations

from typing import Final

from suite.rtc.kernel.rows import DowntrackRow
from suite.rtc.packets import dependency, vp9
from suite.rtc.packets.layer import Layer
from suite.rtc.packets.rtp import Packet

STEP: Final = 0x100000000  # of a timestamp


class Flowing(DowntrackRow):
    """The row, as far as it says what flows: `Downtrack` names its fields."""

    def hides(self, packet: Packet) -> bool:
        """Whether the picture is of a temporal layer that this subscriber is not to get.

        Layers are left between two pictures, and taken up at one that needs only the layer below (RFC 7741, Y).
        """
        if packet.layered == vp9.BY_DESCRIPTOR:
            if packet.extended > self.latest:
                self.latest = packet.extended
                if packet.begins:
                    self._turn(packet)
            return not packet.present >> self.pair_of(packet, packet.extended) & 1
        if packet.layered:
            present, pair = packet.present >> self.pair_now & 1, self.pair_wanted()
            # Whoever begins with a frame must have what it refers to: it is of the layers that flow already, or a keyframe's.
            if present and packet.begins and packet.switches >> pair & 1:
                self.pair_now = pair
                present = packet.present >> pair & 1
            return not present
        if packet.begins:
            if self.temporal < self.temporal_now:
                self.temporal_now = self.temporal
            elif self.temporal_now < packet.temporal <= self.temporal and packet.synchronous:
                self.temporal_now = packet.temporal
        return packet.temporal > self.temporal_now

    def _turn(self, packet: Packet) -> None:
        """Let other layers flow where a frame of VP9 allows it (RFC 9628, 4.2).

        Fewer from the next picture on; more at a keyframe, in space at a frame of the next layer that needs no earlier
        picture, in time one by one where U allows it.
        """
        spatial, temporal = divmod(self.pair_now, 4)
        wanted_spatial, wanted_temporal = divmod(self.pair_wanted(), 4)
        if packet.keyframe:
            spatial, temporal = wanted_spatial, wanted_temporal
        else:
            if (packet.timestamp + self.timestamp_offset) % STEP != self.last_timestamp:
                spatial, temporal = min(spatial, wanted_spatial), min(temporal, wanted_temporal)
            if packet.synchronous and not packet.spatial and temporal + 1 == packet.temporal <= wanted_temporal:
                temporal += 1
            if not packet.predicted and spatial + 1 == packet.spatial <= wanted_spatial and packet.temporal <= temporal:
                spatial += 1
        pair = 4 * spatial + temporal
        if pair != self.pair_now:
            self.pair_before, self.pair_now = self.pair_now, pair
            self.turned_at, self.turned_time = packet.extended, packet.timestamp

    def pair_of(self, packet: Packet, extended: int) -> int:
        """The layers that flow in the packet's picture."""
        late = extended < self.turned_at and packet.timestamp != self.turned_time
        return self.pair_before if late else self.pair_now

    def pair_wanted(self) -> int:
        """The layers of one stream that are wanted."""
        return 4 * min(self.spatial, dependency.DEEPEST) + min(self.temporal, dependency.DEEPEST)

    def is_layered(self, layer: Layer) -> bool:
        """Whether the layers of one stream that flow are those that are wanted, as far as they are sent."""
        if layer.described:
            return self.pair_now >> 2 >= min(self.pair_wanted() >> 2, layer.described - 1)
        return layer.dependencies.structure is None or self.pair_now == self.pair_wanted()
