"""Which picture gets what of a line: the first ones whole, then one from each of the rest, then better ones in turn.

Sound is not weighed here: it is taken off the budget before. A layer that flows is kept while it fits with a little less than
its rate; a better one needs a little more than its own, and after a fall a lot more until some time has passed (`Patience`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

STAY: Final = 0.80  # of its rate that must be left for a layer to be kept: the estimate falls by as much when it errs
RISE: Final = 1.10  # for a better one
RISE_FIRST: Final = 1.05  # for the lowest: it is the better ones that must not come and go
RISE_SOON: Final = 1.5  # for a better one shortly after a fall
STARVED: Final = -1  # the level of a picture whose lowest layer does not fit
FIRST_WAIT: Final = 4.0  # s after a fall
LONGEST_WAIT: Final = 60.0
REGRET: Final = 60.0  # s; a fall that follows a rise within shows that the rise came too soon


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that a subscriber shows. `rates` are bit/s of its layers, the lowest first, as far as they are of use."""

    key: str
    first: bool  # a shared screen, or pinned: served whole before the others
    rates: tuple[int, ...]
    current: int  # the level that flows; `STARVED` for none


@dataclass(slots=True)
class Patience:
    """How long one line's pictures stay small after they became so: longer once a rise was regretted."""

    wait: float = FIRST_WAIT
    fell_at: float = -1e9
    rose_at: float = -1e9

    def margin(self, now: float) -> float:
        """How much of a better layer's rate must be left for it to be taken."""
        return RISE if now - self.fell_at >= self.wait else RISE_SOON

    def changed(self, before: dict[str, int], after: dict[str, int], now: float) -> None:
        """Take note of what has become of the pictures."""
        common = before.keys() & after.keys()
        if any(after[key] < before[key] for key in common):
            if now - self.rose_at < REGRET:
                self.wait = LONGEST_WAIT
            elif now - self.fell_at > 3 * LONGEST_WAIT:
                self.wait = FIRST_WAIT
            self.fell_at = now
        elif any(after[key] > before[key] for key in common):
            self.rose_at = now


def allocate(pictures: Sequence[Picture], budget: float, *, margin: float) -> dict[str, int]:
    """The level of each picture, `STARVED` for those that get nothing; `pictures` come in the order of what matters."""
    levels: dict[str, int] = {}
    for picture in (one for one in pictures if one.first):
        level = STARVED
        while level + 1 < len(picture.rates) and _fits(picture, level + 1, budget, margin):
            budget -= _more(picture, level + 1)
            level += 1
        levels[picture.key] = level
    others = [one for one in pictures if not one.first]
    for picture in others:
        levels[picture.key] = STARVED
    for level in range(max((len(one.rates) for one in others), default=0)):
        for picture in others:
            if level < len(picture.rates) and levels[picture.key] == level - 1 and _fits(picture, level, budget, margin):
                budget -= _more(picture, level)
                levels[picture.key] = level
    return levels


def wanted(pictures: Sequence[Picture]) -> int:
    """Bit/s of everything that is shown, in full."""
    return sum(one.rates[-1] for one in pictures if one.rates)


def _more(picture: Picture, level: int) -> int:
    return picture.rates[level] - (picture.rates[level - 1] if level > 0 else 0)


def _fits(picture: Picture, level: int, budget: float, margin: float) -> bool:
    """Whether a level fits, weighed whole: its own rate with the margin, less what its lower levels have taken."""
    taken = picture.rates[level - 1] if level > 0 else 0
    rise = RISE_FIRST if level == 0 else margin
    share = STAY if level <= picture.current else rise
    return share * picture.rates[level] - taken <= budget
