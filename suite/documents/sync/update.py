"""What a Yjs update (version 1) touches, read without applying it.

An update from a browser is checked here first: values nested 100,000 deep end the process that applies them (measured with
pycrdt 0.14.13), and kinds that no page of ours writes (subdocuments, moves, weak links) are refused.

Source: https://github.com/yjs/yjs, `src/structs/*.js` (`write`) and `src/utils/DeleteSet.js`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from suite.documents.errors import UnreadableUpdate
from suite.documents.sync.lib0 import Reader

DEPTH_MAX = 64
EMPTY = b"\x00\x00"

GC, DELETED, JSON, BINARY, STRING, EMBED, FORMAT, TYPE, ANY, SKIP = 0, 1, 2, 3, 4, 5, 6, 7, 8, 10
NAMED_TYPES = frozenset({3, 5})  # XML element and hook carry their name
TYPES = frozenset({0, 1, 2, 3, 4, 5, 6})


@dataclass(slots=True)
class Extent:
    """For each client id, the first clock after what is inserted or deleted."""

    ends: dict[int, int] = field(default_factory=dict)

    def reach(self, client: int, clock: int) -> None:
        if clock > self.ends.get(client, 0):
            self.ends[client] = clock

    def is_within(self, state: dict[int, int]) -> bool:
        """Whether a document in `state` has all that this refers to."""
        return all(end <= state.get(client, 0) for client, end in self.ends.items())


def extent_of(update: bytes) -> Extent:
    """What `update` touches; raises `UnreadableUpdate` for anything else than one whole update that is safe to apply."""
    reader = Reader(update)
    extent = Extent()
    for _ in range(reader.uint()):
        structs = reader.uint()
        client, clock = reader.uint(), reader.uint()
        for _struct in range(structs):
            length, counts = _struct_length(reader)
            clock += length
            if counts:
                extent.reach(client, clock)
    for _ in range(reader.uint()):
        client = reader.uint()
        for _range in range(reader.uint()):
            start, length = reader.uint(), reader.uint()
            extent.reach(client, start + length)
    if not reader.ended:
        raise UnreadableUpdate
    return extent


def state_of(vector: bytes) -> dict[int, int]:
    """A state vector as `{client id: next clock}`; raises `UnreadableUpdate`."""
    reader = Reader(vector)
    state: dict[int, int] = {}
    for _ in range(reader.uint()):
        client = reader.uint()
        state[client] = reader.uint()
    if not reader.ended:
        raise UnreadableUpdate
    return state


def _struct_length(reader: Reader) -> tuple[int, bool]:
    info = reader.byte()
    kind = info & 31
    if kind in {GC, SKIP}:
        return reader.uint(), kind == GC
    if info & 0x80:
        reader.uint(), reader.uint()  # the neighbour at the left
    if info & 0x40:
        reader.uint(), reader.uint()  # the neighbour at the right
    if not info & 0xC0:
        if reader.uint() == 1:
            reader.bytes()  # a root, by name
        else:
            reader.uint(), reader.uint()
        if info & 0x20:
            reader.bytes()  # the key in a map
    return _content_length(reader, kind), True


def _content_length(reader: Reader, kind: int) -> int:
    if kind == DELETED:
        return reader.uint()
    if kind == STRING:
        return reader.utf16_length()
    if kind in {BINARY, EMBED}:
        reader.bytes()  # an embed is JSON; its parser refuses what is nested deeper than 128
        return 1
    if kind == FORMAT:
        reader.bytes()
        reader.bytes()
        return 1
    if kind == TYPE:
        _type(reader)
        return 1
    if kind in {ANY, JSON}:
        count = reader.uint()
        for _ in range(count):
            if kind == ANY:
                _any(reader, 0)
            else:
                reader.bytes()
        return count
    raise UnreadableUpdate


def _type(reader: Reader) -> None:
    kind = reader.uint()
    if kind not in TYPES:
        raise UnreadableUpdate
    if kind in NAMED_TYPES:
        reader.bytes()


def _any(reader: Reader, depth: int) -> None:
    if depth > DEPTH_MAX:
        raise UnreadableUpdate
    kind = reader.byte()
    if kind in {127, 126, 121, 120}:  # undefined, null, false, true
        return
    if kind == 125:  # an integer, its sign in the first byte's second bit
        while reader.byte() >= 128:
            pass
    elif kind in {124, 123, 122}:  # 32-bit and 64-bit floats, 64-bit integers
        reader.skip(4 if kind == 124 else 8)
    elif kind in {119, 116}:  # text, bytes
        reader.bytes()
    elif kind in {118, 117}:  # an object, an array
        for _ in range(reader.uint()):
            if kind == 118:
                reader.bytes()
            _any(reader, depth + 1)
    else:
        raise UnreadableUpdate
