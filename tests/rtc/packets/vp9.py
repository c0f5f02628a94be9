"""A camera that sends VP9 in layers of one stream, told by payload descriptors alone (RFC 9628), as older browsers do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

SPATIAL = 3
PATTERN = (0, 2, 1, 2)  # temporal layers of four pictures
DISTANCE = {0: 4, 1: 2, 2: 1}  # to the picture that each refers to


@dataclass(frozen=True)
class Told:
    """What a descriptor says, and how long it is."""

    picture: int
    temporal: int
    spatial: int
    up: bool
    dependent: bool
    predicted: bool
    begins: bool
    ends: bool
    differences: tuple[int, ...]
    zero: int | None
    length: int


def describe(
    *, picture: int, temporal: int, spatial: int, key: bool, first: bool, last: bool, flexible: bool, zero: int,
    wide: bool = True, predicted: bool | None = None, up: bool = True,
) -> bytes:  # fmt: skip
    """A payload descriptor; `predicted` by earlier pictures unless it is a keyframe's."""
    predicted = not key if predicted is None else predicted
    head = 0x80 | predicted << 6 | 0x20 | flexible << 4 | first << 3 | last << 2
    number = (0x8000 | picture).to_bytes(2, "big") if wide else bytes((picture & 0x7F,))
    layers = bytes((temporal << 5 | up << 4 | spatial << 1 | (spatial > 0),))
    differences = bytes((DISTANCE.get(temporal, 1) << 1,)) if flexible and predicted else b""
    return bytes((head,)) + number + layers + (differences if flexible else bytes((zero & 0xFF,)))


def told(payload: bytes) -> Told:
    """Read a descriptor that has a picture id and layers."""
    first, at = payload[0], 1
    picture = payload[at] & 0x7F
    if payload[at] & 0x80:
        picture, at = picture << 8 | payload[at + 1], at + 1
    layers, at = payload[at + 1], at + 2
    zero, differences = None, []
    if not first & 0x10:
        zero, at = payload[at], at + 1
    elif first & 0x40:
        while True:
            differences.append(payload[at] >> 1)
            at += 1
            if not payload[at - 1] & 1:
                break
    return Told(
        picture, layers >> 5, layers >> 1 & 7, bool(layers & 0x10), bool(layers & 1), bool(first & 0x40), bool(first & 8),
        bool(first & 4), tuple(differences), zero, at,
    )  # fmt: skip


class Encoder:
    """Pictures of `spatial` layers, two packets each. A frame refers to the one below it, and to the same layer's before."""

    def __init__(self, *, flexible: bool, picture: int = 0x7FF0, wide: bool = True) -> None:
        self.flexible, self.picture, self.wide = flexible, picture, wide
        self.zero, self.turn, self.spatial = 250, 0, SPATIAL

    def frames(self, *, key: bool = False, fresh: int | None = None) -> Iterator[tuple[bytes, bool]]:
        """The packets of the next picture and their markers; the layer `fresh` needs no earlier picture."""
        if key:
            self.turn = 0
        temporal = PATTERN[self.turn % 4]
        self.zero += not temporal
        for spatial in range(self.spatial):
            for half in range(2):
                described = describe(
                    picture=self.picture & 0x7FFF, temporal=temporal, spatial=spatial, key=key, first=not half, last=half == 1,
                    flexible=self.flexible, zero=self.zero, wide=self.wide, predicted=False if spatial == fresh else None,
                )  # fmt: skip
                yield described + bytes((spatial, temporal, half)) + b"vp9", spatial == self.spatial - 1 and half == 1
        self.turn += 1
        self.picture += 1
