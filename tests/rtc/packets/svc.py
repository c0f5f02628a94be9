"""A camera that sends three spatial and three temporal layers in one stream, with dependency descriptors like libwebrtc's."""

from __future__ import annotations

from collections.abc import Iterator

SPATIAL = TEMPORAL = 3
PATTERN = (0, 2, 1, 2)  # temporal layers of four pictures
NOT, DISCARDABLE, SWITCH, REQUIRED = range(4)


class Bits:
    def __init__(self) -> None:
        self.text = ""

    def put(self, value: int, width: int) -> None:
        self.text += format(value, f"0{width}b") if width else ""

    def put_below(self, value: int, limit: int) -> None:
        width = limit.bit_length()
        short = (1 << width) - limit
        if value < short:
            self.put(value, width - 1)
        else:
            self.put(value + short, width)

    def bytes(self) -> bytes:
        text = self.text + "0" * (-len(self.text) % 8)
        return int(text, 2).to_bytes(len(text) // 8, "big")


def indication(target: tuple[int, int], spatial: int, temporal: int, *, key: bool, chained: bool) -> int:
    """As libwebrtc's ScalabilityStructureFullSvc::Dti (`chained`) and ScalabilityStructureKeySvc::Dti."""
    s, t = target
    if key:
        return NOT if s < spatial else SWITCH
    if t < temporal or s < spatial or (s != spatial and not chained):
        return NOT
    if s > spatial:
        return REQUIRED
    return DISCARDABLE if t == temporal and t > 0 else SWITCH


class Encoder:
    """Frames with their descriptors. `chained` where every frame refers to the layer below it, else keyframes alone do."""

    def __init__(self, *, chained: bool, offset: int = 61, frame: int = 65500) -> None:
        self.chained, self.offset, self.frame = chained, offset, frame
        self.picture = 0
        self.targets = [(s, t) for s in range(SPATIAL) for t in range(TEMPORAL)]
        # Templates: for each spatial layer a keyframe's, then one for each temporal layer.
        self.templates = [(s, t, k) for s in range(SPATIAL) for k, t in ((True, 0), (False, 0), (False, 1), (False, 2))]

    def structure(self, bits: Bits) -> None:
        bits.put(self.offset, 6)
        bits.put(len(self.targets) - 1, 5)
        for now, following in zip(self.templates, self.templates[1:], strict=False):
            bits.put(2 if following[0] > now[0] else int(following[1] > now[1]), 2)
        bits.put(3, 2)
        for spatial, temporal, key in self.templates:
            for target in self.targets:
                bits.put(indication(target, spatial, temporal, key=key, chained=self.chained), 2)
        for _ in self.templates:
            bits.put(1, 1)
            bits.put(2, 4)
            bits.put(0, 1)
        bits.put_below(SPATIAL, len(self.targets) + 1)
        for spatial, _ in self.targets:
            bits.put_below(spatial, SPATIAL)
        for _ in self.templates:
            bits.put(0, 4 * SPATIAL)
        bits.put(1, 1)
        for spatial in range(SPATIAL):
            bits.put((320 << spatial) - 1, 16)
            bits.put((180 << spatial) - 1, 16)

    def descriptor(
        self, *, first: bool, last: bool, spatial: int, temporal: int, key: bool, brings: bool, active: int | None
    ) -> bytes:
        template = (self.templates.index((spatial, temporal, key)) + self.offset) % 64
        head = bytes((first << 7 | last << 6 | template,)) + (self.frame & 0xFFFF).to_bytes(2, "big")
        if not brings and active is None:
            return head
        bits = Bits()
        bits.put(int(brings), 1)
        bits.put(int(active is not None), 1)
        bits.put(0, 3)
        if brings:
            self.structure(bits)
        if active is not None:
            bits.put(active, len(self.targets))
        return head + bits.bytes()

    def frames(self, *, key: bool = False, active: int | None = None) -> Iterator[tuple[int, int, int, bool, bytes]]:
        """The packets of the next picture, two for each spatial layer: spatial, temporal, half, marker, descriptor."""
        if key:
            self.picture = 0
        temporal = PATTERN[self.picture % 4]
        for spatial in range(SPATIAL):
            for half in range(2):
                begins = spatial == half == 0
                described = self.descriptor(
                    first=half == 0, last=half == 1, spatial=spatial, temporal=temporal, key=key, brings=key and begins,
                    active=active if begins else None,
                )  # fmt: skip
                yield spatial, temporal, half, spatial == SPATIAL - 1 and half == 1, described
            self.frame += 1
        self.picture += 1
