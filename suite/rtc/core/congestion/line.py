"""What allocation remembers of one subscriber's line."""

from __future__ import annotations

from dataclasses import dataclass, field

from suite.rtc.core.congestion.allocator import Patience


@dataclass(slots=True)
class Line:
    """`told` is the bit/s that the plane was last told to probe for, `estimated` whether it has said what the line carries."""

    patience: Patience = field(default_factory=Patience)
    told: int = 0
    allocated_at: float = -1e9
    due: bool = False
    estimated: bool = False
