"""Everything in control that is drawn by chance, so that a test can seed it."""

from __future__ import annotations

from random import Random
from typing import Final
from uuid import UUID

# Without 0, O, I and l, as LiveKit's ids.
ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
ICE_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


WORKERS_MOST: Final = len(ICE_ALPHABET) ** 2


def worker_of(ufrag: str) -> int:
    """The number of the worker that drew a ufrag, from its first two letters; -1 where they name none."""
    letters = [ICE_ALPHABET.find(letter) for letter in ufrag[:2]]
    return letters[0] * len(ICE_ALPHABET) + letters[1] if len(letters) == 2 and min(letters) >= 0 else -1


class Identifiers:
    """Draws ids, SSRCs and ICE credentials from `random`; numbers count up.

    A ufrag begins with the number of its worker, below `WORKERS_MOST`: an ICE-TCP connection says nothing else of where
    it belongs.
    """

    def __init__(self, random: Random, worker: int = 0) -> None:
        self._random = random
        tens, ones = divmod(worker % WORKERS_MOST, len(ICE_ALPHABET))
        self._worker = ICE_ALPHABET[tens] + ICE_ALPHABET[ones]
        self._number = 0

    def _text(self, alphabet: str, length: int) -> str:
        return "".join(self._random.choice(alphabet) for _ in range(length))

    def sid(self, prefix: str) -> str:
        """An id such as `PA_…`, `TR_VC…`, 12 characters after the prefix (70 bits)."""
        return prefix + self._text(ALPHABET, 12)

    def ssrc(self) -> int:
        """A synchronisation source, never 0 (RFC 3550, 8)."""
        return self._random.randrange(1, 1 << 32)

    def ufrag(self) -> str:
        """An ICE user fragment (RFC 8839, 5.4 asks for 4 characters or more)."""
        return self._worker + self._text(ICE_ALPHABET, 14)

    def password(self) -> str:
        """An ICE password (RFC 8839, 5.4 asks for 22 characters or more)."""
        return self._text(ICE_ALPHABET, 32)

    def session(self) -> int:
        """An SDP session id (RFC 8829, 5.2.1: 63 bits)."""
        return self._random.randrange(1 << 62)

    def uuid(self) -> str:
        """A random UUID (RFC 9562, 5.4)."""
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def number(self) -> int:
        """The next downtrack number."""
        self._number += 1
        return self._number
