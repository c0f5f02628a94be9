"""How smoothly panels open beside a meeting: each frame that Chromium paints, from the press to half a second after it.

Two people are in the meeting, with their cameras and without. Each panel is opened and closed `--times` times;
`requestAnimationFrame` tells when a frame begins. A frame is late where it begins over 1.5 frames of a 60 Hz screen after the
one before. The same half second without a press, beside it, is what the machine does anyway: it has no graphics card, its
browsers decode and paint pictures by the processor. `work_ms`: the press, what it renders and its layout, on the page's thread.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from benchmarks.report import begin, quantile, say, table
from benchmarks.running import running
from tests.journeys.browser import Person, chromium, person, two_meet

PANELS = ("Afficher les participants", "Ouvrir la discussion", "Ouvrir la transcription")
WATCH_MS = 500
FRAME_MS = 1000 / 60
LATE = 1.5
AIM_FPS = 60
FRAMES = """
  async ({ label, watch }) => {
    const button = document.querySelector(`button[aria-label^="${label}"]`);
    const gaps = [];
    let before = performance.now();
    const end = before + watch;
    button?.click();
    await new Promise((done) => queueMicrotask(() => queueMicrotask(done)));  // React renders in a microtask
    document.body.offsetHeight;
    const work = performance.now() - before;
    const open = document.querySelector('.panel') !== null;
    const frame = () => new Promise(requestAnimationFrame);
    before = await frame();
    while (before < end) {
      const now = await frame();
      gaps.push(now - before);
      before = now;
    }
    return { gaps, work, open };
  }
"""


async def panels(*, times: int) -> dict[str, Any]:
    async with running() as house, chromium() as browser:
        host = await person(browser, "Awa Diallo")
        await host.sign_in(house.url)
        await host.page.get_by_role("button", name="Démarrer une réunion").click()
        await host.page.wait_for_url("**/rooms/**")
        slug = host.page.url.rstrip("/").rsplit("/", 1)[-1]
        await host.context.close()
        two = await two_meet(browser, house.url, slug)
        await two[0].frames_rise(pictures=1)
        with_cameras = await _all_panels(two[0], times)
        for one in two:
            await one.page.get_by_role("button", name="Couper la caméra").click()
        await two[0].page.wait_for_timeout(2000)
        return {"times": times, "with_cameras": with_cameras, "without": await _all_panels(two[0], times)}


async def _all_panels(one: Person, times: int) -> dict[str, Any]:
    return {panel: await _panel(one, panel, times) for panel in PANELS}


async def _panel(one: Person, panel: str, times: int) -> dict[str, Any]:
    opened: list[float] = []
    quiet: list[float] = []
    work: list[float] = []
    for _time in range(times):
        quiet += (await one.page.evaluate(FRAMES, {"label": "no such button", "watch": WATCH_MS}))["gaps"]
        seen = await one.page.evaluate(FRAMES, {"label": panel, "watch": WATCH_MS})
        assert seen["open"], f"{panel} did not open"
        opened += seen["gaps"]
        work.append(seen["work"])
        await one.page.keyboard.press("Escape")
        await one.page.wait_for_timeout(300)
    return {"opening": _summary(opened), "quiet": _summary(quiet), "work_ms": round(max(work), 1)}


def _summary(gaps: list[float]) -> dict[str, float]:
    return {
        "fps": round(1000 * len(gaps) / sum(gaps), 1),
        "late_share": round(sum(gap > LATE * FRAME_MS for gap in gaps) / len(gaps), 4),
        "longest_ms": round(max(gaps), 1),
        "p99_ms": round(quantile(gaps, 0.99), 1),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="how often each panel is opened")
    given = parser.parse_args()
    head = begin("panels")
    report = asyncio.run(panels(times=given.times))
    for state in ("with_cameras", "without"):
        table([(f"{name}, {state}: frames a second; ms of work at most",
                f"{one['opening']['fps']} (quiet {one['quiet']['fps']}); {one['work_ms']}", f"{AIM_FPS}; 16.7")
               for name, one in report[state].items()])  # fmt: skip
    say(head | report)
