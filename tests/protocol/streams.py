"""What flows between pages, sampled: frames decoded and samples heard of every pair, second by second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Protocol


class Evaluates(Protocol):
    """A page of Playwright's, or of Firefox's driver."""

    async def evaluate(self, expression: str, arg: Any = None) -> Any: ...


async def shown(page: Evaluates, expression: str, *, arg: Any = None, within: float = 20.0) -> Any:
    """What an expression of a page comes to, once that is true; fails after `within` seconds."""
    end = time.monotonic() + within
    while True:
        found = await page.evaluate(expression, arg)
        if found:
            return found
        assert time.monotonic() < end, f"waited in vain for {expression}"
        await asyncio.sleep(0.05)


async def streams(pages: Mapping[str, Evaluates]) -> dict[str, dict[str, Any]]:
    """All that all pages receive: `reader<-writer/track` to what it has come to."""
    found = await asyncio.gather(*(page.evaluate("streams()") for page in pages.values()))
    return {
        f"{reader}<-{what}": stream for reader, received in zip(pages, found, strict=True) for what, stream in received.items()
    }


async def rising(pages: Mapping[str, Evaluates], pairs: set[str], *, seconds: int = 3, within: float = 15.0) -> dict[str, Any]:
    """Every pair's count rises in every second of `seconds`, once all have begun, `within` seconds; the last sample.

    `pairs` are names as `streams` gives them. Never believes a `track` event: what is decoded counts.
    """
    end = time.monotonic() + within
    while True:
        before = await streams(pages)
        begun = {pair for pair, stream in before.items() if stream["decoded"] > 0}
        if pairs <= begun:
            break
        assert time.monotonic() < end, f"not begun: {sorted(pairs - begun)} of {before}"
        await asyncio.sleep(0.1)
    for second in range(seconds):
        await asyncio.sleep(1)
        after = await streams(pages)
        still = {pair for pair in pairs if after[pair]["decoded"] <= before[pair]["decoded"]}
        assert not still, f"no more decoded in second {second + 1}: { {pair: after[pair] for pair in still} }"
        before = after
    return before
