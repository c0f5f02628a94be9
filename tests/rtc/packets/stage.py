"""A camera that sends layers within one stream, its track, and one subscriber who gets some of them."""

from __future__ import annotations

from abc import ABC, abstractmethod

from suite.rtc.core.media import Codec
from suite.rtc.packets import rtcp
from tests.rtc.packets import bench
from tests.rtc.packets.bench import Bench


class LayerStage(ABC):
    """What each codec's stage has in common."""

    def __init__(self, codec: Codec, seen: Codec, *, extensions: dict[str, int]) -> None:
        self.table = Bench()
        self.track = self.table.publish("TR", codec, ssrcs=(10,))
        self.line = self.table.subscribe(self.track, seen, extensions={bench.TRANSPORT: 4, **extensions}, layer=2)
        self.sequence, self.number = 65400, 0

    @abstractmethod
    def picture(self, *, key: bool = False) -> list[tuple[int, int]]:
        """Send the next one; the layers, in space and in time, of what the subscriber got of it."""

    def keyframe_asked(self) -> bool:
        asked = any(packet[1] == rtcp.PAYLOAD_FEEDBACK for packet in self.table.up.rtcp)
        self.table.up.rtcp.clear()
        return asked

    def takes_up_more_at_a_keyframe(self) -> None:
        """The lowest layer alone flows and no keyframe is asked for, until more are wanted: they come with it."""
        for _ in range(30):
            self.picture()
        assert not self.keyframe_asked()
        self.table.select(1, 2)
        for _ in range(12):
            assert {s for s, _ in self.picture()} <= {0}
        assert self.keyframe_asked()
        assert {s for s, _ in self.picture(key=True)} == {0, 1, 2}
