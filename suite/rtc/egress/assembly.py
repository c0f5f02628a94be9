"""A picture's packets in order, and whole frames of them; after a loss that nobody mends, from the next keyframe on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from suite.rtc.egress.frames import Form, Malformed

HELD_MOST: Final = 1024  # packets that wait for an earlier one
PATIENCE: Final = 500_000_000  # ns that they wait
LARGEST: Final = 8 * 1024 * 1024  # bytes of a frame


@dataclass(frozen=True, slots=True)
class Piece:
    """A packet: arrival in ns, its stream's SSRC and extended sequence number, timestamp, whether its frame ends with it."""

    arrival: int
    source: int
    sequence: int
    timestamp: int
    ends: bool
    payload: bytes


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole frame, at the arrival of its first packet in ns."""

    arrival: int
    source: int
    timestamp: int
    data: bytes
    is_key: bool


class Assembly:
    """Begins with a keyframe, and anew where frames are lost or another stream takes over: `lacks_keyframe` until it comes."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._held: dict[int, Piece] = {}
        self._next: int | None = None
        self._source: int | None = None
        self._pieces: list[Piece] = []
        self._size = 0  # bytes of them
        self.lacks_keyframe = True

    def add(self, piece: Piece) -> list[Frame]:
        """Take a packet; the frames that are whole with it."""
        if piece.source != self._source:
            self._source, self._next, self.lacks_keyframe = piece.source, piece.sequence, True
            self._held.clear()
            self._drop()
        if self._next is None or piece.sequence < self._next:
            return []
        self._held[piece.sequence] = piece
        found = self._release()
        while self._held and self._is_too_late(piece.arrival):
            self._drop()
            self._next = min(self._held)
            found += self._release()
        return found

    def _drop(self) -> None:
        """Give up what has come of a frame: only a keyframe can be next."""
        self._pieces.clear()
        self._size, self.lacks_keyframe = 0, True

    def _is_too_late(self, now: int) -> bool:
        return len(self._held) > HELD_MOST or now - min(one.arrival for one in self._held.values()) > PATIENCE

    def _release(self) -> list[Frame]:
        found: list[Frame] = []
        while self._next is not None and self._next in self._held:
            piece = self._held.pop(self._next)
            self._next += 1
            if self._pieces and self._pieces[0].timestamp != piece.timestamp:
                found += self._whole()
            self._pieces.append(piece)
            self._size += len(piece.payload)
            if self._size > LARGEST:
                self._drop()
            elif piece.ends:
                found += self._whole()
        return found

    def _whole(self) -> list[Frame]:
        pieces, self._pieces, self._size = self._pieces, [], 0
        first, payloads = pieces[0], [piece.payload for piece in pieces if piece.payload]
        if not payloads:  # padding
            return []
        try:
            data = self._form.join(payloads) if self._form.begins(payloads[0]) else b""
            is_key = bool(data) and self._form.is_key(data)
        except (Malformed, IndexError):
            data, is_key = b"", False
        if not data:
            self.lacks_keyframe = True
        if not data or (self.lacks_keyframe and not is_key):
            return []
        self.lacks_keyframe = False
        return [Frame(first.arrival, first.source, first.timestamp, data, is_key)]
