"""What one participant hears or sees of another: a wish, a permission, a section, a downtrack."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from livekit.protocol import models, rtc

from suite.rtc.core import media

SlotState = Literal["free", "used", "retiring", "dead"]


@dataclass(slots=True)
class Slot:
    """A section of the subscriber's connection that can carry one track at a time.

    Between two tracks it needs a round in which it is inactive, or the client fires no `track` event (seen in
    livekit-client): `retiring` waits for that round. A client that cannot decode what a section offers rejects it for good:
    `dead`.
    """

    mid: str
    kind: media.Kind
    state: SlotState = "free"
    subscription: Subscription | None = None


@dataclass(slots=True)
class Subscription:
    """One subscriber's end of a track."""

    track: str
    publisher: str  # the participant's sid
    kind: media.Kind
    stream: str  # `PA_…|TR_…`
    ssrc: int
    rtx_ssrc: int | None
    downtrack: int
    carrier: str = ""  # the sid of what carries the track to this subscriber: itself, or a backup of it in another codec
    desired: bool = True
    permitted: bool = True
    told_permitted: bool | None = None
    slot: Slot | None = None
    flowing: bool = False  # the plane knows the downtrack
    unsupported: bool = False  # the client cannot decode it
    setting: rtc.UpdateTrackSettings = field(default_factory=lambda: rtc.UpdateTrackSettings(quality=models.VideoQuality.HIGH))
    layer: int | None = None
    told_paused: bool = False
    starved: bool = False  # the line does not carry it, and it may not be paused
    bandwidth_layer: int | None = None  # the highest layer that the line carries; None: no limit known

    @property
    def disabled(self) -> bool:
        return self.setting.disabled
