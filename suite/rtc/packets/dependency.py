"""The dependency descriptor (AV1 RTP specification, appendix A): what each packet's frame is to each layer that one can watch.

A descriptor names a template; what the templates are comes with the first packet of a coded video sequence. For each pair of
a spatial and a temporal layer, 0 to 3 each, a packet gets three bits: whether its frame is needed there, whether watching may
begin with it, and whether it is of the picture that is shown. Pair (s, t) is bit 4 s + t of `present`, `switches`, `tops`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

NOT_PRESENT, DISCARDABLE, SWITCH, REQUIRED = range(4)  # A.4.1, decode target indications
DEEPEST: Final = 3  # the highest layer of either kind that is told apart
_LAST_LAYER: Final = 3

Masks = tuple[int, int, int]


def starts_sequence(descriptor: bytes | bytearray) -> bool:
    """Whether the descriptor brings a template structure at the start of a frame: a picture that can be joined at."""
    return len(descriptor) > 3 and bool(descriptor[0] & 0x80) and bool(descriptor[3] & 0x80)


class Malformed(Exception):
    """The descriptor is none."""


class _Bits:
    def __init__(self, data: bytes | bytearray) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise Malformed
        return (self._value >> self._left) & ((1 << count) - 1)

    def below(self, limit: int) -> int:
        """A value less than `limit` (A.8.1, ns(n))."""
        width = limit.bit_length()
        short = (1 << width) - limit
        value = self.take(width - 1)
        return value if value < short else (value << 1) - short + self.take(1)


@dataclass(slots=True)
class Structure:
    """What a sequence's templates are. `indications` are of each template for each decode target."""

    offset: int
    spatial: list[int]
    temporal: list[int]
    indications: list[list[int]]
    targets: list[tuple[int, int]]  # the spatial and temporal layer that each decode target shows
    resolutions: list[tuple[int, int]] = field(default_factory=list)  # width and height of each spatial layer

    @classmethod
    def read(cls, bits: _Bits) -> Structure:
        """A.8.2, template_dependency_structure; raises `Malformed`."""
        offset, count = bits.take(6), bits.take(5) + 1
        spatial, temporal = [0], [0]
        while (following := bits.take(2)) != _LAST_LAYER:
            if len(spatial) >= 64:
                raise Malformed
            spatial.append(spatial[-1] + (following == 2))
            temporal.append(0 if following == 2 else temporal[-1] + (following == 1))
        indications = [[bits.take(2) for _ in range(count)] for _ in spatial]
        for _ in spatial:
            while bits.take(1):
                bits.take(4)  # a frame difference: receivers' affair
        chains = bits.below(count + 1)
        if chains:
            for _ in range(count):
                bits.below(chains)
            bits.take(4 * chains * len(spatial))
        resolutions = []
        if bits.take(1):
            resolutions = [(bits.take(16) + 1, bits.take(16) + 1) for _ in range(spatial[-1] + 1)]
        targets = []
        for target in range(count):
            shown = [index for index in range(len(spatial)) if indications[index][target] != NOT_PRESENT]
            targets.append((max((spatial[i] for i in shown), default=0), max((temporal[i] for i in shown), default=0)))
        return cls(offset, spatial, temporal, indications, targets, resolutions)

    def chosen(self, active: int) -> list[int]:
        """For each pair of layers the active decode target that shows the most of it, else the least that is active."""
        alive = [number for number in range(len(self.targets)) if active >> number & 1] or [0]
        found = []
        for pair in range(16):
            fitting = [n for n in alive if self.targets[n][0] <= pair >> 2 and self.targets[n][1] <= pair & 3]
            found.append(max(fitting, key=self.targets.__getitem__) if fitting else min(alive, key=self.targets.__getitem__))
        return found

    def masks(self, template: int, indications: list[int], chosen: list[int]) -> Masks:
        """A frame's three masks."""
        present = switches = tops = 0
        for pair, target in enumerate(chosen):
            present |= (indications[target] != NOT_PRESENT) << pair
            switches |= (indications[target] == SWITCH) << pair
            tops |= (self.spatial[template] >= self.targets[target][0]) << pair
        return present, switches, tops


class Dependencies:
    """What is known of one stream's structure; `read` takes each packet's descriptor."""

    def __init__(self) -> None:
        self.structure: Structure | None = None
        self.active = 0
        self._chosen: list[int] = []
        self._masks: list[Masks] = []

    @property
    def spatial_layers(self) -> int:
        """How many spatial layers are sent at present; 1 where nothing is known."""
        structure = self.structure
        if structure is None:
            return 1
        return 1 + max((one[0] for n, one in enumerate(structure.targets) if self.active >> n & 1), default=0)

    def read(self, descriptor: bytes | bytearray) -> tuple[int, Masks] | None:
        """The spatial layer of the packet's frame and its masks; None where nothing can be said of it."""
        try:
            return self._read(descriptor)
        except Malformed:
            return None

    def _read(self, descriptor: bytes | bytearray) -> tuple[int, Masks] | None:
        custom = False
        bits = None
        if len(descriptor) > 3:
            bits = _Bits(descriptor[3:])
            brought, activity, custom = bool(bits.take(1)), bool(bits.take(1)), bool(bits.take(1))
            bits.take(2)
            structure = Structure.read(bits) if brought else self.structure
            if structure is None:
                return None
            count = len(structure.targets)
            active = bits.take(count) if activity else ((1 << count) - 1 if brought else self.active)
            if brought or active != self.active:
                self._use(structure, active)
        structure = self.structure
        if structure is None or len(descriptor) < 3:
            return None
        template = ((descriptor[0] & 63) - structure.offset) % 64
        if template >= len(structure.spatial):
            return None
        if custom and bits is not None:
            own = [bits.take(2) for _ in structure.targets]
            return structure.spatial[template], structure.masks(template, own, self._chosen)
        return structure.spatial[template], self._masks[template]

    def _use(self, structure: Structure, active: int) -> None:
        self.structure, self.active = structure, active
        self._chosen = structure.chosen(active)
        self._masks = [structure.masks(n, told, self._chosen) for n, told in enumerate(structure.indications)]
